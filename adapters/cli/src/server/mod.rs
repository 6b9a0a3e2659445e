//! What the servers of this command have in common: listen, say where, run until told to stop.
//!
//! | module | what lives there |
//! |---|---|
//! | `options` | what each server is told |
//! | `combination` | options that contradict each other |
//! | `flows` | the parts of a service, each in a thread or a process of its own |
//! | `supervisor` | what signals tell the service, and the process that goes on in its place |

mod combination;
mod flows;
mod options;
mod supervisor;

use core::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::thread;

use wirenut::http::service::Service;
use wirenut_linux::Error;
use wirenut_linux::process::{User, become_user, change_root, forbid_new_privileges};
use wirenut_server::life::Life;
use wirenut_server::{Server, Transfer};

pub use combination::Combination;
pub(crate) use flows::Part;
use flows::{Flows, How, Mode};
pub use options::{LifeOptions, ModelName, ModelOptions, PollerName, Seconds, ServerOptions};
pub(crate) use options::{permissions, socket_mode};

use supervisor::Supervisor;

use crate::failure::Failure;
use crate::listen::{End, Listener, Opener, Place, urls};
use crate::log::{self, Lines, Name, Writer};

/// All that listens.
#[derive(Debug)]
pub struct Listening {
    life: Life,
    listeners: Vec<Listener>,
    forks: bool,
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
    let (life, passed) = Life::begin()?;
    let permissions = permissions(mode, places).map_err(Failure::Combination)?;
    let mut opener = Opener::new(passed, life.is_successor(), permissions);
    let mut listeners = Vec::new();
    for place in places {
        listeners.append(&mut opener.open(place, config, takes_datagrams)?);
    }
    opener.finish()?;
    Ok(Listening { life, listeners, forks: options.model.model.forks() })
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
        End::Streams(server) => Some(part(server, move |server| server.run(service).map(drop))),
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
    let Listening { life, listeners, forks } = listening;
    let writer = if forks { Writer::Process } else { Writer::Thread };
    log::write_errors_to_standard_error(writer).map_err(log_failed)?;
    if let Err(error) = wirenut_linux::raise_descriptor_limit() {
        ::log::warn!("cannot raise the limit of open descriptors: {error}");
    }
    let mut said = String::new();
    let (mut parts, mut sockets) = (Vec::new(), Vec::new());
    for listener in listeners {
        say(&listener, &mut said);
        let Listener { end, pathname, name } = listener;
        let socket: OwnedFd = match &end {
            End::Streams(server) => server.listener().try_clone()?.into(),
            End::Datagrams(socket) => socket.try_clone()?.into(),
        };
        sockets.push((name, socket));
        parts.extend(part(end));
        pathname.into_iter().for_each(|pathname| life.keep(pathname));
    }
    let mut supervisor = Supervisor::new(&life, sockets)?;
    let mut flows = Flows::new(&mut supervisor)?;
    // From now on nobody else accepts.
    life.ready()?;
    thread::scope(|scope| {
        let live = || {
            if forks {
                flows.start_processes(parts, &mut supervisor, &|| lines.into_iter().for_each(Lines::let_go))?;
                writer.begin().and_then(|()| lines.map_or(Ok(()), Lines::begin)).map_err(log_failed)?;
            } else {
                parts.into_iter().try_for_each(|part| flows.start_thread(part, scope))?;
            }
            // Not `print!`, which panics where standard output is closed.
            let _ = io::stdout().write_all(said.as_bytes());
            supervisor.supervise(&mut flows, || reload(lines))
        };
        let outcome = live();
        if outcome.is_err() {
            // What has begun is not left running.
            flows.stop(How::Now);
        }
        outcome
    })
}

fn log_failed(error: io::Error) -> Failure {
    Failure::System { what: "begin the log", error }
}

fn reload(lines: Option<&Lines>) {
    if let Some(Err((path, error))) = lines.map(Lines::reopen) {
        ::log::warn!("{}", Failure::LogFile { path: path.into(), error });
    }
}

/// A server as a part.
pub(crate) fn part<'s>(server: Server, run: impl FnOnce(Server) -> Result<(), Error> + Send + 's) -> Part<'s> {
    let (place, stopper) = (server.address().to_string(), server.stopper());
    let stop = move |how| match how {
        How::HandOver => stopper.hand_over(),
        How::Drain => stopper.stop(),
        How::Now => stopper.stop_now(),
    };
    let run = move |mode| {
        let mut server = server;
        if mode == Mode::Process {
            server.stop_on_signals()?;
        }
        run(server)
    };
    Part { place, stop: Box::new(stop), run: Box::new(run) }
}

/// Where HTTP is spoken, in lines.
fn say(listener: &Listener, lines: &mut String) {
    let address = match &listener.end {
        End::Streams(server) => server.address(),
        End::Datagrams(_) => return,
    };
    // A `String` takes anything.
    let _ = match (address.internet(), &listener.pathname) {
        (Some(address), _) => urls(address).iter().try_for_each(|url| writeln!(lines, "{url}")),
        (None, Some(pathname)) => writeln!(lines, "unix:{}", Name::of(pathname.as_path())),
        (None, None) => writeln!(lines, "unix:{address}"),
    };
}
