//! TLS: the certificate, and its key.

use core::time::Duration;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use wirenut::http::HttpDate;
use wirenut_server::{Tls, TlsError};

use crate::log::{Name, OneLine};

/// So long before a certificate ends that is said.
const WARNED_BEFORE: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What is served over TLS.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsOptions {
    /// Serve over TLS (1.3 or 1.2) with the certificate in this file (PEM): the server's own first, then the ones that link it
    /// to its authority. Needs --tls-key. SIGHUP reads both files again, unless one is a pipe; if something is wrong with
    /// them, the old ones stay in use
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of that certificate (PEM, not encrypted). Nobody else should be able to read this file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl TlsOptions {
    /// Reads the files, if there are any.
    ///
    /// # Errors
    /// Which of them is wrong, and how.
    pub(super) fn load(&self) -> Result<Option<Tls>, TlsError> {
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        Tls::from_files(certificate, key).map(Some)
    }

    pub(super) const fn is_used(&self) -> bool {
        self.tls_cert.is_some()
    }
}

/// Reads the files again, and says what is wrong with them.
pub(super) fn reload(tls: &Tls) {
    match tls.reload() {
        Ok(()) => warn_of_end(tls),
        Err(error) => log::warn!("{}; the certificate of before is still used", OneLine(error.to_string())),
    }
}

/// Says that a certificate is not valid any more, or not for long.
pub(super) fn warn_of_end(tls: &Tls) {
    let (Some(end), Some((path, _))) = (tls.not_after(), tls.files()) else { return };
    let Ok(since) = end.duration_since(SystemTime::UNIX_EPOCH) else { return };
    let date = HttpDate::from_unix(since.as_secs());
    let date = String::from_utf8_lossy(date.as_bytes());
    let (path, now) = (Name::of(path), SystemTime::now());
    match end.duration_since(now) {
        Err(_) => log::warn!("the certificate {path} has expired on {date}: clients will not accept it"),
        Ok(left) if left < WARNED_BEFORE => log::warn!("the certificate {path} expires on {date}: renew it"),
        Ok(_) => {}
    }
}
