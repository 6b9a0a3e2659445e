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

macro_rules! others {
    ($($name:ident $token:literal $section:literal)*) => {
        /// The other methods of IANA's registry of HTTP methods, but for `*` and PRI, which nobody sends. They cost nothing
        /// where nobody names them.
        ///
        /// ```
        /// use wirenut::http::Method;
        /// let allows = |method| matches!(method, Method::Get | Method::PROPFIND);
        /// assert!(allows(Method::from_token(b"PROPFIND")) && !allows(Method::MOVE));
        /// ```
        impl Method<'static> {
            $(#[doc = concat!($token, ": ", $section)] pub const $name: Self = Self::Other($token.as_bytes());)*

            #[cfg(test)]
            const OTHERS: &[Self] = &[$(Self::$name),*];
        }
    };
}

others! {
    ACL "ACL" "RFC 3744 §8.1"
    BASELINE_CONTROL "BASELINE-CONTROL" "RFC 3253 §12.6"
    BIND "BIND" "RFC 5842 §4"
    CHECKIN "CHECKIN" "RFC 3253 §4.4"
    CHECKOUT "CHECKOUT" "RFC 3253 §4.3"
    COPY "COPY" "RFC 4918 §9.8"
    LABEL "LABEL" "RFC 3253 §8.2"
    LINK "LINK" "RFC 2068 §19.6.1.2"
    LOCK "LOCK" "RFC 4918 §9.10"
    MERGE "MERGE" "RFC 3253 §11.2"
    MKACTIVITY "MKACTIVITY" "RFC 3253 §13.5"
    MKCALENDAR "MKCALENDAR" "RFC 4791 §5.3.1"
    MKCOL "MKCOL" "RFC 4918 §9.3"
    MKREDIRECTREF "MKREDIRECTREF" "RFC 4437 §6"
    MKWORKSPACE "MKWORKSPACE" "RFC 3253 §6.3"
    MOVE "MOVE" "RFC 4918 §9.9"
    ORDERPATCH "ORDERPATCH" "RFC 3648 §7"
    PROPFIND "PROPFIND" "RFC 4918 §9.1"
    PROPPATCH "PROPPATCH" "RFC 4918 §9.2"
    REBIND "REBIND" "RFC 5842 §6"
    REPORT "REPORT" "RFC 3253 §3.6"
    SEARCH "SEARCH" "RFC 5323 §2"
    UNBIND "UNBIND" "RFC 5842 §5"
    UNCHECKOUT "UNCHECKOUT" "RFC 3253 §4.5"
    UNLINK "UNLINK" "RFC 2068 §19.6.1.3"
    UNLOCK "UNLOCK" "RFC 4918 §9.11"
    UPDATE "UPDATE" "RFC 3253 §7.1"
    UPDATEREDIRECTREF "UPDATEREDIRECTREF" "RFC 4437 §7"
    VERSION_CONTROL "VERSION-CONTROL" "RFC 3253 §3.5"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::is_token;

    #[test]
    fn every_name_is_read_as_what_is_written() {
        assert!(Method::OTHERS.is_sorted_by_key(|method| method.as_bytes()));
        for method in Method::KNOWN.iter().chain(Method::OTHERS) {
            assert_eq!(Method::from_token(method.as_bytes()), *method);
            assert!(is_token(method.as_bytes()), "{method:?}");
        }
    }
}
