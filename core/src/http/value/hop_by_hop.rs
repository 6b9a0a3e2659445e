//! What whoever forwards messages has to know of their fields (RFC 9110 §7.6).

use crate::bytes;
use crate::http::message::fields::{Field, FieldIter, Fields};

/// Fields that are about one connection, whether or not its Connection field names them (RFC 9110 §7.6.1, §10.1.4), or
/// about the next proxy (§11.7).
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
];

/// Fields that say where the message goes and where it ends. A message without them is another one.
const NEVER_HOP_BY_HOP: [&str; 2] = ["host", "content-length"];

impl<'b> Fields<'b> {
    /// The options of the Connection field, over all its lines, without white space (RFC 9110 §7.6.1): `close`,
    /// `upgrade`, or the names of fields that are about this connection only. Case means nothing.
    ///
    /// ```
    /// # use wirenut::http::{Context, Limits, ServerConnection, ServerEvent};
    /// # let cx = Context { now: wirenut::time::Instant::START, limits: &Limits::DEFAULT, date: None };
    /// # let mut connection = ServerConnection::new(&cx);
    /// # let mut store = [0; 256];
    /// let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, , X-Hop\r\nConnection: te\r\n\r\n";
    /// let (_, ServerEvent::Head(head)) = connection.receive(&cx, request, &mut store).unwrap() else { panic!() };
    /// assert!(head.fields.connection_options().eq([&b"close"[..], b"X-Hop", b"te"]));
    /// ```
    pub fn connection_options(self) -> impl Iterator<Item = &'b [u8]> + Clone {
        let values = self.into_iter().filter(|field| field.is("connection")).map(|field| field.value);
        let options = values.flat_map(|value| value.split(|&byte| byte == b',')).map(bytes::trim);
        options.filter(|option| !option.is_empty())
    }

    /// The fields that go on with the message when it is forwarded: all but those that are about the connection on which
    /// it came. For a head, `options` are its own [`Self::connection_options`]; for a trailer section, those of the head
    /// before it, of which the forwarder keeps a copy.
    ///
    /// | field | goes on? |
    /// |---|---|
    /// | Connection, Keep-Alive, Proxy-Connection, TE, Transfer-Encoding, Upgrade | no (RFC 9110 §7.6.1) |
    /// | what `options` name | no (§7.6.1) |
    /// | Host, Content-Length | yes, even if `options` name them |
    /// | Trailer | yes: it tells the recipient what comes, if the forwarder sends the trailer fields on (§6.6.2) |
    /// | Proxy-Authenticate, Proxy-Authentication-Info, Proxy-Authorization | no: they are between a client and its next proxy (§11.7), and credentials must not reach anybody else. A proxy that relays them to another of its own reads them by name. |
    ///
    /// A sender must not list fields that are meant for all recipients (§7.6.1), but nothing stops it from listing Host,
    /// or Cookie. By Host and Content-Length it is decided here where the message goes and where it ends, and a message
    /// that is forwarded without them could be understood in another way: so those stay. Any other field that is listed
    /// is taken away, as the RFC wants it. Whoever relies on one must read it before, and whoever adds one (Via,
    /// Forwarded) must add it after. [`Request`](crate::http::Request) and [`Response`](crate::http::Response) take the
    /// host, the length and the expectation apart from the fields. Under a [`FieldFilter`](crate::http::FieldFilter)
    /// there are only the fields that it names.
    ///
    /// ```
    /// # use wirenut::http::{Context, Limits, ServerConnection, ServerEvent};
    /// # let cx = Context { now: wirenut::time::Instant::START, limits: &Limits::DEFAULT, date: None };
    /// # let mut connection = ServerConnection::new(&cx);
    /// # let mut store = [0; 256];
    /// let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Hop, Host\r\nX-Hop: b\r\nTE: trailers\r\nX-End: c\r\n\r\n";
    /// let (_, ServerEvent::Head(head)) = connection.receive(&cx, request, &mut store).unwrap() else { panic!() };
    /// let forwarded = head.fields.end_to_end(head.fields.connection_options());
    /// assert!(forwarded.map(|field| field.name).eq([&b"Host"[..], b"X-End"]));
    /// ```
    pub fn end_to_end<'o>(self, options: impl Iterator<Item = &'o [u8]> + Clone) -> impl Iterator<Item = Field<'b>> {
        self.into_iter().filter(move |field| {
            let is_one_of = |names: &[&str]| names.iter().any(|name| field.is(name));
            let is_option = || options.clone().any(|option| option.eq_ignore_ascii_case(field.name));
            is_one_of(&NEVER_HOP_BY_HOP) || !(is_one_of(&HOP_BY_HOP) || is_option())
        })
    }

    /// The members of a list field (RFC 9110 §5.6.1), over all its lines, without white space and without the empty ones.
    /// A comma in a quoted string (§5.6.4) separates nothing; a string that is not ended holds all of its line that is
    /// left.
    ///
    /// Not for fields whose values hold other commas: Set-Cookie, dates, Via with a comment, Link with a comma in its
    /// target.
    ///
    /// ```
    /// # use wirenut::http::{Context, Limits, ServerConnection, ServerEvent};
    /// # let cx = Context { now: wirenut::time::Instant::START, limits: &Limits::DEFAULT, date: None };
    /// # let mut connection = ServerConnection::new(&cx);
    /// # let mut store = [0; 256];
    /// let request = b"GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"b,c\", W/\"d\"\r\nIf-None-Match: ,\"e\"\r\n\r\n";
    /// let (_, ServerEvent::Head(head)) = connection.receive(&cx, request, &mut store).unwrap() else { panic!() };
    /// assert!(head.fields.members("if-none-match").eq([&b"\"b,c\""[..], b"W/\"d\"", b"\"e\""]));
    /// ```
    pub fn members(self, name: &str) -> impl Iterator<Item = &'b [u8]> {
        Members { fields: self.into_iter(), name, value: &[] }
    }
}

