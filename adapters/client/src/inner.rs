//! What all clones of a client share.

use alloc::sync::Arc;
use std::path::PathBuf;
#[cfg(feature = "tls")]
use std::sync::OnceLock;

use wirenut::http::Limits;

use crate::detours::Detours;
#[cfg(feature = "tls")]
use crate::error::Cause;
use crate::hosts::Hosts;
use crate::pool::Pool;
use crate::proxies::Proxies;
use crate::redirect::Redirects;
use crate::timeouts::Timeouts;
#[cfg(feature = "tls")]
use crate::tls::Trust;

/// What all clones of a client share.
pub(crate) struct Inner {
    pub(crate) pool: Arc<Pool>,
    pub(crate) proxies: Proxies,
    pub(crate) detours: Detours,
    pub(crate) hosts: Hosts,
    pub(crate) timeouts: Timeouts,
    pub(crate) limits: Limits,
    pub(crate) redirects: Redirects,
    pub(crate) unix_socket: Option<PathBuf>,
    pub(crate) user_agent: Box<str>,
    #[cfg(feature = "tls")]
    pub(crate) trust: Trust,
    #[cfg(feature = "tls")]
    pub(crate) tls_config: OnceLock<Arc<rustls::ClientConfig>>,
}

#[cfg(feature = "tls")]
impl Inner {
    /// Made when the first URL needs it: to read the roots of the machine takes milliseconds.
    pub(crate) fn tls_config(&self) -> Result<Arc<rustls::ClientConfig>, Cause> {
        if let Some(config) = self.tls_config.get() {
            return Ok(Arc::clone(config));
        }
        let config = self.trust.config()?;
        Ok(Arc::clone(self.tls_config.get_or_init(|| config)))
    }
}
