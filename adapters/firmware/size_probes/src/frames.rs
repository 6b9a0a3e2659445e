//! Messages of any framing, read and sent back.

use core::hint::black_box;

use wirenut::framing::{Checksum, Decoder, Encoder, Frames, Item};

use crate::{BUFFER, keep, receive, send};

/// Reads for ever, and sends each message back.
pub fn speak<D: Decoder + Encoder, C: Checksum>(mut frames: Frames<D, C>) -> ! {
    let (mut buffer, mut store, mut out) = ([0; BUFFER], [0; BUFFER], [0; BUFFER]);
    keep(&frames);
    loop {
        let length = receive(&mut buffer);
        let mut rest = buffer.get(..length).unwrap_or(&[]);
        while let Ok((used, item)) = frames.receive(rest, &mut store) {
            rest = rest.get(used..).unwrap_or(&[]);
            match item {
                Item::Frame(message) => {
                    if let Ok(length) = frames.encode(message, &mut out) {
                        send(out.get(..length).unwrap_or(&[]));
                    }
                }
                Item::Skipped(skipped) => _ = black_box(skipped),
                Item::NeedMore(_) => break,
            }
        }
    }
}
