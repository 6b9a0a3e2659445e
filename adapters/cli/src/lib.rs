//! The parts of the `wirenut` command, as a library: `main.rs` only calls [`run`] and says what failed.
//!
//! | module | what lives there |
//! |---|---|
//! | [`arguments`] | the command line |
//! | [`demo`] | the reference service |
//! | [`echo`] | what comes is sent back, over TCP, UDP and Unix sockets |
//! | [`frame`] | messages out of streams and into them: pipes, sockets, serial devices |
//! | [`failure`] | what ends the command with status 1, in one line |
//! | [`get`] | an HTTP client with the options of curl |
//! | [`listen`] | where servers listen, the sockets that are made there or were passed, and the URLs that lead there |
//! | [`lookup`] | names and addresses |
//! | [`log`] | one line per request, which a client cannot forge and a stalled reader cannot hold up, of all processes |
//! | [`manual`] | completions for shells, and man pages |
//! | [`password`] | the hash of a password |
//! | `printed` | standard output, and tables on it |
//! | [`ps`] | processes, as the system shows them |
//! | [`serve`] | files: paths, the directory they are beneath, media types, reading without waiting |
//! | [`server`] | the life of a service: listening, models, signals, a process that goes on in its place |
//! | [`trace`] | captures, and what passes an interface: what the connections did |
//! | [`ws`] | a WebSocket client |
//! | [`route`] | on which way `get` and `ws` reach a server |
//! | [`usage`] | what is wrong with the command line |
//!
//! Only this package knows files and command lines. It has no unsafe code: the system calls come from `rustix`.

#![forbid(unsafe_code)]

extern crate alloc;

pub mod arguments;
pub mod demo;
pub mod echo;
pub mod failure;
pub mod frame;
pub mod get;
pub mod listen;
pub mod log;
pub mod lookup;
pub mod manual;
pub mod password;
mod printed;
pub mod ps;
pub mod route;
pub mod serve;
pub mod server;
pub mod trace;
pub mod usage;
pub mod ws;

use arguments::{Arguments, Command};
use failure::Failure;

/// Does what the command line asks for, until it is over or something fails.
///
/// # Errors
///
/// The [`Failure`] that ended it: the caller shows it and exits with status 1.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Serve(arguments) => serve::serve(&arguments),
        Command::Demo(arguments) => demo::demo(&arguments),
        Command::Echo(arguments) => echo::echo(&arguments),
        Command::Lookup(arguments) => lookup::lookup(&arguments),
        Command::HashPassword(arguments) => password::hash_password(&arguments),
        Command::Ps(arguments) => ps::ps(&arguments),
        Command::Frame(arguments) => frame::frame(&arguments),
        Command::Trace(arguments) => trace::trace(&arguments),
        Command::Get(arguments) => get::get(&arguments),
        Command::Ws(arguments) => ws::ws(&arguments),
        Command::Completions(arguments) => manual::completions(&arguments),
        Command::Man(arguments) => manual::man(&arguments),
    }
}
