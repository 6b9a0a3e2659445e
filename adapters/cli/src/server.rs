//! What both servers of this command have in common: listen, say where, run until told to stop.

use core::net::SocketAddr;
use core::num::NonZeroUsize;
use std::io::{self, Write};

use wirenut::service::Service;
use wirenut_linux::{Config, Server, Transfer};

use crate::failure::Failure;
use crate::log;

/// How the servers of this command run.
pub const CONFIG: Config = Config::DEFAULT;

/// Listens on an address.
///
/// # Errors
///
/// [`Failure::Network`]: it is taken, or not ours.
pub fn listen(address: &SocketAddr) -> Result<Server, Failure> {
    Ok(Server::bind(address, CONFIG)?)
}

/// Prints the address, and serves until SIGTERM or SIGINT.
///
/// # Errors
///
/// What ended the server.
pub fn run<S: Service<Source: Transfer>>(mut server: Server, service: &S) -> Result<(), Failure> {
    prepare(&mut server)?;
    server.run(service)?;
    Ok(())
}

/// The same on several threads.
///
/// # Errors
///
/// What ended the server.
pub fn run_on_threads<S: Service<Source: Transfer> + Sync>(
    mut server: Server,
    threads: NonZeroUsize,
    service: &S,
) -> Result<(), Failure> {
    prepare(&mut server)?;
    server.run_on_threads(threads, service)?;
    Ok(())
}

fn prepare(server: &mut Server) -> Result<(), Failure> {
    let failed = |error| Failure::System { what: "start a thread for the log", error };
    log::write_errors_to_standard_error().map_err(failed)?;
    server.stop_on_signals()?;
    // Not `println!`, which panics where standard output is closed.
    let _ = writeln!(io::stdout(), "http://{}/", server.local_addr());
    Ok(())
}
