//! Reads a form that comes in pieces.

use super::boundary::Boundary;
use super::delimiter::{Found, Line, Search};
use super::error::{Error, Rule};
use super::event::Event;
use super::field_lines::Place;
use super::limits::Limits;
use super::part::{Part, lines_of};
use super::state::State;
use crate::bytes::{self, HTAB, LF, SP};

/// Reads the content of a form: one live part at a time, in the memory of the caller and 104 bytes of its own.
///
/// Call [`Self::receive`] with what has come until it says [`Event::NeedMore`], and [`Self::handle_eof`] when the content
/// is complete. However the content is cut, the events are the same once adjacent pieces of content are joined, and so
/// are the rule and the offset of an error. Each byte is looked at once, and compared with the boundary once more where
/// it may be a part of it: the time is linear in what comes, also where it is made to look like a boundary.
///
/// ```
/// use wirenut::http::multipart::{Boundary, Event, Limits, Parser};
///
/// let mut form = &b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nwhat a says\r\n--x--\r\n"[..];
/// let mut parser = Parser::new(Boundary::from_content_type(b"multipart/form-data; boundary=x").unwrap());
/// let (mut store, mut said) = ([0; 256], Vec::new());
/// loop {
///     let (used, event) = parser.receive(&Limits::DEFAULT, form, &mut store).unwrap();
///     match event {
///         Event::Part(part) => assert!(part.name.is("a")),
///         Event::Body(piece) => said.extend_from_slice(piece),
///         Event::PartEnd => assert_eq!(said, b"what a says"),
///         Event::NeedMore => break,
///     }
///     form = &form[used..];
/// }
/// assert_eq!(parser.handle_eof(), Ok(()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parser {
    boundary: Boundary,
    search: Search,
    state: State,
    is_skipping: bool,
    /// The rule that was broken; `offset` is that of the error, then.
    failed: Option<Rule>,
    /// Parts that have begun.
    parts: u32,
    /// Bytes of the head, the padding, the preamble or the epilogue that is being read.
    count: u32,
    /// Bytes that were used.
    offset: u64,
    /// Bytes of the live part's content.
    length: u64,
}

/// What one step came to.
enum Step {
    NeedMore,
    /// So many bytes of what was left of the input are content.
    Content(usize),
    /// These bytes of the delimiter are content.
    Held(u8, u8),
    /// A head is complete. So long it is; where it has not come whole, all of it is in the store.
    Head {
        length: usize,
        is_stored: bool,
    },
    PartEnd,
}

impl Parser {
    /// A parser for content that has this boundary.
    #[must_use]
    pub const fn new(boundary: Boundary) -> Self {
        Self {
            boundary,
            search: Search::START,
            state: State::Preamble,
            is_skipping: false,
            failed: None,
            parts: 0,
            count: 0,
            offset: 0,
            length: 0,
        }
    }

