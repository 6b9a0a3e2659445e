//! What the service manager hears of a service: sd_notify(3), sd_watchdog_enabled(3).

use core::fmt;
use std::env;
use std::io;

use wirenut::time::Duration;
use wirenut_linux::Error;
use wirenut_linux::monotonic_time;
use wirenut_linux::socket::{Attempt, Connected, Datagram, Mode, Socket, UnixAddress};

/// The way to the service manager that has started this process, such as systemd (`Type=notify`). Without one, everything here
/// does nothing.
///
/// The socket is connected when this is made, so a change of the root directory afterwards does no harm. A message never waits:
/// where the manager does not read, it is an error.
///
/// Only the main process of a unit is heard, unless the unit says `NotifyAccess=all`. A child that was forked says nothing.
///
/// ```
/// use wirenut_server::life::Notifier;
/// let notifier = Notifier::from_environment()?; // NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID
/// notifier.ready()?;
/// notifier.status("serving 3 sites")?;
/// # Ok::<(), wirenut_server::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Notifier {
    socket: Option<Socket<Datagram, Connected>>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// The one whose socket the environment names: `NOTIFY_SOCKET`, an absolute path, or `@` and an abstract name.
    ///
    /// # Errors
    /// The variable is no such address (`Unsupported`: systemd has others, for virtual machines), or nobody has a socket there.
    pub fn from_environment() -> Result<Self, Error> {
        let Some(address) = env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty()) else {
            return Ok(Self::default());
        };
        let address = address.to_string_lossy();
        let connect = || {
            let socket = Socket::datagram()?.connect(&address_of(&address)?)?;
            socket.set_mode(Mode::NonBlocking)?;
            Ok(socket)
        };
        let socket = connect().map_err(|error: Error| error.attributed_to("notify", &address))?;
        let variable = |name| env::var(name).ok();
        let own_id = std::process::id().to_string();
        let watchdog = watchdog(variable("WATCHDOG_USEC").as_deref(), variable("WATCHDOG_PID").as_deref(), &own_id);
        Ok(Self { socket: Some(socket), watchdog })
    }

    /// True if a service manager listens.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.socket.is_some()
    }

    /// `READY=1`: the service has started, or has loaded its configuration anew.
    ///
    /// # Errors
    /// The manager is gone, or does not read (`WouldBlock`).
    pub fn ready(&self) -> Result<(), Error> {
        self.tell("READY=1")
    }

    /// `RELOADING=1`, with the time (`MONOTONIC_USEC`) by which `Type=notify-reload` knows the reload that it has asked for:
    /// the service loads its configuration anew, and says [`Self::ready`] when that is done, in whatever way it went.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub fn reloading(&self) -> Result<(), Error> {
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", monotonic_time().as_micros()))
    }

    /// `STOPPING=1`: the service ends by itself, or as it was asked to.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub fn stopping(&self) -> Result<(), Error> {
        self.tell("STOPPING=1")
    }

    /// `STATUS=`: one line for people, as `systemctl status` shows it. Controls in it become spaces.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub fn status(&self, line: &str) -> Result<(), Error> {
        self.tell(&format!("STATUS={}", line.replace(char::is_control, " ")))
    }

    /// `MAINPID=`: another process is the service's main process from now on, and heard in place of this one.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub fn main_process(&self, id: u32) -> Result<(), Error> {
        self.tell(&format!("MAINPID={id}"))
    }

    /// `WATCHDOG=1`: the service is alive. See [`Self::watchdog`].
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub fn alive(&self) -> Result<(), Error> {
        self.tell("WATCHDOG=1")
    }

    /// Within what time the manager wants to hear [`Self::alive`], again and again, or else takes the service for hung and ends
    /// it (`WatchdogSec=`). Twice in that time is advised. `None`: it does not watch this process.
    #[must_use]
    pub const fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    fn tell(&self, message: &str) -> Result<(), Error> {
        let Some(socket) = &self.socket else { return Ok(()) };
        let failed = |error: Error| error.attributed_to("tell the service manager", &Shown(message));
        match socket.send_message(message.as_bytes()).map_err(failed)? {
            Attempt::Done(()) => Ok(()),
            Attempt::WouldBlock => Err(failed(Error::new("send", io::ErrorKind::WouldBlock.into()))),
        }
    }
}

/// The first line of a message.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.lines().next().unwrap_or_default())
    }
}

fn address_of(text: &str) -> Result<UnixAddress, Error> {
    match text.strip_prefix('@') {
        Some(name) => UnixAddress::abstract_name(name.as_bytes()),
        None if text.starts_with('/') => UnixAddress::pathname(text),
        None => Err(Error::new("use the address", io::ErrorKind::Unsupported.into())),
    }
}

/// Of the variables. Without a process id, they are for whoever sees them.
fn watchdog(microseconds: Option<&str>, process: Option<&str>, own_id: &str) -> Option<Duration> {
    let is_meant = process.is_none_or(|process| process == own_id);
    let microseconds = microseconds?.parse().ok().filter(|microseconds| *microseconds > 0 && is_meant);
    microseconds.map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_for_one_process() {
        let micros = |microseconds| Some(Duration::from_micros(microseconds));
        for (microseconds, process, expected) in [
            (Some("30000000"), None, micros(30_000_000)),
            (Some("5"), Some("7"), micros(5)),
            (Some("5"), Some("8"), None),
            (Some("5"), Some(""), None),
            (Some("0"), None, None),
            (Some("x"), None, None),
            (Some("-1"), None, None),
            (None, Some("7"), None),
        ] {
            assert_eq!(watchdog(microseconds, process, "7"), expected, "{microseconds:?} {process:?}");
        }
    }

    #[test]
    fn addresses_are_paths_or_abstract() {
        assert_eq!(address_of("@a/b").unwrap().as_abstract_name(), Some(&b"a/b"[..]));
        assert_eq!(address_of("/run/x").unwrap().as_pathname(), Some("/run/x".as_ref()));
        for text in ["vsock:2:1234", "relative/path"] {
            assert_eq!(address_of(text).unwrap_err().kind(), io::ErrorKind::Unsupported, "{text}");
        }
    }
}
