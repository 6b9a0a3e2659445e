//! TLS in the middle of a connection: [`Session`] encrypts and decrypts what goes through a socket that does not block, and
//! [`Wire`] is such a socket with or without it.
//!
//! Both roles are the same here: only the way a session is made differs. The handshake is part of the first
//! [`Wire::recv`] or [`Wire::send`]; [`Wire::handshake`] does it alone, for a caller that wants to know when it is over.
//! No call blocks. A caller that blocks waits with a poller between two calls.
//!
#![cfg_attr(feature = "rustls", doc = "```")]
#![cfg_attr(not(feature = "rustls"), doc = "```ignore")]
//! use wirenut_linux::socket::{AnyByteStream, Attempt, Mode, Received, UnixStream};
//! use wirenut_tls::{Session, Wire};
//! # use std::sync::Arc;
//! # use wirenut_tls::rustls::{self, pki_types::PrivateKeyDer};
//! # let made = rcgen::generate_simple_self_signed(["a".to_owned()])?;
//! # let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
//! # let provider = Arc::new(rustls::crypto::ring::default_provider());
//! # let mut roots = rustls::RootCertStore::empty();
//! # roots.add(made.cert.der().clone())?;
//! # let client_config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
//! #     .with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth();
//! # let server_config = rustls::ServerConfig::builder_with_provider(provider)
//! #     .with_safe_default_protocol_versions()?.with_no_client_auth()
//! #     .with_single_cert(vec![made.cert.der().clone()], key)?;
//! # let (client_config, server_config) = (Arc::new(client_config), Arc::new(server_config));
//! let (one, other) = UnixStream::pair()?;
//! one.set_mode(Mode::NonBlocking)?;
//! other.set_mode(Mode::NonBlocking)?;
//! let mut client = Wire::new(one.into()).with_session(Session::client(&client_config, "a")?);
//! let mut server = Wire::new(other.into()).with_session(Session::server(&server_config)?);
//!
//! // A program waits for what each call returns. In memory the other end is always ready.
//! while client.handshake()?.is_some() | server.handshake()?.is_some() {}
//!
//! assert_eq!(client.send(b"hello")?, Attempt::Done(5));
//! let mut bytes = [0; 100];
//! assert_eq!(server.recv(&mut bytes)?, Received::Data(5));
//! assert_eq!(&bytes[..5], b"hello");
//! client.shutdown_write();
//! assert_eq!(server.recv(&mut bytes)?, Received::End);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is always so
//!
//! - The end of the peer is an end only after close_notify. Without it, [`Wire::recv`] fails: what came may be cut off.
//! - A session holds no more unsent than what one call of [`Wire::send`] has taken: the next call takes nothing until all
//!   of that has left.
//! - A peer that sends nothing but messages of TLS (tickets, key updates) does not keep a caller in a call.
//!
//! # What is not there
//!
//! Trust and certificates: a session is made of a configuration of rustls, which `wirenut-client` and `wirenut-server` make.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(feature = "rustls")]
extern crate alloc;

mod certificate;
mod error;
#[cfg(feature = "rustls")]
mod record;
#[cfg(feature = "rustls")]
mod session;
mod wire;

pub use certificate::CertificateFlaw;
pub use error::Error;
#[cfg(feature = "rustls")]
pub use rustls;
#[cfg(feature = "rustls")]
pub use session::Session;
pub use wire::Wire;
