//! What is found in a form.

use super::part::Part;

/// What a [`Parser`](super::Parser) has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'b> {
    /// All of the input was used. More must come, or the end.
    NeedMore,
    /// A part begins. Its content follows, unless [`Parser::skip_part`](super::Parser::skip_part) is called.
    Part(Part<'b>),
    /// A piece of the live part's content, never empty: a part of the input, or, where bytes of an earlier input looked like a
    /// delimiter and were none, up to 74 bytes that the parser knows by itself. All of it is used.
    Body(&'b [u8]),
    /// The live part is complete. Comes also for a part that is skipped.
    PartEnd,
}
