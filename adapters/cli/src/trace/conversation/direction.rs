//! One direction of a connection: its bytes put in order, and read as far as they are HTTP.

use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Segment};
use wirenut::tcp::tracker::{Anomaly, Observed, Order, Stream};

use super::Shared;
use super::message::{Message, Step, first_line};

/// How many bytes behind a gap are kept.
const REORDERED: usize = 1 << 16;
/// A larger gap is not filled.
const MAX_MISSING: usize = 1 << 20;
const ZEROS: [u8; 4_096] = [0; 4_096];

/// How far a direction is read.
#[derive(Debug)]
pub(super) enum Reader<C> {
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
pub(super) struct Direction<C> {
    /// None before the first segment; and whether it has a buffer for what comes ahead of a gap.
    stream: Option<(Stream<Vec<u8>>, bool)>,
    pub(super) reader: Reader<C>,
}

impl<C: Message> Direction<C> {
    pub(super) const fn new(is_whole: bool) -> Self {
        Self { stream: None, reader: if is_whole { Reader::Between } else { Reader::Lost } }
    }

    pub(super) fn has_buffer(&self) -> bool {
        self.stream.as_ref().is_some_and(|(_, has_buffer)| *has_buffer)
    }

    /// A segment of this direction's sender.
    pub(super) fn segment(&mut self, observed: &Observed, segment: &Segment<'_>, shared: &mut Shared<'_>) {
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
        read(&mut self.reader, stream.receive(start, bytes).bytes, shared);
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

    /// The other end acknowledges bytes of this direction: those of them that were not captured will not come any more.
    pub(super) fn acknowledged(&mut self, observed: &Observed, segment: &Segment<'_>, shared: &mut Shared<'_>) {
        let void = [Anomaly::UnacceptableAck, Anomaly::OutsideWindow];
        let is_void = void.iter().any(|anomaly| observed.anomalies.contains(*anomaly));
        if is_void || !segment.flags().intersects(Flags::ACK) {
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
            read(&mut self.reader, stream.buffered(), shared);
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
            read(&mut self.reader, &ZEROS[..count], shared);
            missing -= count;
        }
    }
}

/// Takes bytes that come next.
fn read<C: Message>(reader: &mut Reader<C>, mut bytes: &[u8], shared: &mut Shared<'_>) {
    while !bytes.is_empty() {
        let (mut message, head) = match core::mem::replace(reader, Reader::Lost) {
            Reader::Between => (C::begin(shared), Vec::new()),
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
