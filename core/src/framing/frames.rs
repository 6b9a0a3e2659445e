//! Whole messages, out of the pieces that a decoder finds.

use core::num::NonZeroUsize;

use super::encoder::{EncodeError, Encoder};
use super::error::{FrameError, Rule, Skipped};
use super::event::{Decoder, Event, Tail};
use super::trailer::{Checksum, NoTrailer};
use crate::bytes;

/// The next whole message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item<'b> {
    /// All of the input was taken. Call again when more has come: so many bytes at least are missing, where that is known.
    NeedMore(Option<NonZeroUsize>),
    /// A message: in the input, if it came in one piece, or in the store.
    Frame(&'b [u8]),
    /// A message that is not delivered.
    Skipped(Skipped),
}

/// What becomes of a message that is longer than the limit, or than the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Overlong {
    /// It is skipped, and told as such.
    #[default]
    Skip,
    /// Its beginning is given as a message, as much as there may be; the rest is skipped, and told as such. With a checksum,
    /// which nobody could check, all of it is skipped.
    Cut,
    /// The stream is given up.
    Fail,
}

/// Whole messages of a stream, with a checksum behind each if that is wanted: a codec, and how far it has come. The memory is
/// the caller's.
///
/// ```
/// use wirenut::framing::{Frames, Item, Lines, Overlong, Rule, Skipped};
/// let mut frames = Frames::new(Lines::new()).with_limit(4, Overlong::Cut);
/// let mut store = [0; 16];
/// let stream = b"one\nfortytwo\n";
/// assert_eq!(frames.receive(stream, &mut store)?, (4, Item::Frame(b"one")));
/// assert_eq!(frames.receive(&stream[4..], &mut store)?, (8, Item::Frame(b"fort")));
/// let skipped = Skipped { rule: Rule::TooLong, offset: 4, length: 9 };
/// assert_eq!(frames.receive(&stream[12..], &mut store)?, (1, Item::Skipped(skipped)));
/// # Ok::<(), wirenut::framing::FrameError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Frames<D, C = NoTrailer> {
    codec: D,
    checksum: C,
    limit: usize,
    overlong: Overlong,
    /// How many bytes of the message are in the store.
    stored: usize,
    state: State,
    /// How many bytes of the stream were used.
    offset: u64,
    /// The message began behind so many bytes.
    began: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// A message is read, or the next one is looked for.
    Reading,
    /// What comes up to the next message is too long, and passed over.
    Skipping,
    Lost(FrameError),
}

/// What one call came to.
enum Found {
    NeedMore(Option<NonZeroUsize>),
    End,
    /// A message is too long, and so many bytes of it are in the store.
    Cut(usize),
    Void(Rule),
}

impl<D> Frames<D> {
    /// Messages that are as long as the store at most.
    #[must_use]
    pub const fn new(codec: D) -> Self {
        Self {
            codec,
            checksum: NoTrailer,
            limit: usize::MAX,
            overlong: Overlong::Skip,
            stored: 0,
            state: State::Reading,
            offset: 0,
            began: 0,
        }
    }

    /// Each message has this checksum behind it, which is checked and taken off. It does not count for the limit, but the
    /// store must have room for it.
    #[must_use]
    pub fn with_trailer<C: Checksum>(self, checksum: C) -> Frames<D, C> {
        let Self { codec, limit, overlong, stored, state, offset, began, .. } = self;
        Frames { codec, checksum, limit, overlong, stored, state, offset, began }
    }
}

impl<D, C> Frames<D, C> {
    /// Messages have so many bytes at most, and no more than the store; and this becomes of longer ones.
    #[must_use]
    pub fn with_limit(self, limit: usize, overlong: Overlong) -> Self {
        Self { limit, overlong, ..self }
    }

    /// How many bytes at the front of the store must be there again with the next call.
    #[must_use]
    pub const fn stored(&self) -> usize {
        self.stored
    }

    /// Where the next message begins: so many bytes of the stream were of those before it, or were skipped. What stands between
    /// them counts for the one behind it.
    #[must_use]
    pub const fn began(&self) -> u64 {
        self.began
    }

    /// How many bytes of the stream were used.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }
}

