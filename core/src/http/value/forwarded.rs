//! The Forwarded field (RFC 7239): what proxies say of the requests that they passed on.

use super::members::{Member, Members};
use super::node::Node;
use super::parameter_value::{self, ParameterValue};
use super::parameters::Parameters;
use super::scanner::Scanner;
use crate::http::grammar::machine::Machine;
use crate::http::message::fields::Fields;
use crate::http::message::response::Writer;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::lines::Lines;
use crate::http::value::output;

/// The elements of a request's Forwarded fields, from the proxy next to the client on. Whoever sends a request can write
/// what it likes into them: [`TrustedProxies`](crate::http::TrustedProxies) finds out what may be believed.
///
/// An element that does not parse is an error, with its offset in its line; the others are shown all the same.
///
/// ```
/// use wirenut::http::{Fields, Forwarded};
/// let fields = Fields::parse(b"Forwarded: for=192.0.2.60;proto=https, for=\"[2001:db8::1]:80\"\r\n").unwrap();
/// let mut elements = Forwarded::of(fields).into_iter().flatten();
/// let first = elements.next().unwrap();
/// assert_eq!(first.for_node.unwrap().address(), Some([192, 0, 2, 60].into()));
/// assert_eq!(first.proto, Some("https"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Forwarded<'b>(Lines<'b>);

impl<'b> Forwarded<'b> {
    /// What these fields say.
    #[must_use]
    pub const fn of(fields: Fields<'b>) -> Self {
        Self(Lines::All(fields, "Forwarded"))
    }

    /// What one field's value says. This looks at nothing yet.
    #[must_use]
    pub const fn parse(value: &'b [u8]) -> Self {
        Self(Lines::One(value))
    }
}

impl<'b> IntoIterator for Forwarded<'b> {
    type Item = Result<ForwardedElement<'b>, ValueError>;
    type IntoIter = ForwardedIter<'b>;

    fn into_iter(self) -> ForwardedIter<'b> {
        ForwardedIter(Members::of(self.0))
    }
}

/// Goes through the elements of [`Forwarded`].
#[derive(Clone, Debug)]
pub struct ForwardedIter<'b>(Members<'b>);

impl<'b> Iterator for ForwardedIter<'b> {
    type Item = Result<ForwardedElement<'b>, ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Member { text, start } = self.0.next()?;
        Some(ForwardedElement::parse(text).map_err(|error| error.behind(start)))
    }
}

/// What one proxy says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ForwardedElement<'b> {
    /// Who sent the request to the proxy (`for`).
    pub for_node: Option<Node<'b>>,
    /// Where the proxy got it (`by`).
    pub by_node: Option<Node<'b>>,
    /// The Host field that came with it.
    pub host: Option<&'b str>,
    /// The scheme with which it came.
    pub proto: Option<&'b str>,
}

impl<'b> ForwardedElement<'b> {
    /// Nothing is said.
    pub const EMPTY: Self = Self { for_node: None, by_node: None, host: None, proto: None };

    /// Reads one element. White space around semicolons is allowed, as senders write it, although RFC 7239 §4 does not
    /// name it. Parameters other than those of RFC 7239 §5 are not kept.
    fn parse(text: &'b [u8]) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(text);
        let parameters = Parameters::read_bare(&mut scanner)?;
        scanner.end()?;
        let mut element = Self::EMPTY;
        for parameter in parameters {
            let offset = parameter.value.as_raw().as_ptr().addr().saturating_sub(text.as_ptr().addr());
            let of = |value: ParameterValue<'b>, rule, is_sound: fn(&str) -> bool| {
                value.as_plain().filter(|text| is_sound(text)).ok_or(ValueError::new(rule, offset))
            };
            let node = |value: ParameterValue<'b>| {
                let text = value.as_plain().ok_or(ValueError::new(ValueRule::InvalidNode, offset))?;
                Node::parse(text).map_err(|error| error.behind(offset))
            };
            match known(parameter.name) {
                Some(Known::For) => element.for_node = Some(node(parameter.value)?),
                Some(Known::By) => element.by_node = Some(node(parameter.value)?),
                Some(Known::Host) => element.host = Some(of(parameter.value, ValueRule::InvalidParameter, is_host)?),
                Some(Known::Proto) => element.proto = Some(of(parameter.value, ValueRule::InvalidScheme, is_scheme)?),
                None => {}
            }
        }
        Ok(element)
    }

    /// Writes it to the beginning of `out`, for a Forwarded field of its own, or behind a comma; gives what was written.
    /// On failure the content of `out` is undefined.
    ///
    /// ```
    /// use wirenut::http::ForwardedElement;
    /// use core::net::{IpAddr, Ipv6Addr};
    /// let client = IpAddr::from(Ipv6Addr::LOCALHOST);
    /// let element = ForwardedElement { for_node: Some(client.into()), proto: Some("http"), ..ForwardedElement::EMPTY };
    /// let mut room = [0; 64];
    /// assert_eq!(element.write(&mut room), Ok(&b"for=\"[::1]\";proto=http"[..]));
    /// ```
    ///
    /// # Errors
    /// [`ValueRule::InvalidNode`], [`ValueRule::InvalidParameter`] for the host or [`ValueRule::InvalidScheme`], with the
    /// offset 0, for what [`Forwarded`] would not read; [`ValueRule::BufferTooShort`], with the length of `out`.
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8], ValueError> {
        if [self.for_node, self.by_node].iter().flatten().any(|node| !node.is_sound()) {
            return Err(ValueError::new(ValueRule::InvalidNode, 0));
        }
        if self.host.is_some_and(|host| !is_host(host)) {
            return Err(ValueError::new(ValueRule::InvalidParameter, 0));
        }
        if self.proto.is_some_and(|proto| !is_scheme(proto)) {
            return Err(ValueError::new(ValueRule::InvalidScheme, 0));
        }
        output::write(out, |writer| {
            let mut separator: &[u8] = b"";
            for (name, node) in [("for=", self.for_node), ("by=", self.by_node)] {
                let Some(node) = node else { continue };
                begin(writer, &mut separator, name);
                node.put(writer);
            }
            for (name, text) in [("host=", self.host), ("proto=", self.proto)] {
                let Some(text) = text else { continue };
                begin(writer, &mut separator, name);
                parameter_value::put(writer, text.as_bytes());
            }
        })
    }
}

