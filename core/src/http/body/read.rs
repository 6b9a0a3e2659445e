//! Reads the content of a message, and what frames it.

use crate::http::error::Rule;
use crate::http::flags::Flags;
use crate::http::grammar::incoming::Incoming;
use crate::http::grammar::machine::Machine;
#[cfg(feature = "quick")]
use crate::http::grammar::quick;
use crate::http::grammar::state::State;
use crate::http::limits::Limits;
use crate::http::message::fields::Fields;

/// What was found behind the bytes that were consumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// Nothing more without more bytes.
    NeedMore,
    /// Nothing is taken for now.
    Paused,
    /// Nothing more will be taken.
    Closed,
    /// A head, complete.
    Head,
    /// Content, which is not consumed.
    Content,
    /// The end of the content.
    End,
}

impl Machine {
    /// Reads on: consumes framing, and returns what follows it: [`Found::NeedMore`], [`Found::Content`] or [`Found::End`];
    /// or the rule that the byte behind it breaks.
    #[inline]
    pub(crate) fn read_content(&mut self, limits: &Limits, incoming: &mut Incoming<'_, '_>) -> Result<Found, Rule> {
        if self.state == State::End {
            return Ok(Found::End);
        }
        #[cfg(feature = "quick")]
        incoming.consume(quick::chunk_framing(self, limits, incoming.rest));
        self.read(limits, incoming)?;
        let has_ended = self.state == State::UntilClose && self.flags.has(Flags::EOF);
        Ok(if self.state == State::SectionDone {
            self.state = State::End;
            Found::End
        } else if !incoming.rest.is_empty() {
            // Only content leaves bytes.
            Found::Content
        } else if has_ended {
            Found::End
        } else {
            Found::NeedMore
        })
    }

    /// What of `rest` is content, behind the framing that was read.
    #[inline]
    pub(crate) fn content<'b>(&self, rest: &'b [u8]) -> &'b [u8] {
        let most = if self.state == State::UntilClose {
            usize::MAX
        } else {
            usize::try_from(self.length).unwrap_or(usize::MAX)
        };
        rest.get(..most).unwrap_or(rest)
    }

    /// The trailer fields of content that has ended.
    pub(crate) fn trailers<'s>(&self, limits: &Limits, store: &'s [u8]) -> Fields<'s> {
        if self.flags.has(Flags::TRAILERS) {
            Fields::validated(self.lines(store), limits.field_filter)
        } else {
            Fields::EMPTY
        }
    }
}
