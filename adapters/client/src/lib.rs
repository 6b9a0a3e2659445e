//! An HTTP/1.1 client on Linux, over TCP, TLS and Unix sockets.
//!
//! ```
//! # use std::io::{Read, Write};
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let url = format!("http://{}/reading", listener.local_addr()?);
//! # let server = std::thread::spawn(move || {
//! #     let (mut stream, _) = listener.accept().unwrap();
//! #     stream.read(&mut [0; 1024]).unwrap();
//! #     stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n21.5\n").unwrap();
//! # });
//! use std::time::Duration;
//! use wirenut_client::Client;
//!
//! let client = Client::new();
//! let response = client.get(url).timeout(Duration::from_secs(5)).send()?;
//! let text = response.checked()?.text(64 * 1024)?;
//! assert_eq!(text, "21.5\n");
//! # server.join().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The protocol is the core's: [`wirenut::http::ClientConnection`] writes requests and reads responses, strictly. This crate
//! adds what needs a system: look-up, connects that race over both address families, TLS, a pool of connections,
//! redirects, proxies, deadlines.
//!
//! [`RequestBuilder::send`] waits. [`RequestBuilder::start`] does not: it makes an [`Exchange`], of which one thread with a poller
//! can have thousands under way.
//!
//! # What is always so
//!
//! - Each wait ends: at the time-out of its [phase](Phase), at the deadline of the whole request, or when another thread
//!   [cancels](Cancel) it. Only a reader of content that blocks, which is the caller's, is not interrupted.
//! - Content that was cut off is an error, never a short success: it lacks bytes of its length or chunks; it goes on until the
//!   connection closes, and that was reset, or ended over TLS without close_notify.
//! - Nothing is unbounded: heads, fields and content ([`Limits`](wirenut::http::Limits)), redirects, connections.
//! - Credentials (Authorization, Cookie, Proxy-Authorization) do not follow a redirect to another origin, and no redirect
//!   leads from `https` to `http`, unless [`Redirects`] allows it.
//! - TLS is 1.3 or 1.2. The roots are those of the machine, or of the file that the variable `SSL_CERT_FILE` or the folder
//!   that `SSL_CERT_DIR` names.
//! - Every [`Error`] says in which phase, with whom and why.
//!
//! # What is not there
//!
//! HTTP/2, compression, cookies that are kept, and proxies over TLS or SOCKS.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
mod asking;
mod body;
mod cancel;
mod client;
mod detours;
mod error;
mod exchange;
mod head;
mod headers;
mod hosts;
mod inner;
mod link;
mod lookup;
mod observer;
mod open;
mod parts;
mod pool;
mod proxies;
mod race;
mod redirect;
mod request;
mod response;
pub mod resume;
mod route;
mod timeouts;
mod timings;
#[cfg(feature = "tls")]
mod tls;
mod upgraded;
mod url;
mod watch;
mod watcher;

pub use body::Body;
pub use cancel::Cancel;
pub use client::{Client, ClientBuilder};
pub use detours::Detour;
pub use error::{Cause, Error, Phase};
pub use exchange::{Exchange, Progress};
pub use head::Head;
pub use headers::Headers;
pub use observer::Observed;
pub use pool::PoolLimits;
pub use proxies::{Proxies, Proxy};
pub use redirect::{Redirect, Redirects};
pub use request::RequestBuilder;
pub use response::Response;
pub use timeouts::Timeouts;
pub use timings::Timings;
pub use upgraded::Upgraded;
pub use url::{IntoUrl, Scheme, Url};
pub use wirenut_tls::CertificateFlaw;