/// A name with its equals sign, behind what separates it from the one before.
fn begin(writer: &mut Writer<'_>, separator: &mut &[u8], name: &str) {
    writer.put(separator);
    writer.put(name.as_bytes());
    *separator = b";";
}

/// The parameters of RFC 7239 §5.
enum Known {
    For,
    By,
    Host,
    Proto,
}

fn known(name: &str) -> Option<Known> {
    Some(match name {
        name if name.eq_ignore_ascii_case("for") => Known::For,
        name if name.eq_ignore_ascii_case("by") => Known::By,
        name if name.eq_ignore_ascii_case("host") => Known::Host,
        name if name.eq_ignore_ascii_case("proto") => Known::Proto,
        _ => return None,
    })
}

/// What a Host field may say.
pub(super) fn is_host(host: &str) -> bool {
    Machine::is_host(host.as_bytes())
}

/// RFC 3986 §3.1.
pub(super) fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::super::node::NodeName;
    use super::*;
    use ValueRule::*;
    use alloc::string::String;

    fn shown(element: Result<ForwardedElement<'_>, ValueError>) -> String {
        match element {
            Ok(element) => {
                let mut room = [0; 200];
                String::from_utf8(element.write(&mut room).unwrap().to_vec()).unwrap()
            }
            Err(error) => alloc::format!("{:?} {}", error.rule, error.offset),
        }
    }

    #[test]
    fn elements() {
        for (value, expected) in [
            // RFC 7239 §4 and §7.
            ("for=\"_gazonk\"", "for=_gazonk"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "for=\"[2001:db8:cafe::17]:4711\""),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "for=192.0.2.60;by=203.0.113.43;proto=http"),
            ("for=192.0.2.43, for=198.51.100.17", "for=192.0.2.43|for=198.51.100.17"),
            ("for=_hidden, for=_SEVKISEK;secret=x", "for=_hidden|for=_SEVKISEK"),
            ("for=unknown; host=example.com:80", "UnexpectedByte 29"),
            ("for=unknown; host=\"example.com:80\"", "for=unknown;host=\"example.com:80\""),
            (";;for=_a;", "for=_a"),
            ("for=192.0.2.43:80", "UnexpectedByte 14"),
            ("for=[::1]", "InvalidParameter 4"),
            ("for=\"::1\"", "InvalidNode 5"),
            ("a=b, for=\"1.2.3.4:x\"", "|InvalidNode 17"),
            ("for=1.2.3.4;FOR=1.2.3.5", "DuplicateName 12"),
            ("for=\"1.2.3.4, for=1.2.3.5", "InvalidQuotedString 25"),
            ("for = 1.2.3.4, for=_a", "InvalidParameter 3|for=_a"),
            ("proto=\"h t\"", "InvalidScheme 7"),
            ("host=\"a/b\"", "InvalidParameter 6"),
            ("for=\"\\_a\"", "InvalidNode 5"),
        ] {
            let elements: alloc::vec::Vec<_> = Forwarded::parse(value.as_bytes()).into_iter().map(shown).collect();
            assert_eq!(elements.join("|"), expected, "{value}");
        }
    }

    #[test]
    fn what_cannot_be_written() {
        let bad = |name, port| Some(Node { name, port });
        for (element, rule) in [
            (
                ForwardedElement { for_node: bad(NodeName::Obfuscated("a"), None), ..ForwardedElement::EMPTY },
                InvalidNode,
            ),
            (ForwardedElement { by_node: bad(NodeName::Unknown, Some("x")), ..ForwardedElement::EMPTY }, InvalidNode),
            (ForwardedElement { host: Some("a b"), ..ForwardedElement::EMPTY }, InvalidParameter),
            (ForwardedElement { proto: Some(""), ..ForwardedElement::EMPTY }, InvalidScheme),
            (ForwardedElement { proto: Some("https"), ..ForwardedElement::EMPTY }, BufferTooShort),
        ] {
            assert_eq!(element.write(&mut [0; 8]).unwrap_err().rule, rule, "{element:?}");
        }
    }
}
