//! Request heads, as they are written (RFC 9112 §3, §5).

use super::fields::Field;
use super::request_kind::RequestKind;
use super::response::Writer;
use super::target::Target;
use crate::bytes;
use crate::http::error::Misuse;
use crate::http::grammar::machine::Machine;
use crate::http::grammar::words::is_written_in_requests;
use crate::http::method::Method;

/// The head of a request that a client sends. The connection adds Host, Content-Length, Transfer-Encoding, Expect and
/// Connection; the last also names Upgrade and TE where these fields are given.
///
/// ```
/// use wirenut::http::{Field, Method, Request};
/// const HELLO: Request<'static> = Request::new(Method::Post, "/hello?a=b", "example.org:8080")
///     .with_fields(&[Field::new("Content-Type", "text/plain")])
///     .with_length(5);
/// assert_eq!(HELLO.length, Some(5));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Method<'a>,
    /// What the request is for, in a form that the method allows (see [`Target::parse`]), as it stands on the wire.
    pub target: &'a [u8],
    /// Host and optional port, without user information: what the Host field says. If the target names them too, the
    /// same.
    pub host: &'a [u8],
    /// Fields of one's own. None that frames the message.
    pub fields: &'a [Field<'a>],
    /// Bytes of the body that will be sent. `None`: not known yet; the body is chunked.
    pub length: Option<u64>,
    /// Ask for a 100, and hold the body back until it comes, or [`Limits::expect`](crate::http::Limits::expect) is
    /// over.
    pub expect_continue: bool,
    /// Close the connection after the response.
    pub close: bool,
}

impl<'a> Request<'a> {
    /// A request without fields of its own and without a body.
    #[must_use]
    pub const fn new(method: Method<'a>, target: &'a str, host: &'a str) -> Self {
        Self {
            method,
            target: target.as_bytes(),
            host: host.as_bytes(),
            fields: &[],
            length: Some(0),
            expect_continue: false,
            close: false,
        }
    }

