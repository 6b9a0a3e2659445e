//! Streams that are connections and serial lines, and what becomes of items when a signal ends the program.

use core::time::Duration;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{ControlModes, LocalModes, tcgetattr};
use serde_json::json;
use wirenut_tests::tools::has;

use super::{Running, frame, made, objects};
use crate::process::PATIENCE;
use crate::tree::Tree;

#[test]
fn items_before_one_that_cannot_be_encoded_arrive() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = format!("encode --codec slip --hex --connect {}", listener.local_addr().unwrap());
    let mut running = Running(frame(&line).spawn().unwrap());
    let (mut peer, _) = listener.accept().unwrap();
    // A connection that is closed with these unread is reset.
    peer.write_all(b"unread").unwrap();
    running.0.stdin.take().unwrap().write_all(b"6f6e65\nno\n").unwrap();
    let mut received = Vec::new();
    peer.read_to_end(&mut received).unwrap();
    drop(peer);
    assert_eq!(received, b"\xc0one\xc0");
    assert_eq!(running.end(), Some(1));
}

#[test]
fn a_line_whose_end_has_not_come_is_no_item_when_a_signal_comes() {
    let mut running = Running(frame("decode --json --codec lines").spawn().unwrap());
    let mut input = running.0.stdin.take().unwrap();
    input.write_all(b"one\nha").unwrap();
    let mut output = BufReader::new(running.0.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    running.signal("INT");
    assert_eq!(running.end(), Some(0));
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).unwrap();
    let (items, total) = objects(&rest);
    assert_eq!((items.len(), &total["items"]), (0, &json!(1)));
}

#[test]
fn a_signal_is_the_end_of_the_input() {
    let mut running = Running(frame("decode --json --codec slip").spawn().unwrap());
    let mut input = running.0.stdin.take().unwrap();
    input.write_all(b"\xc0one\xc0ha").unwrap();
    let mut output = BufReader::new(running.0.stdout.take().unwrap());
    let mut line = String::new();
    // It is shown before more comes.
    output.read_line(&mut line).unwrap();
    assert!(line.contains(r#""text":"one""#), "{line}");
    running.signal("INT");
    assert_eq!(running.end(), Some(0));
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).unwrap();
    let (items, total) = objects(&rest);
    assert_eq!((items.len(), &total["skipped"]), (0, &json!(0)), "half an item is no fault then");
    drop(input);

    // Who is held up by what reads its output ends as well.
    let mut running = Running(frame("decode --codec lines").spawn().unwrap());
    let mut input = running.0.stdin.take().unwrap();
    let feeding = thread::spawn(move || while input.write_all(&b"line\n".repeat(10_000)).is_ok() {});
    let mut output = BufReader::new(running.0.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    running.signal("INT");
    // It may have had room for its last line.
    assert!(matches!(running.end(), Some(0 | 130)));
    feeding.join().unwrap();
}

#[test]
fn items_go_over_connections() {
    // To a server, which may say something that nobody reads.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let (mut peer, _) = server.accept().unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        peer.write_all(b"welcome").unwrap();
        let mut heard = Vec::new();
        peer.read_to_end(&mut heard).unwrap();
        heard
    });
    let (status, _, errors) = made(&mut frame(&format!("encode --codec cobs --connect {address}")), b"one\ntwo\n");
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert_eq!(serving.join().unwrap(), b"\x04one\0\x04two\0");

    // From a server.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let serving = thread::spawn(move || server.accept().unwrap().0.write_all(b"3:one,").unwrap());
    let (status, raw, _) = made(&mut frame(&format!("decode --raw --codec netstring --connect {address}")), b"");
    assert_eq!((status, raw.as_slice()), (Some(0), &b"one"[..]));
    serving.join().unwrap();

    // A server that is not there.
    let (_socket, gone) = crate::process::nobody();
    let (status, _, errors) = made(&mut frame(&format!("decode --codec slip --connect {gone}")), b"");
    assert_eq!(status, Some(1));
    assert!(errors.contains("Connection refused"), "{errors}");
}

