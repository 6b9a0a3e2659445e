//! Datagrams, each of which goes back to where it came from, unless that looks like another echo.

use std::io;
use std::time::Instant;

use wirenut_linux::Error;
use wirenut_linux::socket::AnyAddress;
use wirenut_server::datagram::DatagramHandler;

use super::repeats::{self, MAX, Repeats, Verdict};

/// Ports below are those of services. Another echo among them, or a service that answers anything, would answer for ever.
const FIRST_CLIENT_PORT: u16 = 1024;

/// Sends datagrams back.
pub(super) struct Datagrams {
    repeats: Repeats,
    begun: Instant,
}

impl Datagrams {
    /// # Errors
    /// The system has no memory or no descriptor left.
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self { repeats: Repeats::new()?, begun: Instant::now() })
    }
}

impl DatagramHandler for Datagrams {
    fn verify(&self, datagram: &[u8], peer: &AnyAddress) -> bool {
        if peer.internet().is_some_and(|address| address.port() < FIRST_CLIENT_PORT) {
            return false;
        }
        match self.repeats.count(&peer.to_string(), datagram, self.begun.elapsed()) {
            Verdict::Send => true,
            Verdict::Keep => false,
            Verdict::KeepFirst => {
                let seconds = repeats::WINDOW.as_secs();
                log::warn!(
                    "{peer}: the same datagram came {MAX} times in {seconds} s, and is not sent back any more: another echo?"
                );
                false
            }
        }
    }

    fn handle(&self, datagram: &[u8], _: &AnyAddress) -> io::Result<Option<Vec<u8>>> {
        Ok(Some(datagram.to_vec()))
    }
}
