//! The way to a server: where to connect, and what lies between.

use core::fmt;
use std::path::{Path, PathBuf};

use crate::proxies::Proxy;
use crate::url::{Scheme, Url};

/// Where a connection leads. Requests with equal routes can share connections.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Route {
    pub(crate) peer: Peer,
    /// The peer is a proxy.
    pub(crate) is_proxied: bool,
    pub(crate) tunnel: Option<Tunnel>,
    /// The name that TLS asks for.
    pub(crate) tls: Option<Box<str>>,
}

/// What a proxy is asked for. A tunnel that somebody's credentials have opened is not another one's.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Tunnel {
    /// Host and port.
    pub(crate) target: Box<str>,
    /// The value of Proxy-Authorization.
    pub(crate) authorization: Option<Box<[u8]>>,
}

/// Without what may be a password.
impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").field("target", &self.target).finish_non_exhaustive()
    }
}

/// What is connected to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Peer {
    Tcp { host: Box<str>, port: u16 },
    Unix(PathBuf),
}

impl Route {
    /// `place`: where to connect for the URL, its host and port or a detour. `authorization`: the caller's own value of
    /// Proxy-Authorization, in place of the proxy's. `is_upgrade`: the request asks its neighbour for another protocol (RFC 9110
    /// §7.8), who must not be the proxy (RFC 6455 §4.1).
    pub(crate) fn new(
        url: &Url,
        place: (Box<str>, u16),
        proxy: Option<&Proxy>,
        unix: Option<&Path>,
        (authorization, is_upgrade): (Option<&[u8]>, bool),
    ) -> Self {
        let is_https = url.scheme() == Scheme::Https;
        // A proxy that gets the whole URL goes where that leads.
        let is_elsewhere = (&*place.0, place.1) != (url.host_name(), url.port());
        let is_tunnel = (is_https || is_upgrade || is_elsewhere) && unix.is_none();
        let server = Peer::tcp(place);
        let tunnel = proxy.filter(|_| is_tunnel).map(|proxy| Tunnel {
            target: server.to_string().into(),
            authorization: authorization.or(proxy.authorization()).map(Into::into),
        });
        let is_proxied = proxy.is_some() && unix.is_none();
        Self { peer: server.behind(proxy, unix), is_proxied, tunnel, tls: is_https.then(|| url.host_name().into()) }
    }

    /// The way to the proxy, or without one to the server itself, for a request with the method CONNECT: what lies in the
    /// tunnel is the caller's affair.
    pub(crate) fn to_proxy(place: (Box<str>, u16), proxy: Option<&Proxy>, unix: Option<&Path>) -> Self {
        let is_proxied = proxy.is_some() && unix.is_none();
        Self { peer: Peer::tcp(place).behind(proxy, unix), is_proxied, tunnel: None, tls: None }
    }
}

impl Peer {
    fn tcp((host, port): (Box<str>, u16)) -> Self {
        Self::Tcp { host, port }
    }

    /// What is connected to instead, where this lies behind something.
    fn behind(self, proxy: Option<&Proxy>, unix: Option<&Path>) -> Self {
        match (unix, proxy) {
            (Some(path), _) => Self::Unix(path.to_owned()),
            (None, Some(proxy)) => Self::tcp((proxy.host().into(), proxy.port())),
            (None, None) => self,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}