#[test]
fn socat_connects_to_where_it_listens() {
    if !has("socat") {
        return;
    }
    let tree = Tree::new();
    let path = tree.path().join("socket");
    for (place, is_tcp) in [("127.0.0.1:0".to_owned(), true), (format!("unix:{}", path.display()), false)] {
        let mut running = Running(frame(&format!("decode --raw --codec slip --listen {place}")).spawn().unwrap());
        let mut notes = BufReader::new(running.0.stderr.take().unwrap());
        let mut line = String::new();
        notes.read_line(&mut line).unwrap();
        let to = match line.trim_end().split_once(' ').unwrap() {
            ("tcp", address) if is_tcp => format!("TCP:{address}"),
            ("unix", path) if !is_tcp => format!("UNIX-CONNECT:{path}"),
            _ => panic!("{line}"),
        };
        let mut socat = Command::new("socat");
        socat.args(["-u", "-", &to]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (status, _, errors) = made(&mut socat, b"\xc0one\xc0\xc0tw\xdb\xdc\xc0");
        assert_eq!((status, errors.as_str()), (Some(0), ""));
        let mut raw = Vec::new();
        running.0.stdout.take().unwrap().read_to_end(&mut raw).unwrap();
        assert_eq!((running.end(), raw.as_slice()), (Some(0), &b"onetw\xc0"[..]), "{place}");
        assert!(!path.exists(), "the socket's path is removed");
    }
}

/// Our end of a pair of terminals, and the path of the other one.
fn terminals() -> (File, PathBuf) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let path = ptsname(&ours, Vec::new()).unwrap();
    (File::from(ours), PathBuf::from(path.into_string().unwrap()))
}

/// Waits until the other end is set up.
fn wait_for_raw_mode(terminal: &File) {
    let start = Instant::now();
    while tcgetattr(terminal).unwrap().local_modes.contains(LocalModes::ECHO) {
        assert!(start.elapsed() < PATIENCE, "it is not set up");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_serial_device_is_set_up_read_and_left_as_it_was() {
    let (mut ours, path) = terminals();
    // So that the other end stays what it is while nobody has it open.
    let kept = File::options().read(true).custom(OFlags::NOCTTY).open(&path).unwrap();
    let before = tcgetattr(&ours).unwrap();
    let line =
        format!("decode --json --codec slip --serial {} --baud 57600 --stop-bits 2 --flow hardware", path.display());
    let mut running = Running(frame(&line).spawn().unwrap());
    wait_for_raw_mode(&ours);
    let set = tcgetattr(&ours).unwrap();
    assert_eq!((set.input_speed(), set.output_speed()), (57_600, 57_600));
    let wanted =
        ControlModes::CSTOPB | ControlModes::CRTSCTS | ControlModes::CLOCAL | ControlModes::CREAD | ControlModes::CS8;
    assert!(set.control_modes.contains(wanted), "{:?}", set.control_modes);
    // Bytes that a terminal would obey: the end of the input, an interrupt, XOFF.
    ours.write_all(b"\xc0\x04\x03\x13\r\n\xc0").unwrap();
    let mut output = BufReader::new(running.0.stdout.take().unwrap());
    let mut shown = String::new();
    output.read_line(&mut shown).unwrap();
    assert!(shown.contains(r#""hex":"0403130d0a""#), "{shown}");
    running.signal("INT");
    assert_eq!(running.end(), Some(0));
    let after = tcgetattr(&ours).unwrap();
    assert_eq!(
        (after.input_modes, after.output_modes, after.control_modes, after.local_modes, after.output_speed()),
        (before.input_modes, before.output_modes, before.control_modes, before.local_modes, before.output_speed())
    );
    drop(kept);
}

#[test]
fn a_serial_device_is_written_to_and_says_what_it_lacks() {
    let (mut ours, path) = terminals();
    let kept = File::options().read(true).custom(OFlags::NOCTTY).open(&path).unwrap();
    // A pseudo-terminal has no parity.
    let line = format!("encode --codec cobs --hex --serial {} --parity even", path.display());
    let (status, _, errors) = made(&mut frame(&line), b"11 22 00 33\n0d0a04\n");
    assert_eq!(status, Some(0), "{errors}");
    let lacks = "does not have all of --baud 115200 --parity even --stop-bits 1 --flow none";
    assert!(errors.contains(lacks), "{errors}");
    let mut heard = [0; 11];
    ours.read_exact(&mut heard).unwrap();
    assert_eq!(heard, *b"\x03\x11\x22\x02\x33\0\x04\r\n\x04\0");
    drop(kept);
}

/// Flags of open(2).
trait Custom {
    fn custom(&mut self, flags: OFlags) -> &mut Self;
}

impl Custom for fs::OpenOptions {
    fn custom(&mut self, flags: OFlags) -> &mut Self {
        use std::os::unix::fs::OpenOptionsExt as _;
        self.custom_flags(i32::try_from(flags.bits()).unwrap())
    }
}
