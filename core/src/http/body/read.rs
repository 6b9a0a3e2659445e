//! Reads the content of a message, and what frames it.

use crate::http::error::Rule;
use crate::http::grammar::machine::Machine;
use crate::http::grammar::state::State;
use crate::http::limits::Limits;
use crate::http::message::fields::Fields;

/// What was found.
pub(crate) enum Piece<'b> {
    /// Nothing more without more bytes.
    NeedMore,
    /// Content, never empty. It is consumed by [`Machine::take_content`].
    Data(&'b [u8]),
    /// The end, with the trailer fields.
    End(Fields<'b>),
}

impl Machine {
    /// Reads on. Returns how many bytes of framing were consumed, and what follows them; or the rule that the byte behind
    /// them breaks. `has_ended`: nothing comes behind `input`.
    #[inline]
    pub(crate) fn read_content<'b>(
        &mut self,
        limits: &Limits,
        has_ended: bool,
        input: &'b [u8],
        store: &'b mut [u8],
    ) -> (usize, Result<Piece<'b>, Rule>) {
        #[cfg(feature = "quick")]
        let quick = super::super::quick::chunk_framing(self, limits, input);
        #[cfg(not(feature = "quick"))]
        let quick = 0;
        let (used, read) = self.read(limits, input.get(quick..).unwrap_or(&[]), store);
        let used = quick.saturating_add(used);
        if let Err(rule) = read {
            return (used, Err(rule));
        }
        let rest = input.get(used..).unwrap_or(&[]);
        let piece = if self.state == State::End {
            Piece::End(Fields::EMPTY)
        } else if self.state == State::SectionDone {
            self.state = State::End;
            Piece::End(Fields::validated(self.lines(store), limits.field_filter))
        } else if rest.is_empty() {
            let is_end = self.state == State::UntilClose && has_ended;
            if is_end { Piece::End(Fields::EMPTY) } else { Piece::NeedMore }
        } else if self.state == State::UntilClose {
            Piece::Data(rest)
        } else {
            // Only content leaves bytes.
            Piece::Data(usize::try_from(self.length).ok().and_then(|most| rest.get(..most)).unwrap_or(rest))
        };
        (used, Ok(piece))
    }
}
