//! `wirenut echo`: sends back what comes, over TCP, UDP and Unix sockets, to try clients and networks on.
//!
//! Streams and datagrams are served under the models of [`wirenut_server`]: who does not receive is not read from.

mod datagrams;
mod protocol;
mod repeats;

use core::fmt::Write as _;

use clap::Args;
use wirenut_server::Arrival;

use crate::failure::Failure;
use crate::listen::{EchoPlaceOptions, End, Listener};
use crate::log::Name;
use crate::server::{self, ServerOptions};
use datagrams::Datagrams;
use protocol::Echo;

/// The arguments of `wirenut echo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut echo                                over TCP, at 127.0.0.1:7007
  wirenut echo --listen '[::1]:0' --listen 'udp:[::1]:0'
                                              over IPv6, at free ports of the system's choice
  wirenut echo --listen unix:/tmp/echo.sock   then: socat - UNIX-CONNECT:/tmp/echo.sock
  wirenut echo --model threading --workers 9  a thread for each connection, nine at most")]
pub struct EchoArguments {
    /// Where to listen.
    #[command(flatten)]
    pub places: EchoPlaceOptions,
    /// Who serves, and how the service lives.
    #[command(flatten)]
    pub server: ServerOptions,
}

/// Prints where it listens, and echoes until SIGTERM or SIGINT.
///
/// # Errors
/// [`Failure::Network`]: an address is taken, or not ours, or waiting failed. [`Failure::System`]: no thread is left.
pub fn echo(arguments: &EchoArguments) -> Result<(), Failure> {
    let (places, options) = (&arguments.places, &arguments.server);
    let listening = server::listen_for(&places.listen, places.socket_mode, options, true)?;
    server::give_up_privileges(&options.life)?;
    let datagrams = Datagrams::new()?;
    let begin = |arrival: &Arrival<'_>| Echo::new(arrival.now());
    server::run_parts(listening, None, say, |end| match end {
        End::Streams(server) => Some(server::streams(server, |server| server.run_protocol(&begin).map(drop))),
        End::Datagrams(server) => Some(server::datagrams(server, &datagrams)),
    })
}

/// Where it listens, in a line.
fn say(listener: &Listener, lines: &mut String) {
    let (address, internet, local) = match &listener.end {
        End::Streams(server) if listener.is_secure => (server.address(), "tls", "tls unix"),
        End::Streams(server) => (server.address(), "tcp", "unix"),
        End::Datagrams(server) => (server.address(), "udp", "unix-datagram"),
    };
    // A `String` takes anything.
    let _ = match (address.internet(), &listener.pathname) {
        (Some(address), _) => writeln!(lines, "{internet} {address}"),
        (None, Some(pathname)) => writeln!(lines, "{local} {}", Name::of(pathname.as_path())),
        (None, None) => writeln!(lines, "{local} {address}"),
    };
}
