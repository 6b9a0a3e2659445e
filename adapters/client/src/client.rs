//! The client, and its settings.

use alloc::sync::Arc;
use core::fmt;
use core::net::IpAddr;
use std::path::PathBuf;
#[cfg(feature = "tls")]
use std::sync::OnceLock;

use wirenut::http::{Limits, Method};

use crate::detours::{Detour, Detours};
use crate::hosts::Hosts;
use crate::inner::Inner;
use crate::pool::{Pool, PoolLimits};
use crate::proxies::Proxies;
use crate::redirect::Redirects;
use crate::request::RequestBuilder;
use crate::timeouts::Timeouts;
#[cfg(feature = "tls")]
use crate::tls::Trust;
use crate::url::IntoUrl;

/// Asks HTTP servers. It keeps connections and can be shared by threads: all clones are the same client.
///
/// See the [crate] for examples.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

impl Client {
    /// One with the usual settings, and the proxies of the environment ([`Proxies::from_env`]).
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// One with other settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Begins a GET.
    pub fn get<'b>(&self, url: impl IntoUrl) -> RequestBuilder<'b> {
        self.request(Method::Get, url)
    }

    /// Begins a HEAD.
    pub fn head<'b>(&self, url: impl IntoUrl) -> RequestBuilder<'b> {
        self.request(Method::Head, url)
    }

    /// Begins a POST.
    pub fn post<'b>(&self, url: impl IntoUrl) -> RequestBuilder<'b> {
        self.request(Method::Post, url)
    }

    /// Begins a PUT.
    pub fn put<'b>(&self, url: impl IntoUrl) -> RequestBuilder<'b> {
        self.request(Method::Put, url)
    }

    /// Begins a DELETE.
    pub fn delete<'b>(&self, url: impl IntoUrl) -> RequestBuilder<'b> {
        self.request(Method::Delete, url)
    }

    /// Begins a request of any method. A URL that does not parse is reported when it is sent.
    ///
    /// CONNECT asks the proxy of the URL, or without one its server, for a tunnel to host and port of the URL. After a success
    /// [`Response::into_upgraded`](crate::Response::into_upgraded) is the tunnel; nothing is added to what lies in it, no TLS
    /// either.
    pub fn request<'b>(&self, method: Method<'_>, url: impl IntoUrl) -> RequestBuilder<'b> {
        RequestBuilder::new(Arc::clone(&self.inner), method, url.into_url())
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("user_agent", &self.inner.user_agent).finish_non_exhaustive()
    }
}

/// The settings of a [`Client`].
///
/// ```
/// use wirenut::time::Duration;
/// use wirenut_client::{Client, Proxies, Redirects, Timeouts};
/// let timeouts = Timeouts { connect: Duration::from_secs(3), ..Timeouts::DEFAULT };
/// let client = Client::builder().timeouts(timeouts).proxies(Proxies::none()).redirects(Redirects::OFF).build();
/// # let _ = client;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ClientBuilder {
    timeouts: Timeouts,
    limits: Limits,
    pool: PoolLimits,
    proxies: Option<Proxies>,
    detours: Detours,
    hosts: Hosts,
    redirects: Redirects,
    unix_socket: Option<PathBuf>,
    user_agent: Option<Box<str>>,
    #[cfg(feature = "tls")]
    trust: Trust,
}

impl ClientBuilder {
    /// How long each phase may take. Default: [`Timeouts::DEFAULT`].
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Bounds of what servers may send: of heads, fields, content. The times in it do not count; [`Timeouts`] do. Default:
    /// [`Limits::DEFAULT`].
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many connections there may be, and how long idle ones are kept. Default: [`PoolLimits::DEFAULT`].
    pub const fn pool(mut self, pool: PoolLimits) -> Self {
        self.pool = pool;
        self
    }

