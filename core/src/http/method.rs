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
        Method::KNOWN.into_iter().find(|method| method.as_bytes() == token).unwrap_or(Self::Other(token))
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
