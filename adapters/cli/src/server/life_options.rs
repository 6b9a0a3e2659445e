//! How a service lives.

use core::str::FromStr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use wirenut::http::Network;
use wirenut::time::Duration;
use wirenut_server::ProxyProtocol;

use crate::listen::Place;

/// How the service lives.
#[derive(Debug, Args)]
#[command(next_help_heading = "Life of the service")]
pub struct LifeOptions {
    /// Become this user once it listens: a name or a number, with the groups of that user, or with GROUP alone. The paths of
    /// Unix sockets stay the one's who started it (see --socket-mode), and are removed at the end only if USER may write to
    /// their directory
    #[arg(long, value_name = "USER[:GROUP]")]
    pub user: Option<String>,
    /// Have this directory be the root of all paths once it listens and has opened its log, also of the directory that is
    /// served; needs --user
    #[arg(long, value_name = "DIR")]
    pub chroot: Option<PathBuf>,
    /// For how long it goes on with what has begun, once it is told to end
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = str::parse::<Seconds>)]
    pub drain: Seconds,
    /// For how long before that it goes on as before, but for /health, which says 503: so that those who ask there send
    /// nobody any more
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = str::parse::<Seconds>)]
    pub drain_delay: Seconds,
    /// Serve /metrics (what it does, as text for Prometheus) and /health (503 since it is to end) there, too: a PLACE as of --listen
    #[arg(long, value_name = "PLACE", value_parser = OsStringValueParser::new().try_map(|text| Place::parse(&text)))]
    pub metrics: Option<Place>,
    /// Expect the PROXY protocol, version 1 or 2, from these addresses and networks, separated by commas; 'unix' is whoever
    /// comes over a Unix socket. The clients that they name are those of the log. From all others it is a bad request
    #[arg(long, value_name = "NETWORKS", value_delimiter = ',', value_parser = str::parse::<Proxies>)]
    pub proxy_protocol: Vec<Proxies>,
}

/// Peers that speak for their clients, as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxies {
    /// `127.0.0.1`, `10.0.0.0/8`: those with these addresses.
    Network(Network),
    /// `unix`: all that come over Unix sockets.
    Unix,
}

impl FromStr for Proxies {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let network = Network::parse(text.as_bytes()).map(Self::Network);
        network.map_err(|_error| "expected an address, a network or 'unix', such as 127.0.0.1 or 10.0.0.0/8")
    }
}

impl LifeOptions {
    pub(super) fn proxy_protocol(&self) -> Option<ProxyProtocol> {
        if self.proxy_protocol.is_empty() {
            return None;
        }
        let networks = self.proxy_protocol.iter().filter_map(|proxies| match proxies {
            Proxies::Network(network) => Some(*network),
            Proxies::Unix => None,
        });
        // They are asked for as long as the program runs.
        let networks = networks.collect::<Vec<_>>().leak();
        let unix = self.proxy_protocol.contains(&Proxies::Unix);
        Some(ProxyProtocol { networks, unix, ..ProxyProtocol::DEFAULT })
    }
}

/// A time, as it is written: seconds, with a fraction down to milliseconds.
///
/// ```
/// use wirenut::time::Duration;
/// use wirenut_cli::server::Seconds;
/// assert_eq!("1.5".parse(), Ok(Seconds(Duration::from_millis(1500))));
/// assert!("-1".parse::<Seconds>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str, most| {
            let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u64>().ok().filter(|_| is_number)
        };
        // Up to eleven days.
        let milliseconds = digits(whole, 6).zip(digits(fraction, 3)).map(|(whole, part)| {
            let scale = [100, 10, 1][fraction.len() - 1];
            whole * 1000 + part * scale
        });
        let seconds = milliseconds.map(|milliseconds| Self(Duration::from_millis(milliseconds)));
        seconds.ok_or("expected seconds from 0 to 999999.999, such as 30 or 0.5")
    }
}
