//! The two ends of a connection.

/// The end that accepted the handshake. It wants masked frames, and sends unmasked ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Server;

/// The end that asked for the handshake. It sends masked frames, each with a key from `0`, and wants unmasked ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Client<K>(pub K);

/// Where the keys come from with which a client masks its frames. The core has no randomness; the host has.
///
/// Nobody who chooses a payload may foresee its key (RFC 6455 §10.3), so take them from the system's generator of random
/// numbers, such as `getrandom` or a device's entropy peripheral. Any `FnMut() -> [u8; 4]` is one. A fixed key is for tests.
pub trait MaskKeys {
    /// A fresh key: four bytes that nobody can foresee.
    fn next_key(&mut self) -> [u8; 4];
}

impl<F: FnMut() -> [u8; 4]> MaskKeys for F {
    fn next_key(&mut self) -> [u8; 4] {
        self()
    }
}

/// An end of a connection: [`Server`] or [`Client`].
pub trait Role {
    /// Is it the server's end?
    const IS_SERVER: bool;
    /// Does a tunnel of HTTP keep the peer's time to take what was sent? Then this connection does not.
    #[doc(hidden)]
    const IN_TUNNEL: bool = false;
    /// Is the peer watched: its pace within a message, and whether it lives?
    #[doc(hidden)]
    const WATCHES: bool = true;
    /// The key for the next frame, if this end masks.
    fn next_key(&mut self) -> Option<[u8; 4]>;
}

impl Role for Server {
    const IS_SERVER: bool = true;

    fn next_key(&mut self) -> Option<[u8; 4]> {
        None
    }
}

impl<K: MaskKeys> Role for Client<K> {
    const IS_SERVER: bool = false;

    fn next_key(&mut self) -> Option<[u8; 4]> {
        Some(self.0.next_key())
    }
}
