//! Compares codecs of messages: see the usage, and `bench/framing` for what is compared.

mod peers;

use core::hint::black_box;
use std::time::Instant;

use bytes::BytesMut;
use wirenut::framing::{
    ByteOrder, Checksum, Cobs, Decoder, Encoder, Frames, Hdlc, Item, LengthPrefixed, Lines, Slip, Trailer, Width,
};

const USAGE: &str = "\
Usage: framing                                  compares all codecs, in time; takes some seconds
       framing --count WHAT CODEC READER SIZE N  does the same N times, for a program that counts instructions
                                                (WHAT: decode or encode; READER: wirenut or the peer's name)";

/// Bytes of messages in each stream.
const CONTENT: usize = 128 * 1024;

/// Bytes in each message.
const SIZES: [usize; 3] = [16, 256, 4 * 1024];

/// As much comes at once, as from a socket.
const PIECE: usize = 4 * 1024;

/// How often each stream is read by each reader, in turns.
const ROUNDS: usize = 200;

/// Reads a stream, or writes messages to a buffer; returns how many bytes were in the messages, or were written.
type Work = fn(&Sample, &mut Out) -> usize;

/// Where messages are written to, again and again.
#[derive(Default)]
struct Out {
    slice: Vec<u8>,
    /// What codecs of tokio write to.
    buffer: BytesMut,
}

/// A codec, its peer, and how each decodes and encodes.
struct Row {
    codec: &'static str,
    peer: Option<(&'static str, Work, Work)>,
    decode: Work,
    encode: Work,
}

const ROWS: &[Row] = &[
    Row {
        codec: "lines",
        peer: Some(("tokio-util", peers::decode_lines, peers::encode_lines)),
        decode: |sample, _| decode(Frames::new(Lines::new()), &sample.stream),
        encode: |sample, out| encode(&Frames::new(Lines::new()), sample, out),
    },
    Row {
        codec: "u32be",
        peer: Some(("tokio-util", peers::decode_length, peers::encode_length)),
        decode: |sample, _| decode(Frames::new(length()), &sample.stream),
        encode: |sample, out| encode(&Frames::new(length()), sample, out),
    },
    Row {
        codec: "cobs",
        peer: Some(("cobs", peers::decode_cobs, peers::encode_cobs)),
        decode: |sample, _| decode(Frames::new(Cobs::new()), &sample.stream),
        encode: |sample, out| encode(&Frames::new(Cobs::new()), sample, out),
    },
    Row {
        codec: "slip",
        peer: None,
        decode: |sample, _| decode(Frames::new(Slip::new()), &sample.stream),
        encode: |sample, out| encode(&Frames::new(Slip::new()), sample, out),
    },
    Row {
        codec: "hdlc, FCS-16",
        peer: None,
        decode: |sample, _| decode(hdlc(), &sample.stream),
        encode: |sample, out| encode(&hdlc(), sample, out),
    },
];

/// Messages, and the stream that they make.
struct Sample {
    messages: Vec<Vec<u8>>,
    stream: Vec<u8>,
}

fn length() -> LengthPrefixed {
    LengthPrefixed::new(Width::U32, ByteOrder::BigEndian, 1 << 20).expect("it can say that")
}

fn hdlc() -> Frames<Hdlc, Trailer<u16>> {
    Frames::new(Hdlc::new()).with_trailer(Trailer::fcs_16())
}

fn main() {
    wirenut_bench::with_arguments(USAGE, |arguments| match *arguments {
        [] => {
            compare();
            Some(())
        }
        ["--count", what, codec, reader, size, count] => count_work(what, codec, reader, size, count),
        _ => None,
    });
}

fn count_work(what: &str, codec: &str, reader: &str, size: &str, count: &str) -> Option<()> {
    let row = ROWS.iter().find(|row| row.codec == codec)?;
    let (decode, encode) = match row.peer {
        _ if reader == "wirenut" => (row.decode, row.encode),
        Some((name, decode, encode)) if name == reader => (decode, encode),
        Some(_) | None => return None,
    };
    let work = match what {
        "decode" => decode,
        "encode" => encode,
        _ => return None,
    };
    let (sample, mut out) = (sample(row, size.parse().ok().filter(|&size| size > 0)?), Out::default());
    for _ in 0..count.parse().ok()? {
        black_box(work(black_box(&sample), &mut out));
    }
    Some(())
}

/// Prints the table: nanoseconds for each KiB of messages and, in parentheses, times the peer.
fn compare() {
    println!("| codec | bytes in a message | decode: peer | decode: wirenut | encode: peer | encode: wirenut |");
    println!("|---|---:|---:|---:|---:|---:|");
    for row in ROWS {
        for size in SIZES {
            let (sample, mut out) = (sample(row, size), Out::default());
            let (peer_decodes, peer_encodes) =
                row.peer.map_or((row.decode, row.encode), |(_, decode, encode)| (decode, encode));
            let works = [peer_decodes, row.decode, peer_encodes, row.encode];
            let mut best = [f64::INFINITY; 4];
            for _ in 0..ROUNDS {
                for (work, best) in works.iter().zip(&mut best) {
                    let start = Instant::now();
                    let count = work(black_box(&sample), &mut out);
                    *best = best.min(start.elapsed().as_nanos() as f64);
                    assert!(count >= CONTENT);
                }
            }
            let [peer_decoded, decoded, peer_encoded, encoded] = best.map(|time| time / (CONTENT / 1024) as f64);
            let peer = row.peer.map(|(name, ..)| name);
            let theirs = |time: f64| peer.map_or("-".to_owned(), |name| format!("{name} {time:.0}"));
            let ours = |time: f64, theirs: f64| {
                peer.map_or(format!("{time:.0}"), |_| format!("{time:.0} ({:.2})", time / theirs))
            };
            println!(
                "| {} | {size} | {} | {} | {} | {} |",
                row.codec,
                theirs(peer_decoded),
                ours(decoded, peer_decoded),
                theirs(peer_encoded),
                ours(encoded, peer_encoded)
            );
        }
    }
}

/// Messages of printable bytes, with a zero here and there where the codec lets them be.
fn sample(row: &Row, size: usize) -> Sample {
    let has_zeros = row.codec != "lines";
    let byte = |at: usize| match at % 97 {
        0 if has_zeros => 0,
        at => b'!' + u8::try_from(at % 90).expect("small"),
    };
    let messages: Vec<Vec<u8>> =
        (0..CONTENT / size).map(|number| (0..size).map(|at| byte(number * size + at)).collect()).collect();
    let mut sample = Sample { messages, stream: Vec::new() };
    let mut out = Out::default();
    let length = (row.encode)(&sample, &mut out);
    sample.stream = out.slice[..length].to_vec();
    // Both read the same.
    let read = (row.decode)(&sample, &mut out);
    assert_eq!(read, CONTENT, "{}", row.codec);
    if let Some((name, decode, encode)) = row.peer {
        assert_eq!(decode(&sample, &mut out), CONTENT, "{name}");
        let mut out = Out::default();
        let length = encode(&sample, &mut out);
        let written = if out.buffer.is_empty() { &out.slice[..length] } else { &out.buffer };
        assert_eq!(written, sample.stream, "{name}");
    }
    sample
}

/// Whole messages, from pieces of the stream as they come.
fn decode<D: Decoder, C: Checksum>(mut frames: Frames<D, C>, stream: &[u8]) -> usize {
    let (mut store, mut content) = ([0; 8 * 1024], 0);
    for mut rest in stream.chunks(PIECE) {
        loop {
            let (used, item) = frames.receive(rest, &mut store).expect("a right stream");
            rest = &rest[used..];
            match item {
                Item::Frame(message) => content += black_box(message).len(),
                Item::Skipped(skipped) => panic!("{skipped}"),
                Item::NeedMore(_) => break,
            }
        }
    }
    content
}

/// All messages, one behind the other.
fn encode<D: Encoder, C: Checksum>(frames: &Frames<D, C>, sample: &Sample, out: &mut Out) -> usize {
    out.slice.resize(3 * CONTENT, 0);
    let mut written = 0;
    for message in &sample.messages {
        written += frames.encode(message, &mut out.slice[written..]).expect("room");
    }
    written
}
