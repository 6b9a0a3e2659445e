//! What the servers of this command have in common: listen, say where, run until told to stop.
//!
//! | module | what lives there |
//! |---|---|
//! | `options` | what each server is told, and how it runs then |
//! | `model_options` | who serves a connection or a datagram |
//! | `life_options` | how the service lives |
//! | `tls_options` | the certificate, and its key |
//! | `combination` | options that contradict each other |
//! | `flows` | the parts of a service, each in a thread or a process of its own |
//! | `supervisor` | what signals tell the service, and the process that goes on in its place |

mod combination;
mod flows;
mod life_options;
mod model_options;
mod options;
mod supervisor;
mod tls_options;

use core::fmt::Write as _;
use core::mem;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};
use std::thread;

use wirenut::http::service::Service;
use wirenut_linux::Error;
use wirenut_linux::process::{User, become_user, change_root, forbid_new_privileges};
use wirenut_server::datagram::{DatagramHandler, DatagramServer};
use wirenut_server::life::Life;
use wirenut_server::{Config, Metrics, Server, Stopper, Tls, Transfer};

pub use combination::Combination;
pub(crate) use flows::Part;
use flows::{Flows, How, Mode, Stop};
pub use life_options::{LifeOptions, Proxies, Seconds};
pub use model_options::{ModelName, ModelOptions, PollerName};
pub use options::ServerOptions;
pub(crate) use options::permissions;
pub use tls_options::TlsOptions;

use supervisor::Supervisor;
use tls_options::warn_of_end;

use crate::failure::Failure;
use crate::listen::{End, Listener, Opener, Place, urls};
use crate::log::{self, LineLog, Lines, Name, Writer};

/// How a server runs that tells what the others do.
const MONITOR: Config = Config { max_connections: 100, ..Config::DEFAULT };

/// All that listens.
#[derive(Debug)]
pub struct Listening {
    life: Life,
    listeners: Vec<Listener>,
    /// Where it is told what they do.
    monitors: Vec<Listener>,
    tls: Option<Tls>,
    forks: bool,
}

impl Listening {
    /// Whether other machines can connect.
    pub(crate) fn is_reachable(&self) -> bool {
        self.listeners.iter().any(|listener| match &listener.end {
            End::Streams(server) => {
                server.address().internet().is_some_and(|address| !address.ip().to_canonical().is_loopback())
            }
            End::Datagrams(_) => false,
        })
    }

    /// Whether all that is served goes over TLS.
    pub(crate) const fn is_secure(&self) -> bool {
        self.tls.is_some()
    }
}

/// Listens at all addresses of all places.
///
/// # Errors
///
/// [`Failure::Network`]: see [`Opener::open`].
pub fn listen(places: &[Place], mode: Option<u32>, options: &ServerOptions) -> Result<Listening, Failure> {
    listen_for(places, mode, options, false)
}

/// The same, at places of datagrams, too.
///
/// # Errors
/// As of [`listen`].
pub fn listen_for(
    places: &[Place],
    mode: Option<u32>,
    options: &ServerOptions,
    takes_datagrams: bool,
) -> Result<Listening, Failure> {
    let config = options.config().map_err(Failure::Combination)?;
    let tls = options.tls.load().map_err(Failure::Certificate)?;
    let datagrams = takes_datagrams.then(|| options.datagram_config());
    let (life, passed) = Life::begin()?;
    let permissions = permissions(mode, places).map_err(Failure::Combination)?;
    let mut opener = Opener::new(datagrams, passed, life.is_successor(), permissions);
    let mut listeners = Vec::new();
    for place in places {
        listeners.append(&mut opener.open(place, config)?);
    }
    if let Some(tls) = &tls {
        listeners = listeners.into_iter().map(|listener| listener.with_tls(tls)).collect();
    }
    let monitors = options.life.metrics.as_ref().map_or_else(|| Ok(Vec::new()), |place| opener.open(place, MONITOR))?;
    opener.finish()?;
    Ok(Listening { life, listeners, monitors, tls, forks: options.model.name().forks() })
}

/// Gives up what is needed to begin only: the root directory and the user, as far as options say so. No thread may have been
/// started yet.
///
/// # Errors
/// [`Failure::Network`]: there is no such user or directory, or this process may not change.
pub fn give_up_privileges(options: &LifeOptions) -> Result<(), Failure> {
    let Some(name) = &options.user else { return Ok(()) };
    // Beneath another root nobody tells users and threads.
    let user = User::look_up(name)?;
    forbid_new_privileges()?;
    if let Some(directory) = &options.chroot {
        change_root(directory)?;
    }
    Ok(become_user(&user)?)
}

/// Says where it listens, and serves there, until SIGTERM or SIGINT. `lines`: those of requests, if there are any.
///
/// # Errors
///
/// What ended a server.
pub fn run<S: Service<Source: Transfer> + Sync>(
    listening: Listening,
    service: &S,
    lines: Option<&Lines>,
) -> Result<(), Failure> {
    let part = |end| match end {
        End::Streams(server) => Some(streams(server, move |server| server.run(service).map(drop))),
        // HTTP has none.
        End::Datagrams(_) => None,
    };
    run_parts(listening, lines, say, part)
}

