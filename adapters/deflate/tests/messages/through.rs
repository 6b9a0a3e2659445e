//! Messages through a deflater and an inflater, in any pieces.

use wirenut_deflate::{Deflater, InflateError, Inflater};

/// The payload of a message, taken in pieces of so many bytes, and written into rooms of so many.
pub(crate) fn deflate(deflater: &mut Deflater, message: &[u8], piece: usize, room: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut output = vec![0; room];
    for mut rest in message.chunks(piece) {
        while !rest.is_empty() {
            let progress = deflater.deflate(rest, &mut output);
            assert!(progress.taken + progress.written > 0, "neither took nor wrote");
            payload.extend_from_slice(&output[..progress.written]);
            rest = &rest[progress.taken..];
        }
    }
    loop {
        let end = deflater.finish(&mut output);
        payload.extend_from_slice(&output[..end.written]);
        if end.is_done {
            return payload;
        }
    }
}

/// The message of a payload, likewise.
pub(crate) fn inflate(
    inflater: &mut Inflater,
    payload: &[u8],
    piece: usize,
    room: usize,
) -> Result<Vec<u8>, InflateError> {
    let mut message = Vec::new();
    let mut output = vec![0; room];
    for mut rest in payload.chunks(piece) {
        while !rest.is_empty() {
            let progress = inflater.inflate(rest, &mut output)?;
            assert!(progress.taken + progress.written > 0, "neither took nor wrote");
            message.extend_from_slice(&output[..progress.written]);
            rest = &rest[progress.taken..];
        }
    }
    loop {
        let end = inflater.finish(&mut output)?;
        message.extend_from_slice(&output[..end.written]);
        if end.is_done {
            return Ok(message);
        }
    }
}