    /// With these fields in place of the former ones.
    #[must_use]
    pub const fn with_fields(mut self, fields: &'a [Field<'a>]) -> Self {
        self.fields = fields;
        self
    }

    /// With a body of so many bytes.
    #[must_use]
    pub const fn with_length(mut self, length: u64) -> Self {
        self.length = Some(length);
        self
    }

    /// With a body whose length is not known yet.
    #[must_use]
    pub const fn with_unknown_length(mut self) -> Self {
        self.length = None;
        self
    }

    /// Holds the body back until the server asks for it, or does not answer in time.
    #[must_use]
    pub const fn expecting_continue(mut self) -> Self {
        self.expect_continue = true;
        self
    }

    /// Closes the connection after the response, and says so.
    #[must_use]
    pub const fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// The method, by its name if it has one here: `Other(b"HEAD")` is HEAD on the wire.
    fn known_method(&self) -> Method<'a> {
        Method::from_token(self.method.as_bytes())
    }

    fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.is(name))
    }

    /// What must be remembered of it.
    pub(crate) fn asked(&self) -> RequestKind {
        RequestKind::new(self.known_method(), self.has("upgrade"))
    }

    /// Can this be sent as it is?
    pub(crate) fn check(&self) -> Result<(), Misuse> {
        let method = self.known_method();
        if !bytes::is_token(method.as_bytes()) {
            return Err(Misuse::InvalidMethod);
        }
        if !Machine::is_host(self.host) {
            return Err(Misuse::InvalidHost);
        }
        match Target::parse(method, self.target) {
            Ok(target) if target.agrees_with(self.host) => {}
            _ => return Err(Misuse::InvalidTarget),
        }
        for field in self.fields {
            if !field.is_sound() {
                return Err(Misuse::InvalidField);
            }
            if is_written_in_requests(field.name) {
                return Err(Misuse::FramingField);
            }
        }
        if self.length != Some(0) && matches!(method, Method::Connect | Method::Trace) {
            return Err(Misuse::BodyNotAllowed);
        }
        if self.length == Some(0) && self.expect_continue {
            return Err(Misuse::ExpectWithoutBody);
        }
        Ok(())
    }

    /// Writes the whole head.
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        writer.put(self.method.as_bytes());
        writer.put(b" ");
        writer.put(self.target);
        writer.put(b" HTTP/1.1\r\n");
        writer.put_field(&Field::from_bytes("Host", self.host));
        for field in self.fields {
            writer.put_field(field);
        }
        match self.length {
            // Where a body is usual, its absence is said (RFC 9110 §8.6).
            Some(0) if !matches!(self.known_method(), Method::Post | Method::Put | Method::Patch) => {}
            Some(length) => writer.put_content_length(length),
            None => writer.put(b"Transfer-Encoding: chunked\r\n"),
        }
        if self.expect_continue {
            writer.put(b"Expect: 100-continue\r\n");
        }
        let mut before: &[u8] = b"Connection: ";
        let options = [(self.close, "close"), (self.has("upgrade"), "upgrade"), (self.has("te"), "TE")];
        for (_, option) in options.iter().filter(|(is_said, _)| *is_said) {
            writer.put(before);
            writer.put(option.as_bytes());
            before = b", ";
        }
        writer.put(if before == b", " { b"\r\n\r\n" } else { b"\r\n" });
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    const POST: Request<'static> = Request::new(Method::Post, "/", "a");

    fn check(request: &Request<'_>, expected: Result<&str, Misuse>) {
        let mut out = [0; 256];
        let got = request.check().map(|()| {
            let mut writer = Writer::new(&mut out);
            request.write(&mut writer);
            let written = writer.finish().unwrap();
            let head = str::from_utf8(&out[..written]).unwrap();
            head.strip_suffix("\r\n\r\n").unwrap().replace("\r\n", "|")
        });
        assert_eq!(got.as_deref().map_err(|misuse| *misuse), expected, "{request:?}");
    }

    #[test]
    fn heads_say_what_frames_them() {
        check(&Request::new(Method::Get, "/a?b", "a:1"), Ok("GET /a?b HTTP/1.1|Host: a:1"));
        check(&POST, Ok("POST / HTTP/1.1|Host: a|Content-Length: 0"));
        check(&POST.with_length(12), Ok("POST / HTTP/1.1|Host: a|Content-Length: 12"));
        check(&POST.with_unknown_length(), Ok("POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked"));
        check(
            &POST.with_length(1).expecting_continue(),
            Ok("POST / HTTP/1.1|Host: a|Content-Length: 1|Expect: 100-continue"),
        );
        check(
            &Request::new(Method::Get, "/", "a").with_fields(&[Field::new("B", "c")]).closing(),
            Ok("GET / HTTP/1.1|Host: a|B: c|Connection: close"),
        );
        check(
            &Request::new(Method::Get, "/", "a")
                .with_fields(&[Field::new("upgrade", "x"), Field::new("TE", "trailers")]),
            Ok("GET / HTTP/1.1|Host: a|upgrade: x|TE: trailers|Connection: upgrade, TE"),
        );
        check(&Request::new(Method::Options, "*", "a"), Ok("OPTIONS * HTTP/1.1|Host: a"));
        check(&Request::new(Method::Connect, "a:1", "a:1"), Ok("CONNECT a:1 HTTP/1.1|Host: a:1"));
        check(&Request::new(Method::Get, "http://A/b", "a"), Ok("GET http://A/b HTTP/1.1|Host: a"));
        check(&Request::new(Method::Get, "/", ""), Ok("GET / HTTP/1.1|Host: "));
    }

    #[test]
    fn nothing_invalid_is_written() {
        for method in ["", "G T", "GET\r\n", "G\0"] {
            check(&Request::new(Method::Other(method.as_bytes()), "/", "a"), Err(Misuse::InvalidMethod));
        }
        for target in ["", "a", "/ HTTP/1.1", "/a\r\n", "/\0", "/#a", "/\u{e9}", "*", "a:1", "http://b/", "http://u@a/"]
        {
            check(&Request::new(Method::Get, target, "a"), Err(Misuse::InvalidTarget));
        }
        for (method, target) in [(Method::Connect, "/"), (Method::Connect, "a"), (Method::Other(b"CONNECT"), "/")] {
            check(&Request::new(method, target, "a"), Err(Misuse::InvalidTarget));
        }
        for host in ["a b", "a\r\nB: c", "u@a", "a/b", "a:b"] {
            check(&Request::new(Method::Get, "/", host), Err(Misuse::InvalidHost));
        }
        for (name, value) in [("", "a"), ("a b", "c"), ("a:", "b"), ("a", "b\r\nc: d"), ("a", "b\0"), ("a", "b\nc")] {
            check(&POST.with_fields(&[Field::new(name, value)]), Err(Misuse::InvalidField));
        }
        for name in ["Host", "CONTENT-LENGTH", "transfer-encoding", "Connection", "expect"] {
            check(&POST.with_fields(&[Field::new(name, "1")]), Err(Misuse::FramingField));
        }
        check(&Request::new(Method::Trace, "/", "a").with_length(1), Err(Misuse::BodyNotAllowed));
        check(&Request::new(Method::Connect, "a:1", "a:1").with_unknown_length(), Err(Misuse::BodyNotAllowed));
        check(&POST.expecting_continue(), Err(Misuse::ExpectWithoutBody));
    }
}
