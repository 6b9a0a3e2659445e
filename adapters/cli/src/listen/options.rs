//! Where a server is told to listen.

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};

use super::place::Place;

const LISTEN_HELP: &str = "\
Where to listen: at an address, a name, a port alone, a path, or a socket that it was started with; may be given again

  127.0.0.1:8080, [::1]:8080  this address
  0.0.0.0:8080                all addresses of this machine over IPv4
  [::]:8080                   all addresses of this machine over IPv6, and over IPv4
  8080                        127.0.0.1:8080: for this machine only
  :8080                       [::]:8080, or 0.0.0.0:8080 without IPv6: for whoever can reach this machine
  localhost:8080              all addresses that this name has
  unix:/run/web.sock          a Unix socket at this path
  fd:3, fd:web                a socket that systemd passes, by its number or its name

Port 0 lets the system choose.";

const ECHO_LISTEN_HELP: &str = "\
Where to listen: at an address, a name, a port alone, a path, or a socket that it was started with; may be given again

  127.0.0.1:7007, [::1]:7007  TCP connections at this address
  7007, :7007, localhost:7007 at 127.0.0.1, at all addresses, at those of this name
  udp:127.0.0.1:7007          UDP datagrams, each of which is sent back; with any form of an address
  unix:/tmp/echo.sock         connections to a Unix socket at this path
  unix-datagram:/tmp/echo     datagrams to a Unix socket at this path
  fd:3, fd:echo               a socket of any of these kinds that systemd passes, by its number or its name

Port 0 lets the system choose. So that two echoes never keep each other busy, no datagram is sent to UDP ports below 1024, \
which are those of services, and the same datagram goes to the same address 256 times in 10 seconds at most: whoever asks \
faster, numbers the datagrams.";

/// Where a server listens.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where to listen")]
pub struct PlaceOptions {
    /// Where to listen: at an address, a name, a port alone, a path, or a socket that it was started with; may be given again
    #[arg(long, value_name = "PLACE", default_value = "127.0.0.1:8080", long_help = LISTEN_HELP,
          value_parser = OsStringValueParser::new().try_map(|text| Place::parse(&text)))]
    pub listen: Vec<Place>,
    /// Who may connect to paths, as chmod(1) says it [default: 0600]
    #[arg(long, value_name = "MODE", value_parser = socket_mode)]
    pub socket_mode: Option<u32>,
}

/// Where an echo listens.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where to listen")]
pub struct EchoPlaceOptions {
    /// Where to listen: at an address, a name, a port alone, a path, or a socket that it was started with; may be given again
    #[arg(long, value_name = "PLACE", default_value = "127.0.0.1:7007", long_help = ECHO_LISTEN_HELP,
          value_parser = OsStringValueParser::new().try_map(|text| Place::parse_any(&text)))]
    pub listen: Vec<Place>,
    /// Who may connect to paths, as chmod(1) says it [default: 0600]
    #[arg(long, value_name = "MODE", value_parser = socket_mode)]
    pub socket_mode: Option<u32>,
}

/// Reads permissions as chmod(1) does.
///
/// # Errors
/// What is expected.
fn socket_mode(text: &str) -> Result<u32, &'static str> {
    let is_octal = (3..=4).contains(&text.len()) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or("expected permissions in octal digits, such as 0600 or 660")
}