impl<D: Decoder, C: Checksum> Frames<D, C> {
    /// Has something come of the next message, or of what is skipped? Not what may stand between two messages:
    /// [`Decoder::is_within`].
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.codec.is_within()
    }

    /// Reads on. Returns how many bytes of the input were used, which are not given again, and the next message. After
    /// anything but [`Item::NeedMore`], call again with the rest, also if there is none.
    ///
    /// `store` keeps messages that come in pieces. Lend the same bytes from call to call; there may be more of them each
    /// time, and not fewer.
    ///
    /// # Errors
    /// The stream is lost. Every later call returns the same error.
    pub fn receive<'b>(&mut self, input: &'b [u8], store: &'b mut [u8]) -> Result<(usize, Item<'b>), FrameError> {
        if let State::Lost(error) = self.state {
            return Err(error);
        }
        let mut used: usize = 0;
        // All of the message so far, where it lies in the input.
        let mut whole: Option<&'b [u8]> = None;
        let found = loop {
            let (count, event) = match self.codec.decode(bytes::from(input, used)) {
                Ok(decoded) => decoded,
                Err(lost) => return Err(self.lose(lost.error.into(), lost.at)),
            };
            used = used.saturating_add(count);
            self.offset = self.offset.saturating_add(as_u64(count));
            match event {
                Event::NeedMore(missing) => {
                    self.put_away(whole.take(), store);
                    break Found::NeedMore(missing);
                }
                Event::Piece(piece) => {
                    if let Some(length) = self.take(piece, &mut whole, store)? {
                        break Found::Cut(length);
                    }
                }
                Event::End => break Found::End,
                Event::Void(rule) => break Found::Void(rule),
            }
        };
        let item = match found {
            Found::NeedMore(missing) => Item::NeedMore(missing),
            Found::Cut(length) => Item::Frame(store.get(..length).unwrap_or_default()),
            Found::Void(rule) => Item::Skipped(self.skip(rule)),
            Found::End => {
                let message = whole.unwrap_or_else(|| store.get(..self.stored).unwrap_or_default());
                self.end(message)
            }
        };
        Ok((used, item))
    }

    /// The stream has ended. Call it once, after [`Item::NeedMore`]: the last message, if the end of the stream ends it, or what
    /// is skipped.
    ///
    /// ```
    /// use wirenut::framing::{Frames, Item, Lines};
    /// let (mut frames, mut store) = (Frames::new(Lines::new()), [0; 16]);
    /// assert_eq!(frames.receive(b"the last", &mut store)?, (8, Item::NeedMore(None)));
    /// assert_eq!(frames.handle_eof(&store), Some(Item::Frame(b"the last")));
    /// # Ok::<(), wirenut::framing::FrameError>(())
    /// ```
    pub fn handle_eof<'b>(&mut self, store: &'b [u8]) -> Option<Item<'b>> {
        if matches!(self.state, State::Lost(_)) {
            return None;
        }
        match self.codec.handle_eof() {
            Tail::Nothing => None,
            Tail::Complete => Some(self.end(store.get(..self.stored).unwrap_or_default())),
            Tail::Void(rule) => Some(Item::Skipped(self.skip(rule))),
        }
    }

    /// One more piece of the message. Some: it is to be cut, and so many bytes of it are in the store.
    fn take<'b>(
        &mut self,
        piece: &'b [u8],
        whole: &mut Option<&'b [u8]>,
        store: &mut [u8],
    ) -> Result<Option<usize>, FrameError> {
        if self.state == State::Skipping {
            return Ok(None);
        }
        let most = self.limit.saturating_add(C::LENGTH).min(store.len());
        let room = most.saturating_sub(whole.map_or(self.stored, <[u8]>::len));
        if piece.len() <= room {
            if whole.is_none() && self.stored == 0 {
                *whole = Some(piece);
            } else {
                self.put_away(whole.take(), store);
                self.put_away(Some(piece), store);
            }
            return Ok(None);
        }
        if self.overlong == Overlong::Fail {
            let behind = piece.len().saturating_sub(room);
            self.offset = self.offset.saturating_sub(as_u64(behind));
            return Err(self.lose(Rule::TooLong, 0));
        }
        self.state = State::Skipping;
        if self.overlong == Overlong::Skip || C::LENGTH > 0 {
            (self.stored, *whole) = (0, None);
            return Ok(None);
        }
        self.put_away(whole.take(), store);
        self.put_away(piece.get(..room), store);
        Ok(Some(core::mem::take(&mut self.stored)))
    }

    /// Copies to the store what there is room for.
    fn put_away(&mut self, piece: Option<&[u8]>, store: &mut [u8]) {
        let piece = piece.unwrap_or_default();
        let end = self.stored.saturating_add(piece.len());
        if let Some(place) = store.get_mut(self.stored..end) {
            place.copy_from_slice(piece);
            self.stored = end;
        }
    }

    /// The message is complete.
    fn end<'b>(&mut self, message: &'b [u8]) -> Item<'b> {
        if self.state == State::Skipping {
            return Item::Skipped(self.skip(Rule::TooLong));
        }
        let split = message.len().checked_sub(C::LENGTH).and_then(|length| message.split_at_checked(length));
        let is_right = |(message, sum): &(&[u8], &[u8])| self.checksum.of(message).starts_with(sum);
        match split.filter(is_right) {
            Some((message, _)) => {
                (self.stored, self.began) = (0, self.offset);
                Item::Frame(message)
            }
            None => Item::Skipped(self.skip(Rule::ChecksumMismatch)),
        }
    }

    /// The message is over, and not delivered.
    fn skip(&mut self, rule: Rule) -> Skipped {
        let rule = if self.state == State::Skipping { Rule::TooLong } else { rule };
        let skipped = Skipped { rule, offset: self.began, length: self.offset.saturating_sub(self.began) };
        (self.stored, self.state, self.began) = (0, State::Reading, self.offset);
        skipped
    }

    fn lose(&mut self, rule: Rule, at: usize) -> FrameError {
        let error = FrameError { rule, offset: self.offset.saturating_add(as_u64(at)) };
        self.state = State::Lost(error);
        error
    }
}

impl<D: Encoder, C: Checksum> Frames<D, C> {
    /// How many bytes a message of so many bytes takes at most, with its checksum: see [`Encoder::max_encoded_len`].
    pub fn max_encoded_len(&self, length: usize) -> Option<usize> {
        self.codec.max_encoded_len(length.checked_add(C::LENGTH)?)
    }

    /// Writes a message, with its checksum: see [`Encoder::encode`].
    ///
    /// # Errors
    /// As there; [`EncodeError::WrongLength`] also where it is longer than [the limit](Self::with_limit).
    pub fn encode(&self, message: &[u8], out: &mut [u8]) -> Result<usize, EncodeError> {
        if message.len() > self.limit {
            return Err(EncodeError::WrongLength);
        }
        let sum = self.checksum.of(message);
        self.codec.encode(&[message, sum.get(..C::LENGTH).unwrap_or_default()], out)
    }
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
