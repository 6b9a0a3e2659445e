//! tokio-util's codecs, and the crate `cobs`.

use core::hint::black_box;

use bytes::{Bytes, BytesMut};
use cobs::CobsDecoder;
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec, LinesCodec};

use crate::{CONTENT, Out, PIECE, Sample};

/// What `Framed` does: each piece is read into its buffer, and the codec takes messages out of that.
fn decode(mut codec: impl Decoder<Item: AsRef<[u8]>>, stream: &[u8]) -> usize {
    let (mut buffer, mut content) = (BytesMut::with_capacity(2 * PIECE), 0);
    for piece in stream.chunks(PIECE) {
        buffer.extend_from_slice(piece);
        while let Ok(Some(message)) = codec.decode(&mut buffer) {
            content += black_box(message.as_ref()).len();
        }
    }
    content
}

pub(crate) fn decode_lines(sample: &Sample, _: &mut Out) -> usize {
    decode(LinesCodec::new(), &sample.stream)
}

pub(crate) fn decode_length(sample: &Sample, _: &mut Out) -> usize {
    decode(LengthDelimitedCodec::new(), &sample.stream)
}

pub(crate) fn encode_lines(sample: &Sample, out: &mut Out) -> usize {
    let mut codec = LinesCodec::new();
    out.buffer.clear();
    for message in &sample.messages {
        codec.encode(str::from_utf8(message).expect("text"), &mut out.buffer).expect("room");
    }
    out.buffer.len()
}

pub(crate) fn encode_length(sample: &Sample, out: &mut Out) -> usize {
    let mut codec = LengthDelimitedCodec::new();
    out.buffer.clear();
    for message in &sample.messages {
        // It takes messages that it may keep.
        codec.encode(Bytes::copy_from_slice(message), &mut out.buffer).expect("room");
    }
    out.buffer.len()
}

pub(crate) fn decode_cobs(sample: &Sample, _: &mut Out) -> usize {
    let (mut store, mut content) = ([0; 8 * 1024], 0);
    let mut decoder = CobsDecoder::new(&mut store);
    for mut rest in sample.stream.chunks(PIECE) {
        while let Some(report) = decoder.push(rest).expect("a right stream") {
            content += black_box(&decoder.dest()[..report.frame_size()]).len();
            rest = &rest[report.parsed_size()..];
        }
    }
    content
}

pub(crate) fn encode_cobs(sample: &Sample, out: &mut Out) -> usize {
    out.slice.resize(3 * CONTENT, 0);
    let mut written = 0;
    for message in &sample.messages {
        written += cobs::encode(message, &mut out.slice[written..]);
        out.slice[written] = 0;
        written += 1;
    }
    written
}
