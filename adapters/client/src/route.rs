//! The way to a server: where to connect, and what lies between.

use core::fmt;
use std::path::{Path, PathBuf};

use crate::proxies::Proxy;
use crate::url::{Scheme, Url};

/// Where a connection leads. Requests with equal routes can share connections.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Route {
    pub(crate) peer: Peer,
    /// Host and port that the proxy is asked for a tunnel to.
    pub(crate) tunnel: Option<Box<str>>,
    /// The name that TLS asks for.
    pub(crate) tls: Option<Box<str>>,
}

/// What is connected to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Peer {
    Tcp { host: Box<str>, port: u16 },
    Unix(PathBuf),
}

impl Route {
    pub(crate) fn new(url: &Url, proxy: Option<&Proxy>, unix: Option<&Path>) -> Self {
        let is_https = url.scheme() == Scheme::Https;
        let peer = match (unix, proxy) {
            (Some(path), _) => Peer::Unix(path.to_owned()),
            (None, Some(proxy)) => Peer::Tcp { host: proxy.host().into(), port: proxy.port() },
            (None, None) => Peer::Tcp { host: url.host_name().into(), port: url.port() },
        };
        let is_tunnel = is_https && unix.is_none() && proxy.is_some();
        Self {
            peer,
            tunnel: is_tunnel.then(|| url.host_and_port().into()),
            tls: is_https.then(|| url.host_name().into()),
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