/// Goes through the members of all fields of a name.
struct Members<'b, 'n> {
    fields: FieldIter<'b>,
    name: &'n str,
    /// What is left of the value of the present one.
    value: &'b [u8],
}

impl<'b> Iterator for Members<'b, '_> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        loop {
            while self.value.is_empty() {
                self.value = self.fields.next_value(self.name)?;
            }
            let (mut is_quoted, mut is_escaped) = (false, false);
            let end = self.value.iter().position(|&byte| {
                let is_mark = byte == b'"' && !is_escaped;
                is_escaped = is_quoted && byte == b'\\' && !is_escaped;
                is_quoted ^= is_mark;
                byte == b',' && !is_quoted
            });
            let (member, rest) = self.value.split_at_checked(end.unwrap_or(self.value.len()))?;
            self.value = bytes::from(rest, 1);
            let member = bytes::trim(member);
            if !member.is_empty() {
                return Some(member);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec::Vec;

    fn names(lines: &[u8]) -> Vec<&[u8]> {
        let fields = Fields::validated(lines, None);
        fields.end_to_end(fields.connection_options()).map(|field| field.name).collect()
    }

    #[test]
    fn what_is_about_the_connection_does_not_go_on() {
        for name in HOP_BY_HOP {
            let lines = [b"A: b\r\n", name.to_ascii_uppercase().as_bytes(), b": c\r\nD: e\r\n"].concat();
            assert_eq!(names(&lines), [b"A", b"D"], "{name}");
        }
        assert_eq!(names(b"Trailer: a\r\nVia: b\r\nExpect: 100-continue\r\n"), [&b"Trailer"[..], b"Via", b"Expect"]);
        assert_eq!(names(b"A: 1\r\nConnection: b,\tA\r\nB: 2\r\nconnection: c\r\nC: 3\r\nAB: 4\r\n"), [b"AB"]);
        assert_eq!(names(b"A: 1\r\nConnection: keep-alive, \"a\", a b, ,\r\n"), [b"A"]);
        assert_eq!(names(b""), [b""; 0]);
    }

    #[test]
    fn where_a_message_goes_and_ends_is_not_an_option() {
        let lines = b"Host: a\r\nConnection: host, Content-Length, cookie\r\nContent-Length: 5\r\nCookie: b\r\n";
        assert_eq!(names(lines), [&b"Host"[..], b"Content-Length"]);
    }

    #[test]
    fn a_trailer_section_obeys_the_options_of_its_head() {
        let trailers = Fields::validated(b"Sum: 1\r\nHop: 2\r\n", None);
        let kept = trailers.end_to_end([&b"close"[..], b"hop"].into_iter());
        assert!(kept.map(|field| field.name).eq([b"Sum"]));
    }

    fn check(value: &str, expected: &[&str]) {
        let lines = [b"A: ", value.as_bytes(), b"\r\n"].concat();
        let members: Vec<_> = Fields::validated(&lines, None).members("a").collect();
        let expected: Vec<_> = expected.iter().map(|member| member.as_bytes()).collect();
        assert_eq!(members, expected, "{value}");
    }

    #[test]
    fn lists_have_members() {
        check("", &[]);
        check(" ,\t,, ", &[]);
        check("a", &["a"]);
        check("a,b , c;q=1\t,", &["a", "b", "c;q=1"]);
        check("\"a,b\",c", &["\"a,b\"", "c"]);
        check("a=\"b, \\\", c\", d", &["a=\"b, \\\", c\"", "d"]);
        check("\"a\\\\\", b", &["\"a\\\\\"", "b"]);
        // No quoted string: the backslash means nothing outside one, and the end is never reached inside.
        check("a\\, b", &["a\\", "b"]);
        check("a, \"b, c", &["a", "\"b, c"]);
    }
}
