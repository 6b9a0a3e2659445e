//! Whom a server believes who its clients are.

use core::net::IpAddr;

use wirenut::http::Network;
use wirenut::proxy::{Error, Limits, Rule};
use wirenut::transport::Disposition;
use wirenut_linux::socket::AnyAddress;

use crate::board::{Counts, Deadline};

/// Which peers are proxies that pass clients on, and say so by the PROXY protocol.
///
/// A connection of such a peer must begin with a header, of version 1 or 2. From then on the client that it names is the peer:
/// for the service ([`Responder::peer`](wirenut::http::service::Responder::peer)), the protocol
/// ([`Arrival::peer`](crate::Arrival::peer)) or the handler ([`Stream::peer`](crate::handler::Stream::peer)), and in the log. What stands behind the
/// header, in the same segment or later, is the client's. Where the header names nobody (LOCAL, UNKNOWN), the peer stays
/// what it is: so do health checks. A connection without a header, or whose header is wrong or does not come in time, is
/// reset without an answer; a line of the log (at the level *warn*) says which rule is broken, by which peer. One that ends
/// before its first byte is a check that the port is open, and no error.
///
/// Nobody else's header is believed: a connection of another peer is served as if there were no such protocol, so what it
/// sends as a header is a bad request, to be answered with 400. Whether a header is there is never guessed.
///
/// ```
/// use wirenut::http::Network;
/// use wirenut_server::{Config, ProxyProtocol};
/// const BALANCERS: &[Network] = &[Network::v4([10, 0, 0, 0], 24)];
/// const CONFIG: Config =
///     Config { proxy_protocol: Some(ProxyProtocol { networks: BALANCERS, ..ProxyProtocol::DEFAULT }), ..Config::DEFAULT };
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProxyProtocol {
    /// Peers with an address in any of these networks are proxies.
    ///
    /// Default: `&[]`.
    pub networks: &'static [Network],
    /// All peers over Unix sockets are proxies. Whoever may write to the socket's path can then claim any address.
    ///
    /// Default: `false`.
    pub unix: bool,
    /// How long a header may be, and how long it may take.
    ///
    /// Default: `Limits::DEFAULT`.
    pub limits: Limits,
}

impl ProxyProtocol {
    /// Nobody is a proxy.
    pub const DEFAULT: Self = Self { networks: &[], unix: false, limits: Limits::DEFAULT };

    /// Must a connection of this peer begin with a header?
    pub(crate) fn is_proxy(&self, peer: &AnyAddress) -> bool {
        let is_among = |ip: IpAddr| self.networks.iter().any(|network| network.contains(ip));
        peer.internet().map_or(self.unix, |address| is_among(address.ip()))
    }
}

/// Logs and counts why a connection of a proxy is not served, and says how it ends.
#[cold]
pub(crate) fn refuse(peer: Option<&AnyAddress>, error: Error, counts: &Counts) -> Disposition {
    if error.rule == Rule::Timeout {
        counts.add_deadline(Deadline::Head);
    }
    let is_check = error == Error { rule: Rule::Truncated, offset: 0 };
    let level = if is_check { log::Level::Debug } else { log::Level::Warn };
    match peer {
        Some(peer) => log::log!(level, "{peer}: {error}"),
        None => log::log!(level, "unknown peer: {error}"),
    }
    if is_check { Disposition::Close } else { Disposition::Abort }
}

impl Default for ProxyProtocol {
    fn default() -> Self {
        Self::DEFAULT
    }
}