    /// Which proxies to use. Default: those of the environment.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Which redirects to follow. Default: [`Redirects::DEFAULT`].
    pub const fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = redirects;
        self
    }

    /// Connects to this Unix socket, whatever host a URL names, also after a redirect, and never to a proxy. A path of more
    /// than 107 bytes fails [`RequestBuilder::send`].
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// # use std::os::unix::net::UnixListener;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// # let listener = UnixListener::bind(&path)?;
    /// # let server = std::thread::spawn(move || {
    /// #     let (mut stream, _) = listener.accept().unwrap();
    /// #     stream.read(&mut [0; 1024]).unwrap();
    /// #     stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
    /// # });
    /// use wirenut_client::Client;
    /// let client = Client::builder().unix_socket(&path).build();
    /// assert_eq!(client.get("http://localhost/containers").send()?.text(100)?, "hi");
    /// # server.join().unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.unix_socket = Some(path.into());
        self
    }

    /// Connects to the first of these addresses that answers, where a URL or a proxy names this host and this port, and looks
    /// nothing up. The URL, the Host field and the name that TLS checks stay as they are. The host `*` stands for all hosts that
    /// are not given by name, for this port. A later call for the same host and port replaces an earlier one; no addresses take
    /// it back.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let port = listener.local_addr()?.port();
    /// # let server = std::thread::spawn(move || {
    /// #     let (mut stream, _) = listener.accept().unwrap();
    /// #     stream.read(&mut [0; 1024]).unwrap();
    /// #     stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
    /// # });
    /// use wirenut_client::{Client, Proxies};
    /// let client = Client::builder().proxies(Proxies::none()).resolve("new.example", port, &["127.0.0.1".parse()?]).build();
    /// assert_eq!(client.get(format!("http://new.example:{port}/")).send()?.text(100)?, "hi");
    /// # server.join().unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resolve(mut self, host: &str, port: u16, addresses: &[IpAddr]) -> Self {
        self.hosts.set(host, port, addresses);
        self
    }

    /// Connects elsewhere than where the URLs lead for which the detour is. The URL, the Host field and the name that TLS checks
    /// stay as they are; addresses of [`Self::resolve`] count for the place where the detour leads. A proxy is asked for a tunnel
    /// to that place. Of several detours for a URL, the first that was given counts.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let port = listener.local_addr()?.port();
    /// # let server = std::thread::spawn(move || {
    /// #     let (mut stream, _) = listener.accept().unwrap();
    /// #     let mut head = [0; 1024];
    /// #     let length = stream.read(&mut head).unwrap();
    /// #     assert!(String::from_utf8_lossy(&head[..length]).contains("\r\nHost: new.example\r\n"));
    /// #     stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
    /// # });
    /// use wirenut_client::{Client, Detour, Proxies};
    /// let detour = Detour { to_host: Some("127.0.0.1".into()), to_port: Some(port), ..Detour::default() };
    /// let client = Client::builder().proxies(Proxies::none()).connect_to(detour).build();
    /// assert_eq!(client.get("http://new.example/").send()?.text(100)?, "hi");
    /// # server.join().unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn connect_to(mut self, detour: Detour) -> Self {
        self.detours.add(detour);
        self
    }

    /// What the client calls itself. Default: `wirenut/` and the version.
    pub fn user_agent(mut self, name: &str) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Trusts certificates that these ones (PEM, one or more) have signed, beside those that the machine trusts. They count
    /// even after they have expired; what they signed does not. PEM that does not parse, or holds no certificate where none
    /// else is trusted, fails [`RequestBuilder::send`].
    #[cfg(feature = "tls")]
    pub fn add_root_certificates(mut self, pem: &[u8]) -> Self {
        self.trust.extra.push(pem.to_vec());
        self
    }

    /// Trusts only the roots of [`Self::add_root_certificates`], and not those of the machine.
    #[cfg(feature = "tls")]
    pub const fn only_added_roots(mut self) -> Self {
        self.trust.only_extra = true;
        self
    }

    /// Trusts any certificate, for any name: anybody on the way can read and change everything. For tests only.
    #[cfg(feature = "tls")]
    pub const fn dangerously_trust_anybody(mut self) -> Self {
        self.trust.anybody = true;
        self
    }

    /// The client.
    #[must_use]
    pub fn build(self) -> Client {
        let user_agent = self.user_agent.unwrap_or_else(|| concat!("wirenut/", env!("CARGO_PKG_VERSION")).into());
        let inner = Inner {
            pool: Pool::new(self.pool),
            proxies: self.proxies.unwrap_or_else(Proxies::from_env),
            timeouts: self.timeouts,
            limits: self.timeouts.with(self.limits),
            detours: self.detours,
            hosts: self.hosts,
            redirects: self.redirects,
            unix_socket: self.unix_socket,
            user_agent,
            #[cfg(feature = "tls")]
            trust: self.trust,
            #[cfg(feature = "tls")]
            tls_config: OnceLock::new(),
        };
        Client { inner: Arc::new(inner) }
    }
}
