//! What a drawing of a connection needs: its segments, in bounded number.

use core::fmt;

use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Segment};
use wirenut::tcp::state::State;
use wirenut::tcp::tracker::{Anomalies, Observed, Side, Sides};
use wirenut::time::{Duration, Instant};

use super::conversation::{Buffers, Conversation};
use super::record::Record;

/// Which connections are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Selection {
    None,
    All,
    /// That of this number, from 1.
    One(usize),
}

impl Selection {
    pub(super) fn has(self, number: usize) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::One(one) => one == number,
        }
    }
}

/// A segment, as it is drawn.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) time: Instant,
    pub(super) sender: Side,
    pub(super) flags: Flags,
    /// Counted from the first one of its sender that was captured.
    sequence: u32,
    acknowledgment: u32,
    length: usize,
    /// The first lines of the HTTP messages whose heads end in this segment.
    pub(super) messages: Box<[Box<str>]>,
    pub(super) anomalies: Anomalies,
    pub(super) before: Sides<State>,
    pub(super) states: Sides<State>,
    pub(super) round_trip: Option<Duration>,
}

/// The segments of one connection that are drawn.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    pub(super) events: Vec<Event>,
    /// How many of its segments are not drawn, because there are too many.
    pub(super) left_out: u64,
    /// None once no more messages are named.
    conversation: Option<Box<Conversation>>,
}

impl Drawing {
    pub(super) fn new(is_whole: bool) -> Self {
        Self { conversation: Some(Box::new(Conversation::new(is_whole))), ..Self::default() }
    }

    pub(super) fn add(
        &mut self,
        time: Instant,
        observed: &Observed,
        segment: &Segment<'_>,
        record: &Record,
        buffers: &mut Buffers,
    ) {
        let relative =
            |number: SequenceNumber, side: Side| record.traffic.of(side).first.map_or(0, |first| number.since(first));
        let messages = match &mut self.conversation {
            Some(conversation) => conversation.segment(observed, segment, buffers),
            None => Vec::new(),
        };
        self.events.push(Event {
            time,
            sender: observed.sender,
            flags: segment.flags(),
            sequence: relative(segment.sequence(), observed.sender),
            acknowledgment: relative(segment.acknowledgment(), observed.sender.other()),
            length: segment.payload().length(),
            messages: messages.into(),
            anomalies: observed.anomalies,
            before: observed.before,
            states: observed.states,
            round_trip: observed.round_trip,
        });
        let is_over = |state| matches!(state, State::Closed | State::TimeWait);
        if is_over(observed.states.client) && is_over(observed.states.server) {
            self.end(buffers);
        }
    }

    /// No more messages are named: returns its buffers.
    pub(super) fn end(&mut self, buffers: &mut Buffers) {
        if let Some(conversation) = self.conversation.take() {
            conversation.end(buffers);
        }
    }
}

impl Event {
    pub(super) const fn has_data(&self) -> bool {
        self.length > 0
    }
}

impl fmt::Display for Event {
    /// Its flags and numbers: `PSH ACK seq 1 ack 1 len 32`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} seq {}", self.flags, self.sequence)?;
        if self.flags.intersects(Flags::ACK) {
            write!(f, " ack {}", self.acknowledgment)?;
        }
        if self.length > 0 {
            write!(f, " len {}", self.length)?;
        }
        Ok(())
    }
}
