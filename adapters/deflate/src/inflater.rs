//! From compressed payloads to messages.

use core::fmt;

use zlib_rs::{Inflate, InflateFlush, Status};

use crate::{Context, Finished, InflateError, Progress};

/// The end of each message's last block, which the sender left out (RFC 7692, 7.2.1); and one byte more, which must be
/// left over: it shows that the block ended exactly there.
const TAIL: [u8; 5] = [0x00, 0x00, 0xff, 0xff, 0x00];

/// zlib-rs takes the same memory for fewer.
const WINDOW_BITS: u8 = 15;

/// Inflates the compressed messages of one peer, one after the other.
///
/// Call [`inflate`](Self::inflate) with the payload of a message, and [`finish`](Self::finish) at its end. Messages that
/// were sent without compression are not shown to it: they do not change the window (RFC 7692, 7.2.3.2).
///
/// A block with BFINAL ends a DEFLATE stream. What follows it, in the same message or the next one, begins a stream with
/// an empty window (RFC 7692, 7.2.3.4).
///
/// ```
/// use wirenut_deflate::{Context, Inflater};
///
/// let mut inflater = Inflater::new(Context::TakeOver);
/// // "Hello" twice: the second time it is a reference to the first (RFC 7692, 7.2.3.2).
/// for payload in [&b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..], &b"\xf2\x00\x11\x00\x00"[..]] {
///     let mut message = [0; 8];
///     let inflated = inflater.inflate(payload, &mut message)?;
///     let end = inflater.finish(&mut message[inflated.written..])?;
///     assert!(end.is_done);
///     assert_eq!(&message[..inflated.written + end.written], b"Hello");
/// }
/// # Ok::<(), wirenut_deflate::InflateError>(())
/// ```
pub struct Inflater {
    // None until a byte comes, and again behind each message without take-over.
    stream: Option<Inflate>,
    context: Context,
    phase: Phase,
    // A byte of the message for which the last output had no room.
    held: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// No byte of a message has come.
    Empty,
    /// Within a message.
    Message,
    Failed(InflateError),
}

impl Inflater {
    /// For a peer that may, or may not, refer to earlier messages. Allocates nothing.
    ///
    /// Its window has 15 bits: payloads of any negotiated window, from 8 bits up, are inflated.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { stream: None, context, phase: Phase::Empty, held: None }
    }

    /// Inflates a piece of a message's payload. If `written` is the length of `output`, there may be more: call again,
    /// with what was not taken.
    ///
    /// # Errors
    /// What is wrong with the payload. The message is lost, with what is in `output`. Later calls return the same.
    pub fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, InflateError> {
        self.check()?;
        let mut progress = Progress { taken: 0, written: self.release_held(output) };
        if !input.is_empty() {
            self.phase = Phase::Message;
        }
        loop {
            let room = output.get_mut(progress.written..).unwrap_or_default();
            if room.is_empty() {
                return Ok(progress);
            }
            let rest = input.get(progress.taken..).unwrap_or_default();
            let (step, is_stream_end) = self.step(rest, room, InflateFlush::NoFlush)?;
            progress.taken += step.taken;
            progress.written += step.written;
            if step.taken == 0 && step.written == 0 && !is_stream_end {
                return Ok(progress);
            }
        }
    }

    /// Ends a message: gives out what is left of it. A payload of no bytes at all is an empty message.
    ///
    /// # Errors
    /// The payload stops within a block. Later calls return the same.
    pub fn finish(&mut self, output: &mut [u8]) -> Result<Finished, InflateError> {
        let Progress { mut written, .. } = self.inflate(&[], output)?;
        if self.held.is_some() {
            return Ok(Finished { written, is_done: false });
        }
        if written == output.len() {
            // Is there more? One byte of it tells.
            let mut byte = [0];
            if self.inflate(&[], &mut byte)?.written > 0 {
                self.held = Some(byte[0]);
                return Ok(Finished { written, is_done: false });
            }
            written = output.len();
        }
        if self.phase == Phase::Message {
            self.end_last_block()?;
        }
        Ok(Finished { written, is_done: true })
    }

    fn end_last_block(&mut self) -> Result<(), InflateError> {
        // `Block` stops behind a block.
        let step = self.step(&TAIL, &mut [0], InflateFlush::Block);
        let (step, _) = step.map_err(|_| self.fail(InflateError::Truncated))?;
        if (step.taken, step.written) != (TAIL.len() - 1, 0) {
            return Err(self.fail(InflateError::Truncated));
        }
        self.phase = Phase::Empty;
        if self.context == Context::Reset {
            self.stream = None;
        }
        Ok(())
    }

    /// Also says whether a DEFLATE stream ended: behind a block with BFINAL.
    fn step(&mut self, input: &[u8], output: &mut [u8], flush: InflateFlush) -> Result<(Progress, bool), InflateError> {
        if self.stream.is_none() && input.is_empty() {
            return Ok((Progress { taken: 0, written: 0 }, false));
        }
        let stream = self.stream.get_or_insert_with(|| Inflate::new(false, WINDOW_BITS));
        let (total_in, total_out) = (stream.total_in(), stream.total_out());
        let status = stream.decompress(input, output, flush);
        let progress = Progress {
            taken: difference(stream.total_in(), total_in),
            written: difference(stream.total_out(), total_out),
        };
        match status {
            Ok(Status::Ok | Status::BufError) => Ok((progress, false)),
            Ok(Status::StreamEnd) => {
                stream.reset(false);
                Ok((progress, true))
            }
            Err(_) => Err(self.fail(InflateError::Invalid)),
        }
    }

    fn release_held(&mut self, output: &mut [u8]) -> usize {
        let Some(first) = output.first_mut() else { return 0 };
        let Some(byte) = self.held.take() else { return 0 };
        *first = byte;
        1
    }

    fn check(&self) -> Result<(), InflateError> {
        match self.phase {
            Phase::Failed(error) => Err(error),
            Phase::Empty | Phase::Message => Ok(()),
        }
    }

    fn fail(&mut self, error: InflateError) -> InflateError {
        self.phase = Phase::Failed(error);
        self.stream = None;
        error
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater")
            .field("context", &self.context)
            .field("phase", &self.phase)
            .field("is_allocated", &self.stream.is_some())
            .finish_non_exhaustive()
    }
}

/// Of totals that one call has moved: at most the length of a slice.
fn difference(after: u64, before: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}
