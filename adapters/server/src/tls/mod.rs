//! TLS by rustls, for servers: certificates and keys, and the layer between sockets and what is spoken.

mod flaw;
mod layer;
mod pem;
mod published;

use alloc::sync::Arc;
use core::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use wirenut_tls::rustls::ServerConfig;
use wirenut_tls::rustls::crypto::ring::{Ticketer, default_provider};
use wirenut_tls::rustls::server::ProducesTickets;

pub use flaw::{TlsError, TlsFlaw};
pub(crate) use layer::{Secured, Stage, Terms};
use published::Published;

/// How HTTP/1.1 is called when it is agreed on (RFC 7301 §6).
const HTTP: &[u8] = b"http/1.1";

/// More than what a session is remembered by: its secret, the name of the server, the time.
const MAX_SESSION: usize = 512;

/// How long a file of certificates or of a key may be, in bytes: 1 MiB.
const MAX_FILE: u64 = 1 << 20;

/// A certificate and its key, by which a [`Server`](crate::Server) speaks TLS 1.3 or 1.2: see
/// [`Server::with_tls`](crate::Server::with_tls).
///
/// Clones share it, and so do processes that are forked after it was made: what [`Self::reload`] reads is used for all
/// connections that begin afterwards, in all threads and processes. Sessions are resumed by tickets, which all of these
/// processes can read for the first 12 hours. Then each process makes keys of its own, and a client that comes to another
/// process needs a full handshake.
///
/// ```
/// use wirenut_server::{Config, Server, Tls};
/// # let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
/// # let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
/// let tls = Tls::from_pem(certificate.as_bytes(), key.as_bytes())?;
/// let server = Server::bind("127.0.0.1:0", Config::DEFAULT)?.with_tls(tls);
/// # let _ = server;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    /// Where it was read, the certificate first.
    files: Option<[PathBuf; 2]>,
    ticketer: Arc<dyn ProducesTickets>,
    /// What this process uses.
    current: Mutex<Current>,
    /// What all processes are to use. None: it never changes.
    published: Option<Published>,
}

#[derive(Clone)]
struct Current {
    /// How often it was replaced.
    generation: u32,
    /// For protocols without a name in ALPN.
    plain: Arc<ServerConfig>,
    http: Arc<ServerConfig>,
    /// Until when the certificate is valid, where that is known.
    not_after: Option<SystemTime>,
}