/// The same of any parts. `say`: adds the line that says where it listens. `part`: what it does there.
///
/// # Errors
///
/// What ended a part.
pub(crate) fn run_parts<'s>(
    listening: Listening,
    lines: Option<&Lines>,
    say: impl Fn(&Listener, &mut String),
    part: impl Fn(End) -> Option<Part<'s>>,
) -> Result<(), Failure> {
    let Listening { life, listeners, monitors, tls, forks } = listening;
    let writer = if forks { Writer::Process } else { Writer::Thread };
    log::write_errors_to_standard_error(writer).map_err(log_failed)?;
    if let Err(error) = wirenut_linux::raise_descriptor_limit() {
        ::log::warn!("cannot raise the limit of open descriptors: {error}");
    }
    tls.iter().for_each(warn_of_end);
    let mut said = String::new();
    listeners.iter().for_each(|listener| say(listener, &mut said));
    monitors.iter().for_each(|monitor| say_monitor(monitor, &mut said));
    let sockets = listeners.iter().chain(&monitors).map(|listener| {
        let socket = match &listener.end {
            End::Streams(server) => server.listener().try_clone()?.into(),
            End::Datagrams(server) => server.socket().try_clone()?.into(),
        };
        Ok((listener.name.clone(), socket))
    });
    let sockets = sockets.collect::<Result<Vec<(String, OwnedFd)>, Error>>()?;
    let metrics: Metrics = listeners
        .iter()
        .filter_map(|listener| match &listener.end {
            End::Streams(server) => Some(server.metrics()),
            End::Datagrams(_) => None,
        })
        .collect();
    let end = |Listener { end, pathname, .. }| {
        pathname.into_iter().for_each(|pathname| life.keep(pathname));
        end
    };
    let parts: Vec<_> = listeners.into_iter().filter_map(|listener| part(end(listener))).collect();
    let monitors =
        Mutex::new(monitors.into_iter().filter_map(|listener| monitor(end(listener), &metrics)).collect::<Vec<_>>());
    let take_monitors = || mem::take(&mut *monitors.lock().unwrap_or_else(PoisonError::into_inner));
    let mut supervisor = Supervisor::new(&life, sockets)?;
    let mut flows = Flows::new(&mut supervisor)?;
    // From now on nobody else accepts.
    life.ready()?;
    thread::scope(|scope| {
        let live = || {
            if forks {
                let let_go = || {
                    lines.into_iter().for_each(Lines::let_go);
                    drop(take_monitors());
                };
                flows.start_processes(parts, &mut supervisor, &let_go)?;
                writer.begin().and_then(|()| lines.map_or(Ok(()), Lines::begin)).map_err(log_failed)?;
            } else {
                parts.into_iter().try_for_each(|part| flows.start_thread(part, scope))?;
            }
            take_monitors().into_iter().try_for_each(|monitor| flows.start_companion(monitor, scope))?;
            // Whoever goes on in another process's place may find that nobody reads standard output, and has signals to heed.
            LineLog::to_standard_output().map_err(log_failed)?.record(&said.trim_end());
            supervisor.supervise(&mut flows, || reload(lines, tls.as_ref()))
        };
        let outcome = live();
        if outcome.is_err() {
            // What has begun is not left running.
            flows.stop(How::Now);
        }
        flows.stop_companions();
        outcome
    })
}

fn log_failed(error: io::Error) -> Failure {
    Failure::System { what: "begin the log", error }
}

fn reload(lines: Option<&Lines>, tls: Option<&Tls>) {
    tls.into_iter().for_each(tls_options::reload);
    if let Some(Err((path, error))) = lines.map(Lines::reopen) {
        ::log::warn!("{}", Failure::LogFile { path: path.into(), error });
    }
}

/// A server of connections as a part.
pub(crate) fn streams<'s>(server: Server, run: impl FnOnce(Server) -> Result<(), Error> + Send + 's) -> Part<'s> {
    let (place, stop) = (server.address().to_string(), stop(server.stopper()));
    let run = move |mode| {
        let mut server = server;
        if mode == Mode::Process {
            server.stop_on_signals()?;
        }
        run(server)
    };
    Part { place, stop, run: Box::new(run) }
}

/// A server of datagrams as a part.
pub(crate) fn datagrams<H: DatagramHandler + Sync>(server: DatagramServer, handler: &H) -> Part<'_> {
    let (place, stop) = (server.address().to_string(), stop(server.stopper()));
    let run = move |mode| {
        let mut server = server;
        if mode == Mode::Process {
            server.stop_on_signals()?;
        }
        server.run(handler).map(drop)
    };
    Part { place, stop, run: Box::new(run) }
}

/// What tells what others do.
fn monitor(end: End, metrics: &Metrics) -> Option<Part<'_>> {
    match end {
        End::Streams(server) => Some(streams(server, |server| server.run(&metrics.service()).map(drop))),
        // It is no place for HTTP.
        End::Datagrams(_) => None,
    }
}

fn stop(stopper: Stopper) -> Stop<'static> {
    Box::new(move |how| match how {
        How::HandOver => stopper.hand_over(),
        How::Drain => stopper.stop(),
        How::Now => stopper.stop_now(),
    })
}

/// Where HTTP is spoken, in lines.
fn say(listener: &Listener, lines: &mut String) {
    let address = match &listener.end {
        End::Streams(server) => server.address(),
        End::Datagrams(_) => return,
    };
    let scheme = if listener.is_secure { "https" } else { "http" };
    // A `String` takes anything.
    let _ = match (address.internet(), &listener.pathname) {
        (Some(address), _) => urls(scheme, address).iter().try_for_each(|url| writeln!(lines, "{url}")),
        (None, Some(pathname)) => writeln!(lines, "unix:{}", Name::of(pathname.as_path())),
        (None, None) => writeln!(lines, "unix:{address}"),
    };
}

/// Where it is told what others do, in a line.
fn say_monitor(listener: &Listener, lines: &mut String) {
    let mut places = String::new();
    say(listener, &mut places);
    for place in places.lines() {
        let page = if place.starts_with("http:") { "metrics" } else { "" };
        let _ = writeln!(lines, "metrics {place}{page}");
    }
}
