//! How the end of a body is found (RFC 9112 §6.3): what a head decided.

/// How a message's body is delimited (RFC 9112 §6.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyFraming {
    /// So many bytes; zero where there is no body.
    Length(u64),
    /// By the chunked transfer coding.
    Chunked,
}

impl BodyFraming {
    /// The length, if it is known before the end.
    #[must_use]
    pub const fn length(self) -> Option<u64> {
        match self {
            Self::Length(length) => Some(length),
            Self::Chunked => None,
        }
    }
}

/// How a response's body is delimited (RFC 9112 §6.3).
///
/// ```
/// # use wirenut::http::{ClientConnection, ClientEvent, Context, Limits, Method, Request, ResponseFraming};
/// # use wirenut::time::Instant;
/// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let mut store = [0; Limits::DEFAULT.store_bytes()];
/// let mut connection = ClientConnection::new(&cx);
/// connection.request(&cx, &Request::new(Method::Head, "/", "a"), &mut [0; 64]).unwrap();
/// let (_, event) = connection.receive(&cx, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", &mut store).unwrap();
/// assert!(matches!(event, ClientEvent::Head(head) if head.body == ResponseFraming::Length(0)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResponseFraming {
    /// So many bytes; zero where there is no body (also after HEAD, whatever the fields say).
    Length(u64),
    /// By the chunked transfer coding.
    Chunked,
    /// By the end of the connection. If there is a Transfer-Encoding field, its codings are still to be undone.
    UntilClose,
    /// No HTTP any more: what follows are the bytes of a tunnel or of another protocol.
    Tunnel,
}
