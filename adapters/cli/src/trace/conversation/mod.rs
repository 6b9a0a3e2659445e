//! The messages of HTTP/1 in both directions of a connection, read by the core from the bytes that a capture shows.
//!
//! A `Stream` of the tracker puts each direction in order. A fresh connection of the core reads each message, so that nothing
//! needs to be answered: a server's reads a request, a client's that has made the request reads the response. What is no HTTP
//! breaks the grammar at its first bytes; then the direction is not read, until a segment begins with what looks like a message.
//!
//! Bytes that were not captured are read as zeros: in content they do no harm, and anywhere else they break the grammar.

mod direction;
mod message;

use alloc::collections::VecDeque;

use wirenut::http::{ClientConnection, ServerConnection};
use wirenut::tcp::segment::Segment;
use wirenut::tcp::tracker::{Observed, Side};

use self::direction::{Direction, Reader};
use self::message::{Asked, LIMITS, shown};

/// So many messages are named in one segment.
const MAX_MESSAGES: usize = 16;
/// So many directions may keep bytes behind gaps at a time.
const MAX_REORDERED: usize = 256;

/// What all conversations share.
pub(super) struct Buffers {
    /// Where heads lie that come in pieces, while they are read.
    store: Vec<u8>,
    /// How many more streams may have a buffer for what comes ahead.
    left: usize,
}

impl Default for Buffers {
    fn default() -> Self {
        Self { store: vec![0; LIMITS.store_bytes()], left: MAX_REORDERED }
    }
}

/// Both directions of a connection.
#[derive(Debug)]
pub(super) struct Conversation {
    requests: Direction<ServerConnection>,
    responses: Direction<ClientConnection>,
    /// The requests that have no response yet.
    asked: VecDeque<Asked>,
}

/// What the readers share: the requests that have no response yet, the names that were found, and memory.
struct Shared<'s> {
    asked: &'s mut VecDeque<Asked>,
    names: Vec<Box<str>>,
    buffers: &'s mut Buffers,
}

impl Conversation {
    /// A connection whose beginning was captured, or not: then it is read from the first segment on that begins with a message.
    pub(super) fn new(is_whole: bool) -> Self {
        Self { requests: Direction::new(is_whole), responses: Direction::new(is_whole), asked: VecDeque::new() }
    }

    /// The first lines of the messages whose heads are complete with this segment.
    pub(super) fn segment(
        &mut self,
        observed: &Observed,
        segment: &Segment<'_>,
        buffers: &mut Buffers,
    ) -> Vec<Box<str>> {
        let mut shared = Shared { asked: &mut self.asked, names: Vec::new(), buffers };
        match observed.sender {
            Side::Client => {
                self.responses.acknowledged(observed, segment, &mut shared);
                self.requests.segment(observed, segment, &mut shared);
            }
            Side::Server => {
                self.requests.acknowledged(observed, segment, &mut shared);
                self.responses.segment(observed, segment, &mut shared);
            }
        }
        if matches!(self.responses.reader, Reader::Tunnel) {
            self.requests.reader = Reader::Tunnel;
        }
        shared.names
    }

    /// Gives back what was lent to it.
    pub(super) fn end(self, buffers: &mut Buffers) {
        buffers.left += usize::from(self.requests.has_buffer()) + usize::from(self.responses.has_buffer());
    }
}

impl Shared<'_> {
    fn name(&mut self, line: &[u8]) {
        if self.names.len() < MAX_MESSAGES {
            self.names.push(shown(line));
        } else if self.names.len() == MAX_MESSAGES {
            self.names.push("and more".into());
        }
    }
}
