//! What a service is spoken over.

/// What a service is spoken over: the same port may be another service for each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    pub(super) const fn socket_type(self) -> libc::c_int {
        match self {
            Self::Tcp => libc::SOCK_STREAM,
            Self::Udp => libc::SOCK_DGRAM,
        }
    }
}
