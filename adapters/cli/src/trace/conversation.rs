//! The messages of HTTP/1 in both directions of a connection, read by the core from the bytes that a capture shows.
//!
//! Each direction is put in order by a [`Stream`]. Each message is read by a connection of its own, so that nobody needs to
//! answer: a request by a server's, a response by a client's that has made the request. What is no HTTP breaks the grammar at
//! its first bytes; then a direction is read no further, until a segment begins with what looks like a message again.
//!
//! Bytes that were not captured are read as zeros: in content they do no harm, and anywhere else they break the grammar.

use alloc::collections::VecDeque;

use wirenut::http::{
    ClientConnection, ClientEvent, Context, Field, FieldFilter, Limits, Method, Request, RequestHead, ResponseFraming,
    ResponseHead, ServerConnection, ServerEvent, Version,
};
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Segment};
use wirenut::tcp::tracker::{Anomaly, Observed, Order, Side, Stream};
use wirenut::time::Instant;

use crate::log::Escaped;

/// What the names need of a head, so that little is kept of one that comes in pieces.
const FIELDS: FieldFilter = FieldFilter { names: &["Upgrade"], bytes: 4_096 };
const LIMITS: Limits = Limits { field_filter: Some(&FIELDS), ..Limits::DEFAULT };
/// So much is shown of the first line of a message, in bytes.
const LONGEST_LINE: usize = 120;
/// So many messages are named in one segment.
const MAX_MESSAGES: usize = 16;
/// So many requests may wait for their responses: more than pipelines have.
const MAX_REQUESTS: usize = 256;
/// So many bytes may come ahead of a gap.
const REORDERED: usize = 1 << 16;
/// So many connections may have such bytes at a time.
const MAX_REORDERED: usize = 256;
/// A larger gap is not filled.
const MAX_MISSING: usize = 1 << 20;
const ZEROS: [u8; 4_096] = [0; 4_096];

/// Nobody waits for anybody in a capture.
const CONTEXT: Context<'static> = Context { now: Instant::START, limits: &LIMITS, date: None };

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

/// What a response depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Content,
    Head,
    Connect,
    Upgrade,
}

/// How far a direction is read.
#[derive(Debug)]
enum Reader<C> {
    /// What comes is no HTTP, or in the middle of a message.
    Lost,
    /// The next byte begins a message.
    Between,
    /// Within a message; with what is known of its head, where it has come in pieces.
    Within(C, Vec<u8>),
    /// The connection speaks another protocol from here on.
    Tunnel,
}

/// One direction.
#[derive(Debug)]
struct Direction<C> {
    /// None before the first segment; and whether it has a buffer for what comes ahead of a gap.
    stream: Option<(Stream<Vec<u8>>, bool)>,
    reader: Reader<C>,
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

impl<C: Message> Direction<C> {
    const fn new(is_whole: bool) -> Self {
        Self { stream: None, reader: if is_whole { Reader::Between } else { Reader::Lost } }
    }

    fn has_buffer(&self) -> bool {
        self.stream.as_ref().is_some_and(|(_, has_buffer)| *has_buffer)
    }

    /// A segment of this direction's sender.
    fn segment(&mut self, observed: &Observed, segment: &Segment<'_>, shared: &mut Shared<'_>) {
        let payload = segment.payload();
        let is_syn = segment.flags().intersects(Flags::SYN);
        let start = if is_syn { segment.sequence().add(1) } else { segment.sequence() };
        if observed.order == Order::None || !is_syn && payload.length() == 0 {
            return;
        }
        let (stream, has_buffer) = self.stream.get_or_insert_with(|| (Stream::new(Vec::new(), start), false));
        if start.is_after(stream.next()) && !*has_buffer && shared.buffers.left > 0 {
            shared.buffers.left -= 1;
            (*stream, *has_buffer) = (Stream::new(vec![0; REORDERED], stream.next()), true);
        }
        let bytes = payload.bytes();
        let (is_next, names) = (start == stream.next(), shared.names.len());
        let line = if is_next { first_line(bytes) } else { None };
        if matches!(self.reader, Reader::Lost) && line.is_some() {
            self.reader = Reader::Between;
        }
        let is_beginning = matches!(self.reader, Reader::Between);
        C::read(&mut self.reader, stream.receive(start, bytes).bytes, shared);
        let end = start.add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        if payload.missing() > 0 && stream.next() == end {
            self.skip_to(start.add(u32::try_from(payload.length()).unwrap_or(u32::MAX)), shared);
        }
        self.read_kept(shared);
        // A head that the core refuses, or that the capture does not have whole, is named by its first line.
        if let Some(line) = line
            && is_beginning
            && matches!(self.reader, Reader::Lost)
            && shared.names.len() == names
        {
            shared.name(line);
        }
    }

