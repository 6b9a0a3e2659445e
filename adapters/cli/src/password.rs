//! `wirenut hash-password`: from a password to what `--auth` takes.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::failure::Failure;
use crate::serve::auth::PasswordHash;

/// The longest password, in bytes: what a client sends of it must fit into the head of a request.
const LONGEST: usize = 1024;

/// The arguments of `wirenut hash-password`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut hash-password ann                        asks for the password, and prints 'ann:$argon2id$...'
  wirenut hash-password ann >> users               a line of a file for 'wirenut serve --auth-file users'
  pwgen 20 1 | tee password | wirenut hash-password ann")]
pub struct HashPasswordArguments {
    /// The user, who is printed before the hash, with a colon between them
    #[arg(value_name = "USER", value_parser = user)]
    pub user: Option<String>,
}

fn user(text: &str) -> Result<String, &'static str> {
    let is_user = !text.is_empty() && !text.contains(|sign: char| sign == ':' || sign.is_control());
    // In a file of users such a line would be a comment, or of somebody else.
    let is_line = !text.starts_with('#') && text.trim() == text;
    (is_user && is_line)
        .then(|| text.to_owned())
        .ok_or("expected a name without a colon, and without '#' or a space around it")
}

/// Reads a password, twice and unseen where somebody types it, and prints its hash.
///
/// # Errors
/// [`Failure::Password`]: the two differ, or there is none. [`Failure::System`].
pub fn hash_password(arguments: &HashPasswordArguments) -> Result<(), Failure> {
    let password = if io::stdin().is_terminal() { typed() } else { line() }?;
    let failed = |error| Failure::System { what: "hash the password", error };
    let hash = PasswordHash::make(&check(password)?).map_err(failed)?;
    let user = arguments.user.as_ref().map_or_else(String::new, |user| format!("{user}:"));
    let written = writeln!(io::stdout(), "{user}{hash}").and_then(|()| io::stdout().flush());
    written.map_err(|error| Failure::Write { path: "standard output".into(), error })
}

fn check(mut password: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if password.last() == Some(&b'\n') {
        password.pop();
    }
    match password.as_slice() {
        [] => Err(Failure::Password("it is empty")),
        long if long.len() > LONGEST => Err(Failure::Password("it is longer than 1024 bytes")),
        // RFC 7617 §2. Ctrl-C among it.
        other if other.iter().any(u8::is_ascii_control) => Err(Failure::Password("it has a control character in it")),
        _ => Ok(password),
    }
}

/// The first line of standard input.
fn line() -> Result<Vec<u8>, Failure> {
    let mut line = Vec::new();
    let read = io::stdin().lock().take(LONGEST as u64 + 2).read_until(b'\n', &mut line);
    read.map_err(|error| Failure::Read { path: "standard input".into(), error })?;
    Ok(line)
}

/// Asks somebody at a terminal, until the two are the same or none is given.
fn typed() -> Result<Vec<u8>, Failure> {
    let first = ask("Password: ")?;
    if ask("The same again: ")? == first { Ok(first) } else { Err(Failure::Password("the two differ")) }
}

fn ask(question: &str) -> Result<Vec<u8>, Failure> {
    let _ = write!(io::stderr(), "{question}");
    let failed = |error: rustix::io::Errno| Failure::System { what: "switch the terminal", error: error.into() };
    let hidden = Hidden::new().map_err(failed)?;
    let line = line();
    drop(hidden);
    let _ = writeln!(io::stderr());
    line
}

/// The terminal does not show what is typed, until this is dropped. Ctrl-C is a character meanwhile: as a signal it would
/// leave the terminal so.
struct Hidden(Termios);

impl Hidden {
    fn new() -> rustix::io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
