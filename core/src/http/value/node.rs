//! Identifiers of nodes (RFC 7239 §6): who sent a request, or got it.

use core::fmt::{self, Write};
use core::net::{IpAddr, Ipv6Addr};

use crate::http::message::response::Writer;
use crate::http::value::error::{ValueError, ValueRule};

/// A node, and perhaps its port.
///
/// ```
/// use wirenut::http::{Node, NodeName};
/// let node = Node::parse("[2001:db8::17]:4711")?;
/// assert_eq!((node.address(), node.port), ("2001:db8::17".parse().ok(), Some("4711")));
/// assert_eq!(Node::parse("_hidden")?.name, NodeName::Obfuscated("_hidden"));
/// assert_eq!(std::format!("{node}"), "[2001:db8::17]:4711");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Node<'b> {
    /// Which one it is.
    pub name: NodeName<'b>,
    /// Its port: up to five digits, or an obfuscated one that begins with `_`.
    pub port: Option<&'b str>,
}

/// Which node it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeName<'b> {
    /// That with this address.
    Address(IpAddr),
    /// The proxy does not know it (RFC 7239 §6.2).
    Unknown,
    /// The proxy does not tell it, but gives it a name of its own that begins with `_` (RFC 7239 §6.3).
    Obfuscated(&'b str),
}

impl<'b> Node<'b> {
    /// The address, if it is told.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self.name {
            NodeName::Address(address) => Some(address),
            NodeName::Unknown | NodeName::Obfuscated(_) => None,
        }
    }

    /// Reads an identifier without its quotes. Addresses of IPv6 stand in brackets.
    ///
    /// # Errors
    /// [`ValueRule::InvalidNode`], with the offset 0, or that of the port.
    pub fn parse(text: &'b str) -> Result<Self, ValueError> {
        let error = ValueError::new(ValueRule::InvalidNode, 0);
        let (name, rest) = match text.strip_prefix('[') {
            Some(behind) => {
                let (address, rest) = behind.split_once(']').ok_or(error)?;
                let address: Ipv6Addr = address.parse().map_err(|_| error)?;
                (NodeName::Address(address.into()), rest)
            }
            None => {
                let (name, rest) = text.split_at_checked(text.find(':').unwrap_or(text.len())).ok_or(error)?;
                (name_of(name).ok_or(error)?, rest)
            }
        };
        let offset = text.len().saturating_sub(rest.len());
        let error = ValueError::new(ValueRule::InvalidNode, offset);
        let port = match rest.strip_prefix(':') {
            Some(port) if is_port(port) => Some(port),
            None if rest.is_empty() => None,
            _ => return Err(error),
        };
        Ok(Self { name, port })
    }

    /// Would it be read as the same?
    pub(super) fn is_sound(&self) -> bool {
        let is_name = match self.name {
            NodeName::Address(_) | NodeName::Unknown => true,
            NodeName::Obfuscated(name) => is_obfuscated(name),
        };
        is_name && self.port.is_none_or(is_port)
    }

    /// Writes it between quotes, if it is no token.
    pub(super) fn put(&self, writer: &mut Writer<'_>) {
        let is_token = self.port.is_none() && !matches!(self.name, NodeName::Address(IpAddr::V6(_)));
        let quote: &[u8] = if is_token { b"" } else { b"\"" };
        writer.put(quote);
        // What has no room shows at the end.
        let _ = write!(writer, "{self}");
        writer.put(quote);
    }
}

impl From<IpAddr> for Node<'_> {
    fn from(address: IpAddr) -> Self {
        Self { name: NodeName::Address(address), port: None }
    }
}

fn name_of(name: &str) -> Option<NodeName<'_>> {
    if name.eq_ignore_ascii_case("unknown") {
        Some(NodeName::Unknown)
    } else if is_obfuscated(name) {
        Some(NodeName::Obfuscated(name))
    } else {
        name.parse().ok().map(|address| NodeName::Address(IpAddr::V4(address)))
    }
}

fn is_obfuscated(name: &str) -> bool {
    let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.strip_prefix('_').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_sound))
}

fn is_port(port: &str) -> bool {
    let is_number = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    is_number || is_obfuscated(port)
}

/// As RFC 7239 §6 writes it, without quotes.
impl fmt::Display for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            NodeName::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            NodeName::Address(address) => write!(f, "{address}")?,
            NodeName::Unknown => f.write_str("unknown")?,
            NodeName::Obfuscated(name) => f.write_str(name)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn identifiers_read_as_they_are_written() {
        for text in [
            "192.0.2.43",
            "192.0.2.43:47011",
            "[2001:db8::17]:4711",
            "[::1]",
            "unknown",
            "unknown:_p",
            "_hidden",
            "_a:80",
        ] {
            assert_eq!(Node::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Node::parse("UNKNOWN").unwrap().name, NodeName::Unknown);
    }

    #[test]
    fn what_is_no_identifier() {
        for (text, offset) in [
            ("", 0),
            ("2001:db8::17", 0),
            ("[2001:db8::17", 0),
            ("[1.2.3.4]", 0),
            ("[::1]x", 5),
            ("1.2.3", 0),
            ("1.2.3.4:", 7),
            ("1.2.3.4:123456", 7),
            ("1.2.3.4:http", 7),
            ("_", 0),
            ("_a b", 0),
            ("example.org", 0),
            ("unknown:_", 7),
        ] {
            assert_eq!(Node::parse(text), Err(ValueError::new(ValueRule::InvalidNode, offset)), "{text}");
        }
    }
}