    /// The other end acknowledges what this direction's sender has sent: what was not captured of it will not come any more.
    fn acknowledged(&mut self, observed: &Observed, segment: &Segment<'_>, shared: &mut Shared<'_>) {
        let is_void = [Anomaly::UnacceptableAck, Anomaly::OutsideWindow].map(|it| observed.anomalies.contains(it));
        if !segment.flags().intersects(Flags::ACK) || is_void.contains(&true) {
            return;
        }
        let number = segment.acknowledgment();
        while let Some((stream, _)) = &self.stream
            && number.is_after(stream.next())
        {
            let end = stream.gap().map(|gap| stream.next().add(u32::try_from(gap).unwrap_or(u32::MAX)));
            self.skip_to(end.filter(|end| end.is_before(number)).unwrap_or(number), shared);
            self.read_kept(shared);
        }
    }

    /// What was kept behind a gap that is no more.
    fn read_kept(&mut self, shared: &mut Shared<'_>) {
        let Some((stream, has_buffer)) = self.stream.as_mut().filter(|(_, has_buffer)| *has_buffer) else { return };
        while !stream.buffered().is_empty() {
            C::read(&mut self.reader, stream.buffered(), shared);
            stream.consume(stream.buffered().len());
        }
        if stream.gap().is_none() {
            shared.buffers.left += 1;
            (*stream, *has_buffer) = (Stream::new(Vec::new(), stream.next()), false);
        }
    }

