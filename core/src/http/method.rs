use crate::bytes::list::find;

/// A request method (RFC 9110 §9), case-sensitive; one that this list does not know is kept as it came.
///
/// ```
/// use wirenut::http::Method;
/// assert_eq!(Method::from_token(b"GET"), Method::Get);
/// assert_eq!(Method::from_token(b"get"), Method::Other(b"get"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Method<'b> {
    /// Transfer a current representation of the target.
    Get,
    /// Like GET, without the body.
    Head,
    /// Process the enclosed content.
    Post,
    /// Replace the target by the enclosed content.
    Put,
    /// Remove the target.
    Delete,
    /// Make a tunnel.
    Connect,
    /// Describe the communication options.
    Options,
    /// Loop the request back.
    Trace,
    /// Apply partial modifications (RFC 5789).
    Patch,
    /// Any other token.
    Other(&'b [u8]),
}

/// Their names, as a list to look up in, by their place from one on. Their case means something.
pub(crate) const NAMES: &[u8] = b"\x03GET\x04HEAD\x04POST\x03PUT\x06DELETE\x07CONNECT\x07OPTIONS\x05TRACE\x05PATCH";

/// The places of those that mean something to framing.
pub(crate) const HEAD: u8 = 2;
pub(crate) const CONNECT: u8 = 6;
pub(crate) const OPTIONS: u8 = 7;

impl Method<'static> {
    /// All that have a name here, the frequent ones first.
    pub const KNOWN: [Self; 9] = [
        Self::Get,
        Self::Post,
        Self::Head,
        Self::Put,
        Self::Delete,
        Self::Options,
        Self::Patch,
        Self::Connect,
        Self::Trace,
    ];
}

impl<'b> Method<'b> {
    /// The method that a token names. The token is not checked again: the head's parser has done that.
    #[must_use]
    pub fn from_token(token: &'b [u8]) -> Self {
        match find(NAMES, token) {
            1 => Self::Get,
            HEAD => Self::Head,
            3 => Self::Post,
            4 => Self::Put,
            5 => Self::Delete,
            CONNECT => Self::Connect,
            OPTIONS => Self::Options,
            8 => Self::Trace,
            9 => Self::Patch,
            _ => Self::Other(token),
        }
    }

    /// The token as it stands on the wire.
    #[must_use]
    pub const fn as_bytes(self) -> &'b [u8] {
        match self {
            Self::Get => b"GET",
            Self::Head => b"HEAD",
            Self::Post => b"POST",
            Self::Put => b"PUT",
            Self::Delete => b"DELETE",
            Self::Connect => b"CONNECT",
            Self::Options => b"OPTIONS",
            Self::Trace => b"TRACE",
            Self::Patch => b"PATCH",
            Self::Other(token) => token,
        }
    }
}
