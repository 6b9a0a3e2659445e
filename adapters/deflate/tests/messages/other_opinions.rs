//! Other implementations of DEFLATE: miniz_oxide and Python's zlib.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use wirenut_deflate::{Context, Deflater, DeflaterConfig, Inflater};

use crate::laws::{config, message};
use crate::through::{deflate, inflate};

proptest! {
    #[test]
    fn miniz_oxide_inflates_what_is_deflated(messages in prop::collection::vec(message(), 1..4), config in config()) {
        let config = DeflaterConfig { context: Context::TakeOver, ..config };
        let mut deflater = Deflater::new(config);
        let mut stream = Vec::new();
        for message in &messages {
            stream.extend(deflate(&mut deflater, message, 4000, 4000));
            stream.extend(b"\x00\x00\xff\xff");
        }
        // An empty block that ends the stream.
        stream.extend(b"\x03\x00");
        prop_assert_eq!(decompress_to_vec(&stream).unwrap(), messages.concat());
    }

    #[test]
    fn what_miniz_oxide_deflates_is_inflated(message in message(), level in 0..=10_u8, piece in 1..100_usize) {
        // It ends with BFINAL, which wants a byte behind it.
        let payload = [compress_to_vec(&message, level), vec![0]].concat();
        prop_assert_eq!(inflate(&mut Inflater::new(Context::TakeOver), &payload, piece, 1000), Ok(message));
    }
}

/// For each connection, a line of its window bits and of whether it has context take-over, and one with its messages. The
/// answers: the payloads as zlib makes them; and, for a line with our payloads, the messages as zlib reads them, with an
/// output so small that it can only refer to its window.
const PYTHON: &str = r#"
import sys, zlib
TAIL = b"\x00\x00\xff\xff"
while line := sys.stdin.readline():
    bits, takes_over = map(int, line.split())
    deflate = inflate = None
    payloads, messages = [], []
    for message in sys.stdin.readline().rstrip("\n").split(","):
        if deflate is None or not takes_over:
            deflate = zlib.compressobj(6, zlib.DEFLATED, -bits)
        payload = deflate.compress(bytes.fromhex(message)) + deflate.flush(zlib.Z_SYNC_FLUSH)
        payloads.append(payload.removesuffix(TAIL).hex())
    print(",".join(payloads), flush=True)
    for payload in sys.stdin.readline().rstrip("\n").split(","):
        if inflate is None or not takes_over:
            inflate = zlib.decompressobj(-bits)
        rest, message = bytes.fromhex(payload) + TAIL, b""
        while True:
            piece = inflate.decompress(rest, 50)
            rest, message = inflate.unconsumed_tail, message + piece
            if not piece and not rest:
                break
        messages.append(message.hex())
    print(",".join(messages), flush=True)
"#;

#[test]
fn python_reads_what_is_deflated_and_is_read() {
    if !wirenut_tests::tools::has("python3") {
        return;
    }
    let mut python =
        Command::new("python3").args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut to, mut from) = (python.stdin.take().unwrap(), BufReader::new(python.stdout.take().unwrap()).lines());
    let mut runner = TestRunner::deterministic();
    let connections = (config(), prop::collection::vec(message(), 1..5));
    for _ in 0..200 {
        let (config, messages) = connections.new_tree(&mut runner).unwrap().current();
        let takes_over = u8::from(config.context == Context::TakeOver);
        writeln!(to, "{} {takes_over}\n{}", config.window_bits, hex_list(&messages)).unwrap();
        let mut inflater = Inflater::new(config.context);
        for (payload, message) in bytes_list(&from.next().unwrap().unwrap()).iter().zip(&messages) {
            assert_eq!(inflate(&mut inflater, payload, 100, 50).as_ref(), Ok(message), "{config:?}");
        }
        let mut deflater = Deflater::new(config);
        let payloads: Vec<_> = messages.iter().map(|message| deflate(&mut deflater, message, 999, 999)).collect();
        writeln!(to, "{}", hex_list(&payloads)).unwrap();
        assert_eq!(bytes_list(&from.next().unwrap().unwrap()), messages, "{config:?}");
    }
    drop(to);
    assert!(python.wait().unwrap().success());
}

fn hex_list(list: &[Vec<u8>]) -> String {
    let items: Vec<String> =
        list.iter().map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect()).collect();
    items.join(",")
}

fn bytes_list(line: &str) -> Vec<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    line.split(',').map(|item| item.as_bytes().chunks(2).map(byte).collect()).collect()
}
