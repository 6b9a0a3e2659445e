//! `wirenut ws`: a WebSocket client for people and scripts.
//!
//! | module | what lives there |
//! |---|---|
//! | [`options`] | the command line |
//! | [`failure`] | what went wrong, in which phase |
//! | `handshake` | opening: the connection, what is asked of the server, and what it answers |
//! | `keys` | random bytes |
//! | `client` | the messages, as a protocol over one connection |
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

use std::io::IsTerminal;

use wirenut_linux::monotonic_time;

use crate::failure::Failure;
use client::Client;
use options::WsArguments;

/// Connects, sends what standard input says, and prints what comes, until either end closes.
///
/// # Errors
/// [`Failure::WebSocket`]: the host is not known or does not answer, the handshake failed, the connection did not end well, or a
/// line could not be sent; `--cacert` names no certificates. [`Failure::Write`]: standard output takes nothing more.
pub fn ws(arguments: &WsArguments) -> Result<(), Failure> {
    let (socket, deflate) = handshake::open(arguments)?;
    run::run(arguments, socket, Client::new(arguments, deflate.as_ref(), monotonic_time()))
}

/// Is a person at the other end of standard input?
fn is_typed() -> bool {
    std::io::stdin().is_terminal()
}
