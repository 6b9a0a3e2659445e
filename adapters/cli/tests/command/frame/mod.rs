//! `wirenut frame`: over pipes, sockets and serial lines, against what others make of the same.

mod python;
mod wires;

use core::time::Duration;
use std::fs::{self, File};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::process::{PATIENCE, run, wirenut};

/// `wirenut frame` with these words behind it.
fn frame(line: &str) -> Command {
    let mut command = wirenut();
    command.arg("frame").args(line.split_whitespace());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a command makes of its input: its status, its output, and what it complained about.
fn made(command: &mut Command, input: &[u8]) -> (Option<i32>, Vec<u8>, String) {
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may end before it has read all.
    let feeding = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

/// The objects that decoding prints: those of items and of what was skipped, and the last one.
fn objects(output: &[u8]) -> (Vec<Value>, Value) {
    let text = str::from_utf8(output).unwrap();
    let mut objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = objects.pop().expect("a total");
    assert!(last["total"].is_object(), "{text}");
    (objects, last["total"].clone())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Ends a child that a failed test leaves.
struct Running(Child);

impl Running {
    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    fn end(&mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const CODECS: &[(&str, &[u8])] = &[
    ("--codec lines", b"ab\ncd e\n"),
    ("--codec crlf", b"ab\r\ncd e\r\n"),
    ("--codec nul", b"ab\0cd e\0"),
    ("--codec delimited:0a2d2d", b"ab\n--cd e\n--"),
    ("--codec u8", b"\x02ab\x04cd e"),
    ("--codec u16be", b"\0\x02ab\0\x04cd e"),
    ("--codec u16le", b"\x02\0ab\x04\0cd e"),
    ("--codec u24be", b"\0\0\x02ab\0\0\x04cd e"),
    ("--codec u24le", b"\x02\0\0ab\x04\0\0cd e"),
    ("--codec u32be", b"\0\0\0\x02ab\0\0\0\x04cd e"),
    ("--codec u32le", b"\x02\0\0\0ab\x04\0\0\0cd e"),
    ("--codec leb128", b"\x02ab\x04cd e"),
    ("--codec u8 --adjust -1", b"\x03ab\x05cd e"),
    ("--codec netstring", b"2:ab,4:cd e,"),
    ("--codec slip", b"\xc0ab\xc0\xc0cd e\xc0"),
    ("--codec cobs", b"\x03ab\0\x05cd e\0"),
    ("--codec hdlc", b"~ab~~cd e~"),
    ("--codec hdlc-controls", b"~ab~~cd e~"),
    ("--codec u8 --crc CRC-16/XMODEM", b"\x04ab\xb1\xdb\x06cd e\x31\x1e"),
];

#[test]
fn every_codec_writes_what_it_reads() {
    for (options, stream) in CODECS {
        let (status, encoded, errors) = made(&mut frame(&format!("encode {options}")), b"ab\ncd e\n");
        assert_eq!((status, errors.as_str()), (Some(0), ""), "{options}");
        if !options.contains("--crc") {
            assert_eq!(encoded.escape_ascii().to_string(), stream.escape_ascii().to_string(), "{options}");
        }
        let (status, raw, errors) = made(&mut frame(&format!("decode --raw {options}")), &encoded);
        assert_eq!((status, raw.as_slice()), (Some(0), &b"abcd e"[..]), "{options}");
        let read = encoded.len();
        assert_eq!(errors, format!("2 items of 6 bytes; 0 skipped (0 bytes); {read} bytes read\n"), "{options}");
        let (_, lines, _) = made(&mut frame(&format!("decode --json {options}")), &encoded);
        let (items, total) = objects(&lines);
        assert_eq!((&items[0]["text"], &items[1]["hex"]), (&json!("ab"), &json!("63642065")), "{options}");
        assert_eq!(total["read_bytes"], read, "{options}");
    }
    let (status, encoded, _) = made(&mut frame("encode --codec fixed:3"), b"abc\ndef");
    assert_eq!((status, encoded.as_slice()), (Some(0), &b"abcdef"[..]));
}

#[test]
fn items_are_lines_digits_or_all() {
    for (options, input, stream) in [
        ("", &b"a\r\n\nlast"[..], &b"1:a,0:,4:last,"[..]),
        ("--hex", b"61 0A\n\nc0DE", b"2:a\n,0:,2:\xc0\xde,"),
        ("--whole", b"a\nb\n", b"4:a\nb\n,"),
        ("--whole", b"", b"0:,"),
        ("", b"", b""),
    ] {
        let (status, encoded, errors) = made(&mut frame(&format!("encode --codec netstring {options}")), input);
        assert_eq!((status, encoded.as_slice(), errors.as_str()), (Some(0), stream, ""), "{options}");
    }
}

#[test]
fn garbage_is_skipped_reported_and_counted() {
    let (_, mut stream, _) = made(&mut frame("encode --codec slip --crc crc32"), b"one\ntwo\nthree\n");
    // A bit of the second frame; an escape that there is not; half a frame at the end.
    stream[11] ^= 1;
    stream.extend_from_slice(b"\xc0a\xdbb\xc0\xc0ha");
    let (status, shown, errors) = made(&mut frame("decode --codec slip --crc crc32"), &stream);
    let expected = "\
#1  3 bytes, in 9 bytes from byte 0
  0000  6f 6e 65                                          one
!  the checksum does not match: 9 bytes skipped from byte 9
#2  5 bytes, in 11 bytes from byte 18
  0000  74 68 72 65 65                                    three
!  invalid escape: 5 bytes skipped from byte 29
!  the stream ended within a message: 3 bytes skipped from byte 34
2 items of 8 bytes; 3 skipped (17 bytes); 37 bytes read
";
    assert_eq!(String::from_utf8(shown).unwrap(), expected);
    assert_eq!(status, Some(1));
    assert_eq!(errors, "wirenut: 3 times something in the stream was no item, and was skipped\n");
}

/// DEL and C1: a terminal may obey them, and JSON need not escape them.
#[test]
fn json_shows_no_character_that_a_terminal_obeys() {
    let item = "a\u{1b}\u{7f}\u{80}\u{9b}31m\u{9f}\u{a0}ä";
    let (_, lines, _) = made(&mut frame("decode --json --codec nul"), format!("{item}\0").as_bytes());
    assert!(!str::from_utf8(&lines).unwrap().contains(|sign: char| sign.is_control() && sign != '\n'), "{lines:?}");
    assert_eq!(objects(&lines).0[0]["text"], item);
}

#[test]
fn a_stream_that_is_lost_is_said_to_be() {
    let (status, lines, errors) = made(&mut frame("decode --json --codec u16be --limit 5"), b"\0\x01a\0\x06xxxxxx");
    let (items, total) = objects(&lines);
    assert_eq!(items[0], json!({ "offset": 0, "extent": 3, "length": 1, "hex": "61", "text": "a" }));
    assert_eq!(items[1], json!({ "lost": { "rule": "message too long", "offset": 4 } }));
    assert_eq!((status, &total["items"]), (Some(1), &json!(1)));
    assert_eq!(
        errors,
        "wirenut: cannot find the next item: message too long at byte 4 (--limit says how long an item may be)\n"
    );
}

#[test]
fn what_cannot_be_is_refused_and_says_which_option() {
    for (line, input, status, said) in [
        ("decode --codec slip --hex", &b""[..], 2, "--hex is of 'wirenut frame encode'"),
        ("encode --codec slip --json", b"", 2, "--json is of 'wirenut frame decode'"),
        ("decode --codec cobs --strip 1", b"", 2, "--strip cannot be used with this --codec"),
        ("decode --codec u8 --limit 256", b"", 2, "--limit is too large: with these options, items have 255 bytes"),
        ("decode --codec u8 --limit 255 --crc modbus", b"", 2, "items have 253 bytes at most"),
        ("decode --codec fixed:3 --limit 2", b"", 2, "--limit is too small: each item has 3 bytes"),
        ("decode --codec fixed:1 --crc modbus", b"", 2, "--crc is too long: "),
        ("decode --codec fixed:99999999999", b"", 2, "from 1 to 1073741824"),
        ("decode --codec u8 --adjust -300", b"", 2, "--adjust is too low: with this --codec it is -255 at least"),
        (
            "decode --codec u8 --adjust 11 --limit 10",
            b"",
            2,
            "--limit is too small: with this --adjust each item has 11",
        ),
        (
            "decode --codec u8 --adjust 2000000",
            b"",
            2,
            "--limit is too small: with this --adjust each item has 2000000",
        ),
        ("decode --codec u8 --strip 2", b"", 2, "--strip is too large"),
        ("decode --codec slip --limit 2G", b"", 2, "expected a number of bytes from 1 to 1G"),
        ("decode --codec slip --crc crc-5", b"", 2, "CRC-16/IBM-SDLC"),
        ("decode --codec fixed:x", b"", 2, "such as fixed:64"),
        ("encode --codec slip --connect nowhere", b"", 2, "the port is missing"),
        ("encode --codec netstring", b"a\n", 0, ""),
        ("encode --codec slip", b"a\n\n", 1, "cannot encode item 2: it has 0 bytes, which --codec does not allow"),
        ("encode --codec slip --hex", b"00\nxy\n", 1, "cannot encode item 2: expected pairs of hexadecimal digits"),
        ("encode --codec slip --limit 3", b"abc\nabcd\n", 1, "cannot encode item 2: longer than --limit"),
        ("encode --codec slip --limit 3 --whole", b"abcd", 1, "cannot encode item 1: longer than --limit"),
        ("encode --codec lines --hex", b"610a62", 1, "cannot encode item 1: the message holds what would end it"),
        ("encode --codec fixed:3", b"ab", 1, "cannot encode item 1: it has 2 bytes, which --codec does not allow"),
        (
            "encode --codec u8 --offset 1 --limit 3 --whole",
            b"0123456789",
            1,
            "cannot encode item 1: longer than --limit says",
        ),
        ("decode --codec slip --serial /dev/null", b"", 1, "cannot use '/dev/null' as a serial device: "),
        ("decode --codec slip --serial /nowhere", b"", 1, "cannot use '/nowhere' as a serial device: No such file"),
        ("decode --codec slip --connect unix:/nowhere/socket", b"", 1, "cannot connect"),
    ] {
        let (ended, _, errors) = made(&mut frame(line), input);
        assert_eq!(ended, Some(status), "{line}: {errors}");
        assert!(errors.contains(said), "{line}: {errors}");
    }
}

#[test]
fn an_output_that_nobody_reads_ends_it_quietly_and_a_full_one_does_not() {
    for line in ["decode --codec lines", "encode --codec slip"] {
        let mut child = frame(line).spawn().unwrap();
        drop(child.stdout.take());
        let mut input = child.stdin.take().unwrap();
        let feeding = thread::spawn(move || while input.write_all(&b"line\n".repeat(10_000)).is_ok() {});
        let output = child.wait_with_output().unwrap();
        feeding.join().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{line}");

        let full = File::options().write(true).open("/dev/full").unwrap();
        let (status, _, errors) = made(frame(line).stdout(full), b"line\n");
        let expected = "wirenut: cannot write to 'standard output': No space left on device (os error 28)\n";
        assert_eq!((status, errors.as_str()), (Some(1), expected), "{line}");
    }
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut running = Running(frame("decode --codec lines --limit 4K").spawn().unwrap());
    let mut input = running.0.stdin.take().unwrap();
    let zeros = vec![0; 1 << 20];
    (0..64).for_each(|_| input.write_all(&zeros).unwrap());
    let status = fs::read_to_string(format!("/proc/{}/status", running.0.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    assert!(peak < 32 * 1024, "{peak} KiB");
    drop(input);
    assert_eq!(running.end(), Some(1));
}

#[test]
fn a_large_limit_takes_no_memory_by_itself_and_a_large_item_ends_it_in_good_order() {
    let limited = |line: &str, input: &[u8]| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -v 300000; exec \"$0\" frame \"$@\""]).arg(wirenut().get_program());
        shell.args(line.split_whitespace()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        made(&mut shell, input)
    };
    for line in ["decode --raw --codec u32be --limit 1G", "encode --codec u32be --limit 1G"] {
        let (status, output, errors) = limited(line, b"\0\0\0\x01a\n".strip_suffix(b"\n").unwrap());
        assert_eq!(status, Some(0), "{line}: {errors}");
        assert!(output.ends_with(b"a"), "{line}");
    }
    let mut long = vec![0x30, 0, 0, 0];
    long.resize(160 << 20, b'x');
    for line in ["decode --raw --codec u32be --limit 1G", "encode --codec lines --limit 1G"] {
        let (status, _, errors) = limited(line, &long);
        assert_eq!(status, Some(1), "{line}: {errors}");
        assert!(errors.ends_with("wirenut: cannot hold an item in memory: out of memory\n"), "{line}: {errors}");
    }
}

#[test]
fn fixed_items_may_be_longer_than_the_usual_limit() {
    let item = vec![b'x'; (1 << 20) + 1];
    let (status, output, errors) = made(&mut frame("decode --raw --codec fixed:1048577"), &item);
    assert_eq!((status, output.len()), (Some(0), item.len()), "{errors}");
}

#[test]
fn help_tells_codecs_and_exit_status() {
    let (status, help, _) = run(&["frame", "--help"]);
    assert_eq!(status, Some(0));
    for part in ["delimited:HEX", "--crc <NAME>", "exit status is 0", "Examples:", "/dev/ttyUSB0"] {
        assert!(help.contains(part), "{part}");
    }
}
