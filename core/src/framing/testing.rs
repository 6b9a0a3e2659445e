//! What the tests of codecs ask: the messages of a stream, what was skipped, why it was lost. However it is cut.

extern crate alloc;
extern crate std;

use alloc::vec::Vec;

use super::{Decoder, FrameError, Frames, Item, Rule};

#[derive(PartialEq, Eq, Debug)]
enum Told {
    Frame(Vec<u8>),
    Skipped(Rule, u64, u64),
    Lost(FrameError),
}

/// All that a stream comes to, cut at these places; held to be the same byte by byte, and whole.
fn read<D: Decoder + Copy>(codec: D, stream: &[u8]) -> Vec<Told> {
    let whole = read_cut(codec, stream, stream.len().max(1));
    for size in 1..stream.len().min(9) {
        assert_eq!(read_cut(codec, stream, size), whole, "in pieces of {size}");
    }
    whole
}

fn read_cut<D: Decoder>(codec: D, stream: &[u8], size: usize) -> Vec<Told> {
    let (mut frames, mut store, mut told) = (Frames::new(codec), [0; 600], Vec::new());
    for mut piece in stream.chunks(size) {
        loop {
            let (used, item) = match frames.receive(piece, &mut store) {
                Ok(received) => received,
                Err(error) => {
                    told.push(Told::Lost(error));
                    return told;
                }
            };
            piece = &piece[used..];
            match item {
                Item::NeedMore(_) => break,
                Item::Frame(frame) => told.push(Told::Frame(frame.to_vec())),
                Item::Skipped(skipped) => told.push(Told::Skipped(skipped.rule, skipped.offset, skipped.length)),
            }
        }
        assert!(piece.is_empty(), "to need more is to have taken all");
    }
    match frames.handle_eof(&store) {
        Some(Item::Frame(frame)) => told.push(Told::Frame(frame.to_vec())),
        Some(Item::Skipped(skipped)) => told.push(Told::Skipped(skipped.rule, skipped.offset, skipped.length)),
        Some(Item::NeedMore(_)) | None => {}
    }
    told
}

pub(super) fn frames<D: Decoder + Copy>(codec: D, stream: &[u8]) -> Vec<Vec<u8>> {
    let frame = |told| if let Told::Frame(frame) = told { Some(frame) } else { None };
    read(codec, stream).into_iter().filter_map(frame).collect()
}

pub(super) fn skipped<D: Decoder + Copy>(codec: D, stream: &[u8]) -> Vec<(Rule, u64, u64)> {
    let skipped = |told| if let Told::Skipped(rule, at, length) = told { Some((rule, at, length)) } else { None };
    read(codec, stream).into_iter().filter_map(skipped).collect()
}

pub(super) fn lost<D: Decoder + Copy>(codec: D, stream: &[u8]) -> Option<(Rule, u64)> {
    let lost = |told| if let Told::Lost(FrameError { rule, offset }) = told { Some((rule, offset)) } else { None };
    read(codec, stream).into_iter().find_map(lost)
}
