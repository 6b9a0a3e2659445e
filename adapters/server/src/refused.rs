//! Connections that were turned away: each is answered 503, and stays for a moment.

use alloc::collections::VecDeque;
use std::net::Shutdown;

use wirenut::time::{Duration, Instant};
use wirenut_linux::socket::{Received, TcpStream};

/// How long one stays open, so that what its peer still sends does not reset it before the peer has read why.
const STAY: Duration = Duration::from_secs(1);

/// How many there are at most. The oldest one goes first.
const MAX_STAYING: usize = 32;

const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Those that stay, the oldest first.
#[derive(Default)]
pub(crate) struct Refused {
    staying: VecDeque<(TcpStream, Instant)>,
}

impl Refused {
    /// Answers 503 and ends our direction, as far as that can be done at once.
    pub(crate) fn refuse(&mut self, stream: TcpStream, now: Instant) {
        discard(&stream);
        // A peer that is gone already has no use for it.
        let _ = stream.send(ANSWER).and_then(|_| stream.shutdown(Shutdown::Write));
        if self.staying.len() == MAX_STAYING {
            self.close_oldest();
        }
        self.staying.push_back((stream, now.saturating_add(STAY)));
    }

    /// Closes those that have stayed for long enough.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while self.poll_timeout().is_some_and(|until| until <= now) {
            self.close_oldest();
        }
    }

    /// When [`Self::handle_timeout`] is to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.staying.front().map(|(_, until)| *until)
    }

    /// Closes the oldest one before its time. False if there is none.
    pub(crate) fn close_oldest(&mut self) -> bool {
        let oldest = self.staying.pop_front();
        oldest.map(|(stream, _)| discard(&stream)).is_some()
    }
}

/// Throws away what has come: closing a socket with something to read in it resets it.
fn discard(stream: &TcpStream) {
    let mut bytes = [0; 4096];
    for _ in 0..16 {
        if !matches!(stream.recv(&mut bytes), Ok(Received::Data(_))) {
            return;
        }
    }
}
