//! On which way a server is reached: the options of all commands that ask servers, with the names that curl has.

mod advice;
mod connect_to;
mod resolve;

use core::time::Duration;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use wirenut_client::{Client, ClientBuilder, Detour, Error, Proxies, Proxy, Timeouts};

pub(crate) use advice::advice;
use resolve::Resolve;

/// More is not taken into memory: all authorities that browsers trust need a fiftieth of it.
const MAX_CERTIFICATES: u64 = 16 << 20;

/// On which way the server is reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct RouteOptions {
    /// Connect to this Unix socket, whatever host the URL names
    #[arg(long, value_name = "PATH")]
    pub unix_socket: Option<PathBuf>,
    /// Trust servers whose certificates are signed by the ones in this file (PEM), and no others: for an authority of your own
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// Do not check the certificates of servers. Anybody on the way can then read and change everything: for tests only
    #[arg(short = 'k', long)]
    pub insecure: bool,
    /// Use this HTTP proxy
    #[arg(
        help = "Use this HTTP proxy: [http://][USER:PASSWORD@]HOST[:PORT]; '' for none. Otherwise the environment says which",
        short = 'x',
        long,
        value_name = "PROXY"
    )]
    pub proxy: Option<String>,
    /// Reach these hosts without a proxy: names, addresses, networks, separated by commas; * is all
    #[arg(long, value_name = "HOSTS")]
    pub noproxy: Option<String>,
    /// Connect to these addresses, in place of a look-up, where the host and the port are these; * stands for any host.
    /// -HOST:PORT takes back what was said before
    #[arg(long, value_name = "HOST:PORT:ADDRESS[,ADDRESS]...", allow_hyphen_values = true, value_parser = Resolve::parse)]
    pub resolve: Vec<Resolve>,
    /// Connect to HOST2:PORT2 in place of HOST1:PORT1. An empty HOST1 or PORT1 is any, an empty HOST2 or PORT2 the same as before.
    /// TLS still asks for HOST1
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2", value_parser = connect_to::parse)]
    pub connect_to: Vec<Detour>,
    /// How many seconds look-up, connecting and TLS may take each (otherwise 20)
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub connect_timeout: Option<Duration>,
}

/// Why there is no such way.
#[derive(Debug)]
pub(crate) enum RouteError {
    /// The certificates that `--cacert` names could not be read.
    Certificates { path: PathBuf, error: io::Error },
    /// What `--proxy` or the environment says is no proxy.
    Proxy(Error),
}

impl RouteOptions {
    /// A client that takes this way; `open` opens the file of `--cacert`.
    ///
    /// # Errors
    /// What the options name is not there, or not what it should be.
    pub(crate) fn client<R: Read>(
        &self,
        mut timeouts: Timeouts,
        open: impl FnOnce(&Path) -> io::Result<R>,
    ) -> Result<ClientBuilder, RouteError> {
        if let Some(limit) = self.connect_timeout {
            let limit = limit.into();
            timeouts = Timeouts { lookup: limit, connect: limit, tls: limit, ..timeouts };
        }
        let mut builder = Client::builder().timeouts(timeouts).proxies(self.proxies()?);
        builder = self.resolve.iter().fold(builder, |builder, entry| entry.apply(builder));
        builder = self.connect_to.iter().cloned().fold(builder, ClientBuilder::connect_to);
        if let Some(path) = &self.unix_socket {
            builder = builder.unix_socket(path);
        }
        if let Some(path) = &self.cacert {
            let pem = open(path)
                .and_then(read_certificates)
                .map_err(|error| RouteError::Certificates { path: path.clone(), error })?;
            builder = builder.only_added_roots().add_root_certificates(&pem);
        }
        if self.insecure {
            builder = builder.dangerously_trust_anybody();
        }
        Ok(builder)
    }

    fn proxies(&self) -> Result<Proxies, RouteError> {
        let proxies = match self.proxy.as_deref() {
            None => Proxies::from_env(),
            Some("") => Proxies::none(),
            Some(proxy) => Proxies::all(&Proxy::parse(proxy).map_err(RouteError::Proxy)?),
        };
        Ok(match &self.noproxy {
            Some(hosts) => proxies.except(hosts),
            None => proxies,
        })
    }
}

/// Certificates, of which there is one at least.
fn read_certificates(file: impl Read) -> io::Result<Vec<u8>> {
    let mut pem = Vec::new();
    file.take(MAX_CERTIFICATES + 1).read_to_end(&mut pem)?;
    match u64::try_from(pem.len()) {
        Ok(..=MAX_CERTIFICATES) if has_certificate(&pem) => Ok(pem),
        Ok(..=MAX_CERTIFICATES) => Err(io::Error::other("there is none in it (-----BEGIN CERTIFICATE-----)")),
        _ => Err(io::Error::other("it is longer than 16 MiB")),
    }
}

fn has_certificate(pem: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    pem.windows(BEGIN.len()).any(|window| window == BEGIN)
}

/// With up to six decimals.
pub(crate) fn seconds(text: &str) -> Result<Duration, &'static str> {
    const WANTED: &str = "expected seconds from 0.001 to 31536000, such as 2.5";
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || fraction.len() > 6 {
        return Err(WANTED);
    }
    let seconds: u64 = whole.parse().map_err(|_| WANTED)?;
    let micros: u64 = format!("{fraction:0<6}").parse().map_err(|_| WANTED)?;
    let time = Duration::from_secs(seconds) + Duration::from_micros(micros);
    let is_sane = (Duration::from_millis(1)..=Duration::from_secs(31_536_000)).contains(&time);
    if is_sane { Ok(time) } else { Err(WANTED) }
}
