//! A password that is asked for on the terminal, without an echo.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::failure::GetFailure;
use super::interrupt::Interrupt;
use super::patience::Patience;
use crate::log::Name;

/// A line of so many bytes may have been longer: a terminal drops what comes behind them (termios(3), canonical mode).
const MAX_LINE: usize = 4095;

/// The terminal as it was, while it is changed.
static BEFORE: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// Gives the terminal its echo back, if it was taken.
pub(super) fn restore() {
    if let Some((terminal, before)) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // There is nothing else to try.
        let _ = tcsetattr(&terminal, OptionalActions::Flush, &before);
    }
}

/// Asks for the password of a user.
pub(super) fn ask(user: &str, interrupt: &Interrupt) -> Result<String, GetFailure> {
    let failed = GetFailure::Password;
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(failed)?;
    let before = tcgetattr(&terminal).map_err(|errno| failed(errno.into()))?;
    let mut silent = before.clone();
    silent.local_modes -= LocalModes::ECHO;
    let copy = terminal.try_clone().map_err(failed)?;
    *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some((copy, before));
    let asked = tcsetattr(&terminal, OptionalActions::Flush, &silent)
        .map_err(|errno| failed(errno.into()))
        .and_then(|()| write!(terminal, "Password of '{}': ", Name(user.as_bytes())).map_err(failed))
        .and_then(|()| read_line(&terminal, interrupt));
    restore();
    // The end of the line had no echo, either.
    let _ = terminal.write_all(b"\n");
    asked
}

fn read_line(terminal: &File, interrupt: &Interrupt) -> Result<String, GetFailure> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    let mut terminal = Patience { deadline: None, interrupt }.watch(terminal);
    let unusable = |why: String| GetFailure::Password(io::Error::other(why));
    while line.len() < MAX_LINE {
        match terminal.read(&mut byte) {
            Ok(count) if count == 0 || byte == *b"\n" => {
                return String::from_utf8(line).map_err(|_| unusable("it is not UTF-8".into()));
            }
            Ok(_) => line.extend_from_slice(&byte),
            Err(_) if interrupt.cancel().is_cancelled() => return Err(GetFailure::Quiet),
            Err(error) => return Err(GetFailure::Password(error)),
        }
    }
    Err(unusable(format!("a terminal takes no more than {} bytes of it", MAX_LINE - 1)))
}
