//! The same frames, written and read by Python.

use std::process::{Command, Stdio};

use wirenut_tests::tools::has;

use super::{frame, hex, made, objects};

/// Frames of others: encodes lines of digits from standard input as `encode CODEC` says, or decodes a stream to such lines.
const PYTHON: &str = r#"
import sys

def cobs_encode(data):
    out, block = bytearray(), bytearray()
    for i, byte in enumerate(data):
        if byte == 0:
            out.append(len(block) + 1); out += block; block = bytearray()
        else:
            block.append(byte)
            if len(block) == 254 and i + 1 < len(data):
                out.append(255); out += block; block = bytearray()
    out.append(len(block) + 1); out += block
    return bytes(out) + b'\0'

def cobs_decode(stream):
    for frame in stream.split(b'\0')[:-1]:
        out, at = bytearray(), 0
        while at < len(frame):
            code = frame[at]
            out += frame[at + 1:at + code]; at += code
            if code < 255 and at < len(frame):
                out.append(0)
        yield bytes(out)

def slip_encode(data):
    return b'\xc0' + data.replace(b'\xdb', b'\xdb\xdd').replace(b'\xc0', b'\xdb\xdc') + b'\xc0'

def slip_decode(stream):
    for frame in stream.split(b'\xc0'):
        if frame:
            yield frame.replace(b'\xdb\xdc', b'\xc0').replace(b'\xdb\xdd', b'\xdb')

def netstring_encode(data):
    return str(len(data)).encode() + b':' + data + b','

def netstring_decode(stream):
    while stream:
        length, rest = stream.split(b':', 1)
        assert rest[int(length):int(length) + 1] == b','
        yield rest[:int(length)]
        stream = rest[int(length) + 1:]

action, codec = sys.argv[1:]
if action == 'encode':
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(globals()[codec + '_encode'](bytes.fromhex(line.decode())))
else:
    for item in globals()[codec + '_decode'](sys.stdin.buffer.read()):
        print(item.hex())
"#;

#[test]
fn python_reads_what_is_written_and_writes_what_is_read() {
    if !has("python3") {
        return;
    }
    let bytes: Vec<u8> = (0..=255).collect();
    let items = [&b"a"[..], b"\0", b"\xc0\xdb\xdc\xdd", &[7; 254], &[7; 255], &[0; 3], &bytes, &bytes.repeat(5)];
    let lines: String = items.iter().map(|item| hex(item) + "\n").collect();
    for codec in ["cobs", "slip", "netstring"] {
        let python = |action: &str, input: &[u8]| {
            let mut python = Command::new("python3");
            python.args(["-c", PYTHON, action, codec]);
            python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let (status, output, errors) = made(&mut python, input);
            assert_eq!((status, errors.as_str()), (Some(0), ""), "{codec}");
            output
        };
        let (status, stream, errors) = made(&mut frame(&format!("encode --hex --codec {codec}")), lines.as_bytes());
        assert_eq!((status, errors.as_str()), (Some(0), ""), "{codec}");
        assert_eq!(String::from_utf8(python("decode", &stream)).unwrap(), lines, "{codec}");

        let stream = python("encode", lines.as_bytes());
        let (status, shown, _) = made(&mut frame(&format!("decode --json --codec {codec}")), &stream);
        let (found, _) = objects(&shown);
        let found: Vec<&str> = found.iter().map(|item| item["hex"].as_str().unwrap()).collect();
        assert_eq!((status, found), (Some(0), lines.lines().collect::<Vec<_>>()), "{codec}");
    }
}
