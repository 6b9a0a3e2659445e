//! Items into a stream.

use std::io;

use wirenut::framing::{Checksum, EncodeError, FrameError, Frames, Item, Lines, Overlong};

use super::codec::{AnyCodec, bytes_of_hex};
use super::store::{Store, grow};
use super::wire::{Received, Wire};
use crate::failure::Failure;

/// What the items are in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Items {
    /// A line each.
    Lines,
    /// A line of digits each.
    Hex,
    /// There is one: all of it.
    Whole,
}

/// What is said of an item that is longer than the limit.
const TOO_LONG: &str = "longer than --limit says";

/// How many bytes are read at once.
const CHUNK: usize = 1 << 16;

/// Writes each item, until the input ends.
pub(super) fn encode<C: Checksum>(
    wire: &mut Wire,
    frames: &Frames<AnyCodec, C>,
    limit: usize,
    items: Items,
) -> Result<(), Failure> {
    let mut writer = Writer { wire, frames, limit, number: 0, out: Vec::new() };
    let outcome = match items {
        Items::Whole => whole(&mut writer, limit),
        Items::Lines => lines(&mut writer, limit, false),
        // Two digits and a space for each byte.
        Items::Hex => lines(&mut writer, limit.saturating_mul(3), true),
    };
    match outcome {
        // Nobody reads on.
        Err(Failure::Write { error, .. }) if error.kind() == io::ErrorKind::BrokenPipe && wire.is_standard() => Ok(()),
        Err(failure @ Failure::Item { .. }) => {
            // Those before it are to arrive. Whether they do is the lesser news.
            let _ = wire.finish();
            Err(failure)
        }
        outcome => outcome.and_then(|()| wire.finish()),
    }
}

struct Writer<'w, C> {
    wire: &'w mut Wire,
    frames: &'w Frames<AnyCodec, C>,
    /// How many bytes an item may have.
    limit: usize,
    /// Of the item, from 1.
    number: u64,
    out: Vec<u8>,
}

impl<C: Checksum> Writer<'_, C> {
    fn refused(&self, reason: String) -> Failure {
        Failure::Item { number: self.number, reason }
    }

    fn line(&mut self, line: &[u8], is_hex: bool) -> Result<(), Failure> {
        match is_hex.then(|| bytes_of_hex(line)) {
            None => self.item(line),
            Some(Some(item)) => self.item(&item),
            Some(None) => Err(self.refused("expected pairs of hexadecimal digits".into())),
        }
    }

    fn item(&mut self, item: &[u8]) -> Result<(), Failure> {
        let room = self.frames.max_encoded_len(item.len()).ok_or_else(|| self.unfit(item))?;
        grow(&mut self.out, room)?;
        let length = self.frames.encode(item, &mut self.out).map_err(|error| {
            if error == EncodeError::WrongLength { self.unfit(item) } else { self.refused(error.to_string()) }
        })?;
        self.wire.send(&self.out[..length])
    }

    /// An item whose length cannot be.
    fn unfit(&self, item: &[u8]) -> Failure {
        match item.len() {
            length if length > self.limit => self.refused(TOO_LONG.into()),
            1 => self.refused("it has 1 byte, which --codec does not allow".into()),
            length => self.refused(format!("it has {length} bytes, which --codec does not allow")),
        }
    }
}

/// All of the input, as one item.
fn whole<C: Checksum>(writer: &mut Writer<'_, C>, limit: usize) -> Result<(), Failure> {
    let mut item = Vec::new();
    let mut input = vec![0; CHUNK];
    writer.number = 1;
    loop {
        match writer.wire.receive_input(&mut input)? {
            Received::Bytes(count) if item.len() + count <= limit => {
                let begin = item.len();
                grow(&mut item, begin + count)?;
                item[begin..].copy_from_slice(&input[..count]);
            }
            Received::Bytes(_) => return Err(writer.refused(TOO_LONG.into())),
            Received::End => return writer.item(&item),
            Received::Interrupted => return Ok(()),
        }
    }
}

/// Each line of the input.
fn lines<C: Checksum>(writer: &mut Writer<'_, C>, longest: usize, is_hex: bool) -> Result<(), Failure> {
    let mut lines = Frames::new(Lines::new()).with_limit(longest, Overlong::Fail);
    let (mut input, mut store) = (vec![0; CHUNK], Store::new(longest));
    loop {
        let mut rest = match writer.wire.receive_input(&mut input)? {
            Received::Bytes(count) => &input[..count],
            Received::Interrupted => return Ok(()),
            Received::End => {
                writer.number += 1;
                return match lines.handle_eof(store.bytes()) {
                    Some(Item::Frame(line)) => writer.line(line, is_hex),
                    Some(Item::Skipped(_) | Item::NeedMore(_)) | None => Ok(()),
                };
            }
        };
        loop {
            let too_long = |_: FrameError| Failure::Item { number: writer.number + 1, reason: TOO_LONG.into() };
            let room = store.lend(lines.stored(), rest.len())?;
            let (used, item) = lines.receive(rest, room).map_err(too_long)?;
            rest = &rest[used..];
            match item {
                Item::Frame(line) => {
                    writer.number += 1;
                    writer.line(line, is_hex)?;
                }
                Item::Skipped(_) => {}
                Item::NeedMore(_) => break,
            }
        }
    }
}
