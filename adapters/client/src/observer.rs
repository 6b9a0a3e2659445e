//! Observers of what a request does on its way.

use alloc::sync::Arc;
use core::fmt;
use core::net::SocketAddr;

use wirenut::http::ResponseHead;

/// What a request does on its way, as it happens: for a log, or for what `--verbose` shows.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Observed<'o> {
    /// A new connection is to be made to one of these addresses: a look-up has found them, or nothing had to be looked up.
    LookedUp(&'o [SocketAddr]),
    /// A new connection is there: the address, and the host that was looked up for it. TLS and tunnels come after it.
    Connected(&'o str),
    /// The addresses of the connection that was named last, as the system has them. Unix sockets have none.
    Between {
        /// The address at our end.
        local: SocketAddr,
        /// The address at the other end: the server's, or the proxy's.
        peer: SocketAddr,
    },
    /// TLS was agreed on: its version and cipher suite, such as `TLS 1.3, TLS13_AES_128_GCM_SHA256`.
    Secured(&'o str),
    /// A connection that was kept is used again.
    Reused(&'o str),
    /// The head of a request, as it is sent: also that of CONNECT, and of requests that follow a redirect. It holds the
    /// credentials as they are.
    Request(&'o [u8]),
    /// The head of a response: also interim ones, those that redirect, and that of a proxy's answer to CONNECT.
    Response(&'o ResponseHead<'o>),
}

/// Without the heads, which hold secrets.
impl fmt::Debug for Observed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LookedUp(addresses) => f.debug_tuple("LookedUp").field(addresses).finish(),
            Self::Between { local, peer } => {
                f.debug_struct("Between").field("local", local).field("peer", peer).finish()
            }
            Self::Connected(peer) => f.debug_tuple("Connected").field(peer).finish(),
            Self::Secured(with) => f.debug_tuple("Secured").field(with).finish(),
            Self::Reused(peer) => f.debug_tuple("Reused").field(peer).finish(),
            Self::Request(head) => f.debug_tuple("Request").field(&head.len()).finish(),
            Self::Response(head) => f.debug_tuple("Response").field(&head.status.code()).finish(),
        }
    }
}

/// The function that is called with it. All clones are the same.
#[derive(Clone)]
pub(crate) struct Observer(pub(crate) Arc<dyn Fn(&Observed<'_>) + Send + Sync>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

#[cfg(feature = "tls")]
impl Observer {
    /// Reports the version and the cipher suite of a new connection.
    pub(crate) fn observe_tls(&self, wire: &wirenut_tls::Wire) {
        let Some(session) = wire.session() else { return };
        let connection = session.connection();
        let version = connection.protocol_version().map(|version| format!("{version:?}"));
        let version = version.unwrap_or_default().replace("TLSv", "TLS ").replace('_', ".");
        let suite = connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
        (self.0)(&Observed::Secured(&format!("{version}, {}", suite.unwrap_or_default())));
    }
}
