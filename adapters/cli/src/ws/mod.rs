//! `wirenut ws`: a WebSocket client for people and scripts.
//!
//! | module | what lives there |
//! |---|---|
//! | [`options`] | the command line |
//! | [`url`] | where a `ws:` URL leads |
//! | [`failure`] | what went wrong, in which phase |
//! | `handshake` | what is asked of the server, and what it answered |
//! | `keys` | random bytes |
//! | `client` | the handshake, and then the messages, as one protocol over one connection |
//! | `duplex` | the buffers of the connection, which is read while what was sent still waits |
//! | `speaker` | what is sent and received |
//! | `lines` | standard input, line by line |
//! | `shown` | what is received, on standard output |
//! | `run` | waiting for the socket, standard input and deadlines |

mod client;
mod duplex;
pub mod failure;
mod handshake;
mod keys;
mod lines;
pub mod options;
mod run;
mod shown;
mod speaker;
pub mod url;

use core::time::Duration;
use std::io::IsTerminal;

use wirenut_linux::lookup::{self, Transport};
use wirenut_linux::monotonic_time;
use wirenut_linux::socket::{Connected, Family, Mode, Socket, Tcp};

use crate::failure::Failure;
use client::Client;
use failure::WsFailure;
use options::WsArguments;
use url::WsUrl;

/// Connects, sends what standard input says, and prints what comes, until either end closes.
///
/// # Errors
/// [`Failure::Network`]: the host is not known, or does not answer. [`Failure::WebSocket`]: the handshake failed, the
/// connection did not end well, or a line could not be sent. [`Failure::Write`]: standard output takes nothing more.
pub fn ws(arguments: &WsArguments) -> Result<(), Failure> {
    let socket = connect(&arguments.url, arguments.timeout)?;
    let subprotocols: Vec<&str> = arguments.subprotocol.iter().map(String::as_str).collect();
    let client = Client::new(arguments, &subprotocols, monotonic_time());
    run::run(arguments, &socket, client)
}

/// The first address of the host that answers.
fn connect(url: &WsUrl, timeout: Duration) -> Result<Socket<Tcp, Connected>, Failure> {
    let addresses = lookup::addresses(url.host(), &url.port().to_string(), Transport::Tcp)?;
    let mut failed = None;
    for address in addresses {
        let opened = Socket::tcp(Family::of(&address)).and_then(|socket| socket.connect_within(&address, timeout));
        match opened {
            Ok(socket) => {
                socket.set_no_delay(true)?;
                socket.set_mode(Mode::NonBlocking)?;
                return Ok(socket);
            }
            Err(error) => failed = Some(error),
        }
    }
    // A look-up that succeeds finds an address.
    Err(failed.map_or(WsFailure::NoAddress.into(), Failure::Network))
}

/// Is a person at the other end of standard input?
fn is_typed() -> bool {
    std::io::stdin().is_terminal()
}