/// Without the key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.0.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Of a chain of certificates, the server's own first, and its private key (PKCS #8, PKCS #1 or SEC 1), both in PEM.
    ///
    /// ```
    /// use wirenut_server::{Tls, TlsFlaw};
    /// let error = Tls::from_pem(b"no certificate", b"no key").unwrap_err();
    /// assert_eq!(error.flaw(), &TlsFlaw::NoCertificate);
    /// assert!(error.to_string().starts_with("cannot use the certificate: there is none in it"), "{error}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Which of both is wrong, and how: see [`TlsFlaw`].
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Self::new(None, certificates, key)
    }

    /// The same of files of 1 MiB at most, which [`Self::reload`] reads again.
    ///
    /// # Errors
    /// As of [`Self::from_pem`]; or a file cannot be read, or is longer than 1 MiB ([`TlsFlaw::FileTooLarge`]).
    pub fn from_files(certificates: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, TlsError> {
        let files = [certificates.as_ref().to_owned(), key.as_ref().to_owned()];
        let [certificates, key] = read(&files)?;
        Self::new(Some(files), &certificates, &key)
    }

    /// Of settings of rustls, which are used as they are: several certificates, those of clients, other suites.
    #[must_use]
    pub fn from_config(config: &Arc<ServerConfig>) -> Self {
        let current = Current { generation: 0, plain: Arc::clone(config), http: Arc::clone(config), not_after: None };
        let ticketer = Arc::clone(&config.ticketer);
        Self(Arc::new(Inner { files: None, ticketer, current: Mutex::new(current), published: None }))
    }

    /// Reads the files again, for all connections that begin from now on, in all processes. Sessions can still be resumed.
    /// Does nothing where there are [none](Self::from_files).
    ///
    /// Call it in the process that made this.
    ///
    /// # Errors
    /// As of [`Self::from_files`]; or both are larger together than 64 KiB; or a file is a pipe, which gives its content once. The
    /// former certificate stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        let Inner { files: Some(files), ticketer, published: Some(published), .. } = &*self.0 else { return Ok(()) };
        refuse_pipes(files)?;
        let [certificates, key] = read(files)?;
        let mut current = self.current();
        let next = Current::new((&certificates, &key), ticketer).map_err(|error| error.in_files(files))?;
        let generation = published.publish(&certificates, &key).map_err(|error| error.in_files(files))?;
        *current = Current { generation, ..next };
        Ok(())
    }

    /// Until when the certificate in use is valid. `None`: nobody knows, since rustls has its settings
    /// [from elsewhere](Self::from_config), or it cannot be read.
    #[must_use]
    pub fn not_after(&self) -> Option<SystemTime> {
        self.current().not_after
    }

    /// The files of the certificates and of the key, if it was made of [such](Self::from_files).
    #[must_use]
    pub fn files(&self) -> Option<(&Path, &Path)> {
        let [certificates, key] = self.0.files.as_ref()?;
        Some((certificates, key))
    }

    fn new(files: Option<[PathBuf; 2]>, certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let place = |error: TlsError| files.iter().fold(error, TlsError::in_files);
        let ticketer = Ticketer::new().map_err(|error| place(TlsError::of_certificate(error.into())))?;
        // It takes no ticket that is longer than those it has made: processes take those of each other from the first one on.
        ticketer.encrypt(&[0; MAX_SESSION]);
        let current = Mutex::new(Current::new((certificates, key), &ticketer).map_err(place)?);
        let published = Published::new().map_err(|error| place(TlsError::of_certificate(TlsFlaw::System(error))))?;
        Ok(Self(Arc::new(Inner { files, ticketer, current, published: Some(published) })))
    }

    /// For a connection that begins.
    pub(crate) fn config(&self, speaks_http: bool) -> Arc<ServerConfig> {
        let mut current = self.current();
        if let Some(published) = &self.0.published
            && let Some((generation, certificates, key)) = published.newer_than(current.generation)
        {
            match Current::new((&certificates, &key), &self.0.ticketer) {
                Ok(next) => *current = Current { generation, ..next },
                // The process that published it has checked it.
                Err(error) => {
                    current.generation = generation;
                    log::error!("{error}");
                }
            }
        }
        Arc::clone(if speaks_http { &current.http } else { &current.plain })
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file of this many bytes at most: what is longer is no chain of certificates and no key, and a device may have no end.
fn read_file(path: &Path) -> Result<Vec<u8>, TlsFlaw> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)).map_err(TlsFlaw::Unreadable)?;
    if bytes.len() as u64 > MAX_FILE { Err(TlsFlaw::FileTooLarge(MAX_FILE)) } else { Ok(bytes) }
}

/// To open a pipe waits for somebody who writes to it, and whoever reloads has signals to heed.
fn refuse_pipes(files: &[PathBuf; 2]) -> Result<(), TlsError> {
    let check = |path: &PathBuf| {
        let is_pipe = fs::metadata(path).is_ok_and(|status| status.file_type().is_fifo());
        let error = || io::Error::new(io::ErrorKind::Unsupported, "it is a pipe, which is read once, at the start");
        if is_pipe { Err(TlsFlaw::Unreadable(error())) } else { Ok(()) }
    };
    let [certificates, key] = files;
    check(certificates).map_err(|flaw| TlsError::of_certificate(flaw).in_files(files))?;
    check(key).map_err(|flaw| TlsError::of_key(flaw).in_files(files))
}

fn read(files: &[PathBuf; 2]) -> Result<[Vec<u8>; 2], TlsError> {
    let [certificates, key] = files;
    let certificates = read_file(certificates).map_err(|flaw| TlsError::of_certificate(flaw).in_files(files))?;
    let key = read_file(key).map_err(|flaw| TlsError::of_key(flaw).in_files(files))?;
    Ok([certificates, key])
}

impl Current {
    fn new((certificates, key): (&[u8], &[u8]), ticketer: &Arc<dyn ProducesTickets>) -> Result<Self, TlsError> {
        let chain = pem::certificates(certificates).map_err(TlsError::of_certificate)?;
        let key = pem::key(key).map_err(TlsError::of_key)?;
        let not_after = chain.first().and_then(|certificate| pem::not_after(certificate));
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| TlsError::of_key(error.into()))?;
        let config = builder.with_no_client_auth().with_single_cert(chain, key);
        let mut plain = config.map_err(|error| TlsError::of_key(error.into()))?;
        plain.ticketer = Arc::clone(ticketer);
        let mut http = plain.clone();
        http.alpn_protocols = vec![HTTP.to_vec()];
        Ok(Self { generation: 0, plain: Arc::new(plain), http: Arc::new(http), not_after })
    }
}

#[cfg(test)]
mod tests;
