/// The version of a message (RFC 9110 §2.5). A minor version above 1 is read as 1.1, as that section asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Version {
    /// HTTP/1.0: a connection ends with its response unless both sides ask otherwise.
    Http10,
    /// HTTP/1.1.
    Http11,
}
