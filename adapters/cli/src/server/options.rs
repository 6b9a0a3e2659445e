//! What each server of this command is told, and how it runs then.

use core::num::NonZeroU32;

use clap::Args;
use wirenut::time::Duration;
use wirenut_server::Config;

use super::combination::Combination;
use super::life_options::LifeOptions;
use super::model_options::{ModelName, ModelOptions, PollerName};
use super::tls_options::TlsOptions;
use crate::listen::{At, Place};

/// Who may connect to a path, if nothing else is said: this user.
const SOCKET_MODE: u32 = 0o600;

/// How long a connection is idle before it gives way to one that waits, where a thread serves one at a time.
const MIN_IDLE_OF_ONE: Duration = Duration::from_millis(50);

/// What every server is told.
#[derive(Debug, Args)]
pub struct ServerOptions {
    /// Who serves.
    #[command(flatten)]
    pub model: ModelOptions,
    /// How the service lives.
    #[command(flatten)]
    pub life: LifeOptions,
    /// What is served over TLS.
    #[command(flatten)]
    pub tls: TlsOptions,
}

impl ServerOptions {
    /// Looks whether the options go together.
    ///
    /// # Errors
    /// The first that do not.
    pub fn check(&self) -> Result<(), Combination> {
        self.model.check()?;
        if self.life.chroot.is_some() && self.life.user.is_none() {
            return Err(Combination::RootOfRoot);
        }
        Ok(())
    }

    /// The same of who listens there.
    ///
    /// # Errors
    /// The first that do not.
    pub fn check_places(&self, places: &[Place]) -> Result<(), Combination> {
        let is_datagram = |place: &Place| matches!(place, Place::Datagram(_));
        if places.iter().any(is_datagram) {
            self.model.datagram_model()?;
        }
        if places.iter().all(is_datagram) {
            let of_streams = [
                ("--poller", self.model.poller.is_some()),
                ("--max-connections", self.model.max_connections.is_some()),
                ("--proxy-protocol", !self.life.proxy_protocol.is_empty()),
                ("--metrics", self.life.metrics.is_some()),
                ("--tls-cert", self.tls.is_used()),
            ];
            if let Some((option, _)) = of_streams.into_iter().find(|(_, is_used)| *is_used) {
                return Err(Combination::OfStreams(option));
            }
        }
        self.check()
    }

    /// How servers run.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn config(&self) -> Result<Config, Combination> {
        self.check()?;
        let default = Config::DEFAULT;
        // Whoever serves one at a time lets nobody wait for long who might ask once more.
        let serves_one = matches!(self.model.name(), ModelName::Iterative | ModelName::PreThreaded);
        Ok(Config {
            min_idle: if serves_one { MIN_IDLE_OF_ONE } else { default.min_idle },
            model: self.model.model(self.model.name())?,
            poller: self.model.poller.unwrap_or(PollerName::Epoll).into(),
            max_connections: self.model.max_connections.map_or(default.max_connections, NonZeroU32::get),
            proxy_protocol: self.life.proxy_protocol(),
            drain_delay: self.life.drain_delay.0,
            drain: self.life.drain.0,
            ..default
        })
    }

    /// How servers of datagrams run.
    ///
    /// # Errors
    /// As of [`Self::check_places`].
    pub fn datagram_config(&self) -> Result<Config, Combination> {
        Ok(Config { model: self.model.datagram_model()?, drain: self.life.drain.0, ..Config::DEFAULT })
    }
}

/// The permissions of paths, which must be there.
///
/// # Errors
/// They are said, and no place is a path.
pub(crate) fn permissions(mode: Option<u32>, places: &[Place]) -> Result<u32, Combination> {
    let is_path = |place: &Place| matches!(place, Place::Stream(At::Path(_)) | Place::Datagram(At::Path(_)));
    match mode {
        Some(_) if !places.iter().any(is_path) => Err(Combination::ModeWithoutPath),
        mode => Ok(mode.unwrap_or(SOCKET_MODE)),
    }
}
