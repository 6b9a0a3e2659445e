//! Items out of a stream.

use std::io::{self, BufWriter, ErrorKind};

use wirenut::framing::{Checksum, FrameError, Frames, Item};

use super::codec::AnyCodec;
use super::report::{Look, Report};
use super::store::Store;
use super::wire::{Received, Wire};
use crate::failure::Failure;

/// How many bytes are read at once.
const CHUNK: usize = 1 << 16;

/// How the stream ended.
enum Ending {
    /// It did; or we were told to.
    End,
    Lost(FrameError),
    Failed(Failure),
    /// Nobody reads our output any more.
    Unread,
}

/// Shows what comes, until the end.
pub(super) fn decode<C: Checksum>(
    wire: &mut Wire,
    mut frames: Frames<AnyCodec, C>,
    limit: usize,
    look: Look,
) -> Result<(), Failure> {
    let mut store = Store::new(limit.saturating_add(C::LENGTH));
    let mut report = Report::new(look, BufWriter::with_capacity(CHUNK, io::stdout()), io::stderr());
    let ending = match read(wire, &mut frames, &mut store, &mut report) {
        Ok(ending) => ending,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ending::Unread,
        Err(error) => return Err(failed_to_write(error)),
    };
    if matches!(ending, Ending::Unread) {
        return Ok(());
    }
    let skipped = match report.end(frames.offset()) {
        Ok(skipped) => skipped,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
        Err(error) => return Err(failed_to_write(error)),
    };
    match ending {
        Ending::Failed(failure) => Err(failure),
        Ending::Lost(error) => Err(Failure::Lost(error)),
        Ending::End | Ending::Unread if skipped == 0 => Ok(()),
        Ending::End | Ending::Unread => Err(Failure::Skipped(skipped)),
    }
}

fn failed_to_write(error: io::Error) -> Failure {
    Failure::Write { path: "standard output".into(), error }
}

fn read<C: Checksum>(
    wire: &mut Wire,
    frames: &mut Frames<AnyCodec, C>,
    store: &mut Store,
    report: &mut Report<impl io::Write, impl io::Write>,
) -> io::Result<Ending> {
    let mut input = vec![0; CHUNK];
    loop {
        // Whoever waits for the next bytes has seen all that came before.
        report.flush()?;
        let mut rest = match wire.receive(&mut input) {
            Ok(Received::Bytes(count)) => &input[..count],
            Ok(Received::End) => {
                last(frames, store.bytes(), report)?;
                return Ok(Ending::End);
            }
            Ok(Received::Interrupted) => {
                // An item without its end, such as half a line, does not count.
                if let Some(Item::Skipped(skipped)) = frames.handle_eof(store.bytes()) {
                    report.cut(skipped)?;
                }
                return Ok(Ending::End);
            }
            Err(failure) => return Ok(Ending::Failed(failure)),
        };
        loop {
            let before = frames.began();
            let room = match store.lend(frames.stored(), rest.len()) {
                Ok(room) => room,
                Err(failure) => return Ok(Ending::Failed(failure)),
            };
            let (used, item) = match frames.receive(rest, room) {
                Ok(received) => received,
                Err(error) => {
                    report.lost(error)?;
                    return Ok(Ending::Lost(error));
                }
            };
            rest = &rest[used..];
            match item {
                Item::NeedMore(_) => break,
                Item::Frame(item) => report.item(item, before, frames.began() - before)?,
                Item::Skipped(skipped) => report.skipped(skipped)?,
            }
        }
    }
}

/// The end: the item that it ends, or what is no item.
fn last<C: Checksum>(
    frames: &mut Frames<AnyCodec, C>,
    store: &[u8],
    report: &mut Report<impl io::Write, impl io::Write>,
) -> io::Result<()> {
    let before = frames.began();
    match frames.handle_eof(store) {
        Some(Item::Frame(item)) => report.item(item, before, frames.began() - before),
        Some(Item::Skipped(skipped)) => report.skipped(skipped),
        Some(Item::NeedMore(_)) | None => Ok(()),
    }
}