    /// Reads on. Returns how many bytes of `input` were used, which need not be given again, and what was found in them:
    /// call it again with the rest until it is [`Event::NeedMore`], which always uses all.
    ///
    /// `store` keeps a head that does not come whole. Lend the same bytes from call to call while [`Self::stored`] is not zero;
    /// as many as [`Limits::head_bytes`] are enough, and fewer are a lower bound for heads. To take no more content than
    /// there is room for, give no more input than that, and keep 74 bytes in reserve (see [`Event::Body`]).
    ///
    /// # Errors
    /// The [`Rule`] that the content breaks, and where. Every later call returns the same error.
    pub fn receive<'b>(
        &'b mut self,
        limits: &Limits,
        input: &'b [u8],
        store: &'b mut [u8],
    ) -> Result<(usize, Event<'b>), Error> {
        let start = self.offset;
        let mut used = 0;
        let step = loop {
            let rest = bytes::from(input, used);
            if let Some(step) = self.step(limits, rest, store)? {
                break (step, rest);
            }
            used = self.used_since(start);
        };
        let used = self.used_since(start).min(input.len());
        let event = match step {
            (Step::NeedMore, _) => Event::NeedMore,
            (Step::PartEnd, _) => Event::PartEnd,
            (Step::Content(length), rest) => Event::Body(rest.get(..length).unwrap_or(rest)),
            (Step::Held(from, to), _) => {
                let delimiter = self.boundary.delimiter();
                Event::Body(delimiter.get(usize::from(from)..usize::from(to)).unwrap_or(&[]))
            }
            (Step::Head { length, is_stored }, rest) => {
                let head = if is_stored { &*store } else { rest };
                Event::Part(self.begin_part(head.get(..length).unwrap_or(&[]))?)
            }
        };
        Ok((used, event))
    }

    /// Reads all of `input`, and gives what is found to `take`, which says whether it wants more of the live part's content: if
    /// not, the rest of it is skipped, and its [`Event::PartEnd`] comes next. [`Event::NeedMore`] is not given. Of `store` the
    /// same holds as for [`Self::receive`].
    ///
    /// ```
    /// use wirenut::http::multipart::{Boundary, Event, Limits, Parser};
    /// # let pieces = [&b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nno\r\n--x\r\nContent-Disposition: form-data; name=\"b"[..], b"\"\r\n\r\nyes\r\n--x--"];
    /// let mut parser = Parser::new(Boundary::new(b"x").unwrap());
    /// let (mut store, mut content) = ([0; 256], Vec::new());
    /// for piece in pieces {
    ///     parser.receive_all(&Limits::DEFAULT, piece, &mut store, |event| match event {
    ///         Event::Part(part) => part.name.is("b"),
    ///         Event::Body(piece) => {
    ///             content.extend_from_slice(piece);
    ///             true
    ///         }
    ///         Event::PartEnd | Event::NeedMore => true,
    ///     })?;
    /// }
    /// parser.handle_eof()?;
    /// assert_eq!(content, b"yes");
    /// # Ok::<(), wirenut::http::multipart::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::receive`]. What was found before has been given to `take`.
    pub fn receive_all(
        &mut self,
        limits: &Limits,
        input: &[u8],
        store: &mut [u8],
        mut take: impl FnMut(Event<'_>) -> bool,
    ) -> Result<(), Error> {
        let mut rest = input;
        loop {
            let (used, event) = self.receive(limits, rest, store)?;
            if matches!(event, Event::NeedMore) {
                return Ok(());
            }
            if !take(event) {
                self.skip_part();
            }
            rest = bytes::from(rest, used);
        }
    }

    /// The content is complete.
    ///
    /// # Errors
    /// [`Rule::MissingCloseDelimiter`] if the form is not, or the error that came before.
    pub fn handle_eof(&mut self) -> Result<(), Error> {
        if self.state == State::CloseEnd {
            Err(self.error(Rule::BareCarriageReturn))
        } else if self.is_closed() {
            Ok(())
        } else {
            Err(self.error(Rule::MissingCloseDelimiter))
        }
    }

    /// Gives out nothing more of the live part's content: the next event is its [`Event::PartEnd`]. Without a live part it
    /// does nothing.
    pub const fn skip_part(&mut self) {
        self.is_skipping = matches!(self.state, State::Content);
    }

    /// How many bytes at the start of the store must stay as they are until the next call.
    #[must_use]
    pub fn stored(&self) -> usize {
        if matches!(self.state, State::Head(_)) { usize::try_from(self.count).unwrap_or(0) } else { 0 }
    }

    /// Has the closing delimiter come? What may follow is skipped.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::ClosePadding | State::CloseEnd | State::Epilogue) && self.failed.is_none()
    }

    /// Parts that have begun, the live one included.
    #[must_use]
    pub const fn parts(&self) -> u32 {
        self.parts
    }

    /// Bytes of the live part's content that have come, those included that are skipped; when it has ended, its length.
    #[must_use]
    pub const fn part_length(&self) -> u64 {
        self.length
    }

    fn used_since(&self, start: u64) -> usize {
        usize::try_from(self.offset.saturating_sub(start)).unwrap_or(usize::MAX)
    }

    /// Takes one step. `None`: the state has changed, or something was skipped.
    fn step(&mut self, limits: &Limits, input: &[u8], store: &mut [u8]) -> Result<Option<Step>, Error> {
        if let Some(rule) = self.failed {
            return Err(self.error(rule));
        }
        match self.state {
            State::Content | State::Preamble => self.search(limits, input),
            State::Head(place) => self.read_head(limits, place, input, store).map(Some),
            State::Epilogue => self.skip_epilogue(limits, input).map(Some),
            State::Boundary
            | State::Hyphen
            | State::Padding
            | State::DelimiterEnd
            | State::ClosePadding
            | State::CloseEnd => {
                let Some(&byte) = input.first() else { return Ok(Some(Step::NeedMore)) };
                self.state = self.behind_boundary(limits, byte).map_err(|rule| self.error(rule))?;
                self.advance(1);
                Ok(None)
            }
        }
    }

    /// What stands behind a byte that follows a boundary, within the limits.
    fn behind_boundary(&mut self, limits: &Limits, byte: u8) -> Result<State, Rule> {
        let next = self.state.behind(byte)?;
        if matches!(byte, SP | HTAB) {
            if self.count >= limits.padding_bytes {
                return Err(Rule::PaddingTooLong);
            }
            self.count = self.count.wrapping_add(1);
        } else if byte == LF {
            if matches!(next, State::Head(_)) && self.parts >= limits.parts {
                return Err(Rule::TooManyParts);
            }
            self.count = 0;
        }
        Ok(next)
    }

    /// Looks for the next delimiter.
    fn search(&mut self, limits: &Limits, input: &[u8]) -> Result<Option<Step>, Error> {
        let (used, found) = self.search.next(&self.boundary, input);
        let before = self.offset;
        self.advance(used);
        match found {
            Found::NeedMore => Ok(Some(Step::NeedMore)),
            Found::Content(length) => {
                let length = self.accept(limits, before, length)?;
                Ok((!self.is_silent()).then_some(Step::Content(length)))
            }
            Found::Held(from, to) => {
                let length = to.wrapping_sub(from);
                let start = self.offset.wrapping_sub(u64::from(length));
                let length = self.accept(limits, start, usize::from(length))?;
                let to = from.wrapping_add(u8::try_from(length).unwrap_or(0));
                Ok((!self.is_silent()).then_some(Step::Held(from, to)))
            }
            Found::Delimiter(line) => self.end_content(line),
        }
    }

    fn is_silent(&self) -> bool {
        self.is_skipping || self.state == State::Preamble
    }

    /// Counts content, or a preamble, of `length` bytes from `start` on. Returns how many of them are within the limit. If that
    /// is not all, the error comes with the next step.
    fn accept(&mut self, limits: &Limits, start: u64, length: usize) -> Result<usize, Error> {
        let (limit, rule) = if self.state == State::Preamble {
            (u64::from(limits.preamble_bytes), Rule::PreambleTooLong)
        } else {
            (limits.part_bytes, Rule::PartTooLarge)
        };
        let free = limit.saturating_sub(self.length);
        let accepted = length.min(usize::try_from(free).unwrap_or(usize::MAX));
        let counted = u64::try_from(accepted).unwrap_or(u64::MAX);
        self.length = self.length.wrapping_add(counted);
        if accepted < length {
            self.offset = start.wrapping_add(counted);
            let error = self.error(rule);
            if accepted == 0 {
                return Err(error);
            }
        }
        Ok(accepted)
    }

    /// A delimiter has ended the preamble or a part.
    fn end_content(&mut self, line: Line) -> Result<Option<Step>, Error> {
        let had_part = self.state == State::Content;
        let boundary = u64::try_from(self.boundary.delimiter().len()).unwrap_or(0);
        match line {
            Line::BareLineFeed => {
                self.offset = self.offset.wrapping_sub(boundary.wrapping_sub(1));
                return Err(self.error(Rule::BareLineFeed));
            }
            Line::Start if had_part => {
                self.offset = self.offset.wrapping_sub(boundary.wrapping_sub(2));
                return Err(self.error(Rule::DelimiterAtContentStart));
            }
            Line::Start | Line::Whole => {}
        }
        if !had_part {
            self.length = 0;
        }
        self.state = State::Boundary;
        self.count = 0;
        self.is_skipping = false;
        Ok(had_part.then_some(Step::PartEnd))
    }

    fn read_head(&mut self, limits: &Limits, mut place: Place, input: &[u8], store: &mut [u8]) -> Result<Step, Error> {
        let stored = usize::try_from(self.count).unwrap_or(usize::MAX);
        let most = store.len().min(usize::try_from(limits.head_bytes).unwrap_or(usize::MAX));
        let window = input.get(..most.saturating_sub(stored)).unwrap_or(input);
        let (taken, outcome) = place.read(window);
        self.advance(taken);
        self.state = State::Head(place);
        let is_complete = outcome.map_err(|rule| self.error(rule))?;
        if !is_complete && window.len() < input.len() {
            return Err(self.error(Rule::HeadTooLarge));
        }
        let length = stored.wrapping_add(taken);
        if stored > 0 || !is_complete {
            bytes::copy(window.get(..taken).unwrap_or(&[]), store.get_mut(stored..).unwrap_or(&mut []));
        }
        self.count = u32::try_from(length).unwrap_or(u32::MAX);
        Ok(if is_complete { Step::Head { length, is_stored: stored > 0 } } else { Step::NeedMore })
    }

    /// A head, from its first byte to its empty line, has come.
    fn begin_part<'b>(&mut self, head: &'b [u8]) -> Result<Part<'b>, Error> {
        let part = Part::parse(lines_of(head)).map_err(|(rule, at)| {
            let behind = u64::try_from(head.len().wrapping_sub(at)).unwrap_or(0);
            self.offset = self.offset.wrapping_sub(behind);
            self.error(rule)
        })?;
        self.state = State::Content;
        self.search = Search::START;
        self.parts = self.parts.saturating_add(1);
        self.length = 0;
        Ok(part)
    }

    fn skip_epilogue(&mut self, limits: &Limits, input: &[u8]) -> Result<Step, Error> {
        let free = usize::try_from(limits.epilogue_bytes.saturating_sub(self.count)).unwrap_or(usize::MAX);
        let length = input.len().min(free);
        self.advance(length);
        self.count = self.count.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
        if length < input.len() {
            return Err(self.error(Rule::EpilogueTooLong));
        }
        Ok(Step::NeedMore)
    }

    fn advance(&mut self, bytes: usize) {
        self.offset = self.offset.wrapping_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// This rule is broken by the byte at the offset, unless another one was broken before.
    fn error(&mut self, rule: Rule) -> Error {
        Error { rule: *self.failed.get_or_insert(rule), offset: self.offset }
    }
}
