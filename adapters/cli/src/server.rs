//! What both servers of this command have in common: listen, say where, run until told to stop.

use std::io::{self, Write};
use std::panic::resume_unwind;
use std::thread;

use wirenut::http::service::Service;
use wirenut_server::{Config, Model, Report, Server, Stopper, Transfer};

use crate::failure::Failure;
use crate::listen::{self, Place, urls};
use crate::log;

/// How the servers of this command run.
pub const CONFIG: Config = Config::DEFAULT;

/// Listens at all addresses of all places.
///
/// # Errors
///
/// [`Failure::Network`]: see [`listen::bind`].
pub fn listen(places: &[Place], model: Model) -> Result<Vec<Server>, Failure> {
    listen::bind(places, Config { model, ..CONFIG })
}

/// Prints the addresses, and serves at each, until SIGTERM or SIGINT.
///
/// # Errors
///
/// What ended a server.
pub fn run<S: Service<Source: Transfer> + Sync>(mut servers: Vec<Server>, service: &S) -> Result<(), Failure> {
    prepare(&mut servers)?;
    let stoppers: Vec<Stopper> = servers.iter().map(Server::stopper).collect();
    let run = |server: Server| {
        // A server of which a part is missing is not one to go on with.
        server.run(service).inspect_err(|_| stoppers.iter().for_each(Stopper::stop))
    };
    thread::scope(|scope| {
        let last = servers.pop();
        let others: Vec<_> = servers.into_iter().map(|server| scope.spawn(|| run(server))).collect();
        let outcome = last.map_or(Ok(Report::default()), run);
        let outcomes = others.into_iter().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        core::iter::once(outcome).chain(outcomes).try_for_each(|outcome| outcome.map(drop).map_err(Failure::from))
    })
}

fn prepare(servers: &mut [Server]) -> Result<(), Failure> {
    let failed = |error| Failure::System { what: "start a thread for the log", error };
    log::write_errors_to_standard_error().map_err(failed)?;
    if let Err(error) = wirenut_linux::raise_descriptor_limit() {
        ::log::warn!("cannot raise the limit of open descriptors: {error}");
    }
    let mut lines = String::new();
    for server in servers {
        server.stop_on_signals()?;
        lines.extend(server.local_addr().map(urls).unwrap_or_default().iter().map(|url| format!("{url}\n")));
    }
    // Not `print!`, which panics where standard output is closed.
    let _ = io::stdout().write_all(lines.as_bytes());
    Ok(())
}
