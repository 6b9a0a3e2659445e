//! What the firmwares that fetch share: where to, what to ask within, and what to tell of it.
//!
//! The URL comes by the command line that QEMU gives to a program, and the outcome goes to QEMU's standard output.

use core::fmt::Display;
use core::net::SocketAddrV4;

use semihosting::experimental::env;
use semihosting::{eprintln, println, process};
use wirenut::http::{FieldFilter, Limits, Method, Request};
use wirenut_reference::Crc32;

/// What is kept of the head of an answer: nothing is asked of it but its first line.
const FILTER: FieldFilter = FieldFilter { names: &[], bytes: 237 };

/// Heads of several KiB are read, as the interest allows.
pub const LIMITS: Limits = Limits { head_bytes: 8 * 1024, field_filter: Some(&FILTER), ..Limits::DEFAULT };

/// The words by which the firmware was started.
pub type CommandLine = env::Args<512>;

/// What QEMU says that they are.
pub fn command_line() -> CommandLine {
    env::args().unwrap_or_else(|_| fail("no command line"))
}

/// What is fetched, and where from.
pub struct Url<'a> {
    /// The address and port that it names. There is no DNS here.
    pub server: SocketAddrV4,
    host: &'a str,
    target: &'a str,
}

impl<'a> Url<'a> {
    /// The URL that the command line names. Where there is none, this ends QEMU with a failure.
    #[must_use]
    pub fn of(line: &'a CommandLine) -> Self {
        // Before it stands the name of the program.
        let text = { line }.nth(1).and_then(Result::ok);
        text.and_then(Self::parse).unwrap_or_else(|| fail("no URL of the form http://10.0.2.2:8080/path"))
    }

    fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("http://")?;
        let (host, target) = rest.split_at(rest.find('/')?);
        Some(Self { server: host.parse().ok()?, host, target })
    }

    /// The request for it, as the only one of a connection.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        Request::new(Method::Get, self.target, self.host).closing()
    }
}

/// What has come of a content.
pub struct Content {
    length: u64,
    crc: Crc32,
}

impl Content {
    /// Nothing yet.
    pub const EMPTY: Self = Self { length: 0, crc: Crc32::EMPTY };

    /// The next piece, which is forgotten.
    pub fn add(&mut self, piece: &[u8]) {
        self.length += piece.len() as u64;
        self.crc.update(piece);
    }

    /// It is complete: says what it was, and ends QEMU successfully.
    pub fn tell(&self) -> ! {
        println!("{} bytes, CRC-32 {:08x}", self.length, self.crc.value());
        process::exit(0)
    }
}

/// Says why there is no content, and ends QEMU with a failure.
pub fn fail(why: impl Display) -> ! {
    eprintln!("fetch: {why}");
    process::exit(1)
}
