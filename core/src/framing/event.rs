//! The contract of decoders.

use core::num::NonZeroUsize;

use super::error::Rule;

/// What a decoder finds in the next bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'b> {
    /// All of the input was taken. Call again when more has come: so many bytes at least are missing, where that is known.
    NeedMore(Option<NonZeroUsize>),
    /// The next bytes of the message, at least one. They lie in the input, or are constants.
    Piece(&'b [u8]),
    /// The message is complete. It may be empty.
    End,
    /// The message is void, and so are all its pieces. The next one begins at a place that the decoder has found, or will
    /// find.
    Void(Rule),
}

/// What the end of the stream means for the message in progress.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Tail {
    /// There is none: the stream ended between two messages.
    Nothing,
    /// It is complete: the end of the stream ends it.
    Complete,
    /// It is void.
    Void(Rule),
}

/// Finds messages in a stream of bytes.
///
/// ```
/// use wirenut::framing::{Decoder, Event, Lines};
/// let mut lines = Lines::new();
/// assert_eq!(lines.decode(b"one\ntwo"), Ok((3, Event::Piece(b"one"))));
/// assert_eq!(lines.decode(b"\ntwo"), Ok((1, Event::End)));
/// assert_eq!(lines.decode(b"two"), Ok((3, Event::Piece(b"two"))));
/// assert_eq!(lines.decode(b""), Ok((0, Event::NeedMore(None))));
/// assert_eq!(lines.decode(b"\n"), Ok((1, Event::End)));
/// ```
pub trait Decoder {
    /// Why the stream is lost. [`Infallible`](core::convert::Infallible) where the decoder finds the next message by itself.
    type Error: Into<Rule> + Copy;

    /// Reads on. Returns how many bytes of the input were used, which are not given again, and the next event. After
    /// anything but [`Event::NeedMore`], call again with the rest, also if there is none.
    ///
    /// # Errors
    /// Nobody can tell where the next message begins. The bytes up to the one that is wrong were used; the decoder must not be
    /// called again.
    fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Self::Error>>;

    /// Has something come of a message, or of what is void, that has not ended? What may stand between two messages, such as
    /// the flags that HDLC sends while it is idle, is neither.
    fn is_within(&self) -> bool;

    /// The stream has ended. Called once, after [`Event::NeedMore`].
    fn handle_eof(&mut self) -> Tail;
}

/// The stream is lost at a byte of the input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost<E> {
    /// Why.
    pub error: E,
    /// The byte of the input that is wrong.
    pub at: usize,
}

/// Nothing is broken where nothing can be.
impl From<core::convert::Infallible> for Rule {
    fn from(never: core::convert::Infallible) -> Self {
        match never {}
    }
}