    /// The bytes before this number were not captured.
    fn skip_to(&mut self, number: SequenceNumber, shared: &mut Shared<'_>) {
        let Some((stream, _)) = &mut self.stream else { return };
        let mut missing = stream.skip_to(number);
        if missing > MAX_MISSING && !matches!(self.reader, Reader::Tunnel) {
            self.reader = Reader::Lost;
        }
        while missing > 0 && matches!(self.reader, Reader::Between | Reader::Within(..)) {
            let count = missing.min(ZEROS.len());
            C::read(&mut self.reader, &ZEROS[..count], shared);
            missing -= count;
        }
    }
}

/// What reads the messages of one direction.
trait Message: Sized {
    /// Begins with the next message.
    fn begin(shared: &mut Shared<'_>) -> Self;

    /// Reads on: how many bytes were taken, and what was found.
    fn step(&mut self, bytes: &[u8], shared: &mut Shared<'_>) -> (usize, Step);

    /// How many bytes at the front of the store must be there again.
    fn stored(&self) -> usize;

    /// Takes bytes that come next.
    fn read(reader: &mut Reader<Self>, mut bytes: &[u8], shared: &mut Shared<'_>) {
        while !bytes.is_empty() {
            let (mut message, head) = match core::mem::replace(reader, Reader::Lost) {
                Reader::Between => (Self::begin(shared), Vec::new()),
                Reader::Within(message, head) => (message, head),
                over @ (Reader::Lost | Reader::Tunnel) => {
                    *reader = over;
                    return;
                }
            };
            shared.buffers.store[..head.len()].copy_from_slice(&head);
            *reader = loop {
                let (taken, step) = message.step(bytes, shared);
                bytes = &bytes[taken..];
                match step {
                    Step::On => {}
                    Step::NeedMore => {
                        let stored = message.stored();
                        break Reader::Within(message, shared.buffers.store[..stored].to_vec());
                    }
                    Step::End => break Reader::Between,
                    Step::Tunnel => break Reader::Tunnel,
                    Step::Lost => break Reader::Lost,
                }
            };
        }
    }
}

/// What a step has found.
enum Step {
    /// Something that is not the end.
    On,
    NeedMore,
    End,
    Tunnel,
    Lost,
}

impl Message for ServerConnection {
    fn begin(_: &mut Shared<'_>) -> Self {
        Self::new(&CONTEXT)
    }

    fn step(&mut self, bytes: &[u8], shared: &mut Shared<'_>) -> (usize, Step) {
        let (taken, head) = match self.receive(&CONTEXT, bytes, &mut shared.buffers.store) {
            Ok((taken, ServerEvent::Head(head))) => (taken, (request_line(&head), asked(&head))),
            Ok((taken, ServerEvent::Body(content))) => {
                let count = content.len();
                self.take_body(&CONTEXT, count);
                return (taken + count, Step::On);
            }
            Ok((taken, ServerEvent::NeedMore)) => return (taken, Step::NeedMore),
            Ok((taken, ServerEvent::End(_))) => return (taken, Step::End),
            Ok((_, ServerEvent::Paused | ServerEvent::Closed)) | Err(_) => return (0, Step::Lost),
        };
        let (line, asked) = head;
        shared.name(&line);
        if shared.asked.len() < MAX_REQUESTS {
            shared.asked.push_back(asked);
        }
        (taken, Step::On)
    }

    fn stored(&self) -> usize {
        Self::stored(self)
    }
}

impl Message for ClientConnection {
    /// A response to the oldest request; one whose request was not captured is taken for that to a GET.
    fn begin(shared: &mut Shared<'_>) -> Self {
        let mut connection = Self::new(&CONTEXT);
        let upgrade = [Field::new("Upgrade", "x")];
        let request = match shared.asked.pop_front().unwrap_or(Asked::Content) {
            Asked::Content => Request::new(Method::Get, "/", "a"),
            Asked::Head => Request::new(Method::Head, "/", "a"),
            Asked::Connect => Request::new(Method::Connect, "a:1", "a:1"),
            Asked::Upgrade => Request::new(Method::Get, "/", "a").with_fields(&upgrade),
        };
        // It always fits, and is sound; if it were not, the response would be refused.
        let _ = connection.request(&CONTEXT, &request, &mut [0; 128]);
        connection
    }

    fn step(&mut self, bytes: &[u8], shared: &mut Shared<'_>) -> (usize, Step) {
        let (taken, line, is_tunnel) = match self.receive(&CONTEXT, bytes, &mut shared.buffers.store) {
            Ok((taken, ClientEvent::Head(head))) => (taken, status_line(&head), head.body == ResponseFraming::Tunnel),
            Ok((taken, ClientEvent::Interim(head))) => (taken, status_line(&head), false),
            Ok((taken, ClientEvent::Body(content))) => {
                let count = content.len();
                self.take_body(&CONTEXT, count);
                return (taken + count, Step::On);
            }
            Ok((taken, ClientEvent::NeedMore)) => return (taken, Step::NeedMore),
            Ok((taken, ClientEvent::End(_))) => return (taken, Step::End),
            Ok((_, ClientEvent::Paused | ClientEvent::Closed)) | Err(_) => return (0, Step::Lost),
        };
        shared.name(&line);
        (taken, if is_tunnel { Step::Tunnel } else { Step::On })
    }

    fn stored(&self) -> usize {
        Self::stored(self)
    }
}

fn asked(head: &RequestHead<'_>) -> Asked {
    if head.method == Method::Head {
        Asked::Head
    } else if head.method == Method::Connect {
        Asked::Connect
    } else if head.fields.get("upgrade").is_some() {
        Asked::Upgrade
    } else {
        Asked::Content
    }
}

fn request_line(head: &RequestHead<'_>) -> Vec<u8> {
    [head.method.as_bytes(), head.target.raw(), version(head.version)].join(&b' ')
}

fn status_line(head: &ResponseHead<'_>) -> Vec<u8> {
    [version(head.version), head.status.code().to_string().as_bytes(), head.reason].join(&b' ')
}

const fn version(version: Version) -> &'static [u8] {
    match version {
        Version::Http10 => b"HTTP/1.0",
        Version::Http11 => b"HTTP/1.1",
    }
}

/// The first line of a message of HTTP/1, if the data begins with what looks like one.
fn first_line(data: &[u8]) -> Option<&[u8]> {
    let line = data.split(|byte| *byte == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let is_response = line.starts_with(b"HTTP/1.");
    let is_request = || {
        let mut words = line.split(|byte| *byte == b' ');
        let is_method = words.next().is_some_and(|word| !word.is_empty() && word.iter().all(u8::is_ascii_uppercase));
        is_method && words.next().is_some() && words.next().is_some_and(|word| word.starts_with(b"HTTP/1."))
    };
    (is_response || is_request()).then_some(line)
}

/// A line that commands no terminal, of bounded length.
fn shown(line: &[u8]) -> Box<str> {
    let (line, rest) = line.split_at(line.len().min(LONGEST_LINE));
    let words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let mut text = words.map(|word| Escaped(word).to_string()).collect::<Vec<_>>().join(" ");
    if !rest.is_empty() {
        text.push('…');
    }
    text.into()
}
