//! The table against itself, against the machine that runs it, and against what is written about it.

extern crate alloc;
extern crate std;

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt::Write as _;
use std::{env, fs};

use super::compact;
use super::incoming::Incoming;
use super::machine::Machine;
use super::state::State;
use super::table::{Action, Class, On, ROWS, Row};
use crate::http::error::Rule;
use crate::http::field_filter::FieldFilter;
use crate::http::framing::BodyFraming;
use crate::http::limits::Limits;

impl Machine {
    /// Reads on in these bytes: how many were consumed, and the rule that the byte behind them breaks.
    pub(super) fn read_bytes(&mut self, limits: &Limits, bytes: &[u8], store: &mut [u8]) -> (usize, Result<(), Rule>) {
        let mut incoming = Incoming { rest: bytes, store };
        let read = self.read(limits, &mut incoming);
        (bytes.len() - incoming.rest.len(), read)
    }
}

/// The index of the row that takes this byte.
fn row_of(state: State, byte: u8) -> Option<usize> {
    ROWS.iter().position(|row| row.state == state && row.on.takes(byte))
}

#[test]
fn the_compact_table_is_the_readable_one() {
    for state in ROWS.iter().map(|row| row.state) {
        for byte in 0..=u8::MAX {
            let row = row_of(state, byte).map(|at| &ROWS[at]);
            let entry = compact::Entries::of(state).find(byte);
            assert_eq!(
                row.map(|row| (row.next, row.action)),
                entry.map(|entry| (entry.next, entry.action)),
                "{state:?} {byte:#x}"
            );
            // A run stays where it is: whichever of its bytes comes, this entry takes it.
            if let Some(class) = entry.filter(|entry| entry.is_run()).map(compact::Entry::class) {
                assert_eq!(entry.map(|entry| (entry.next, entry.action)), Some((state, Action::None)));
                for other in (0..=u8::MAX).filter(|other| crate::bytes::has_class(*other, class)) {
                    assert_eq!(row_of(state, other), row_of(state, byte), "{state:?} {byte:#x} {other:#x}");
                }
            }
        }
    }
}

#[test]
fn no_row_is_hidden_by_those_before_it() {
    for (at, row) in ROWS.iter().enumerate() {
        let is_seen = (0..=u8::MAX).any(|byte| row_of(row.state, byte) == Some(at));
        assert!(is_seen, "{row:?}");
        assert!(row.section.starts_with("RFC "), "{row:?}");
    }
}

/// In every state, a byte without a row is refused at once, and a row without an action of its own leads where it says.
#[test]
fn the_machine_takes_what_the_table_takes_and_nothing_else() {
    for state in ROWS.iter().map(|row| row.state).collect::<BTreeSet<_>>() {
        for byte in 0..=u8::MAX {
            let mut machine = Machine::new(&Limits::DEFAULT, state);
            let (used, read) = machine.read_bytes(&Limits::DEFAULT, &[byte], &mut [0; 64]);
            match row_of(state, byte).map(|at| &ROWS[at]) {
                None => assert!(used == 0 && read.is_err(), "{state:?} {byte:#x}"),
                Some(row) if row.action == Action::None => {
                    assert_eq!((used, read, machine.state), (1, Ok(()), row.next), "{row:?} {byte:#x}");
                }
                // An action may refuse the byte, or lead elsewhere.
                Some(_) => assert_eq!(used == 1, read.is_ok(), "{state:?} {byte:#x}"),
            }
        }
    }
}

/// What is sent to a server, or by one; each must be read to its end.
const MESSAGES: &[&str] = &[
    "R|\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n",
    "R|\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n",
    "R|OPTIONS * HTTP/1.0\r\n\r\n",
    "R|GET http://a/b?c HTTP/1.1\r\nhost: a \t\r\n\r\n",
    "R|GET HTTPS://a%2F?b HTTP/1.2\r\nHost: a%2F\r\n\r\n",
    "R|GET http://a%2f:80/ HTTP/1.1\r\nHost: a%2f:80\r\n\r\n",
    "R|GET http://a HTTP/1.1\r\nHost: a\r\n\r\n",
    "R|GET http://[::1] HTTP/1.1\r\nHost: [::1]\r\n\r\n",
    "R|GET http://[::1]?a HTTP/1.1\r\nHost: [::1]\r\n\r\n",
    "R|GET http://[::1.2.3.4]/ HTTP/1.1\r\nHost: [::1.2.3.4] \r\n\r\n",
    "R|GET http://[::1]:8/ HTTP/1.1\r\nHost: [::1]:8\r\n\r\n",
    "R|GET http://a:?b HTTP/1.1\r\nHost: a: \r\n\r\n",
    "R|GET http://a:/b HTTP/1.1\r\nHost: a:\r\n\r\n",
    "R|GET http://a:80?b HTTP/1.1\r\nHost: a:80 \r\n\r\n",
    "R|GET http://%61/ HTTP/1.1\r\nHost: %61\r\n\r\n",
    "R|CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
    "R|PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\t\t\r\nExpect: 100-Continue \r\n\r\n",
    "R|PUT / HTTP/1.1\r\nHost: a\r\nContent-Length:12\r\nExpect: 100-continue\r\nExpect: 100-CONTINUE\t\t\r\n\r\n",
    "R|GET / HTTP/1.1\r\nHost: a\r\nConnection: close \t, a b,\t, upgrade \r\nConnection:\r\nConnection: close\r\n\r\n",
    "R|PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked \t\r\nVia: \r\nAccept: a b\r\n\r\n",
    "1|GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "S|HTTP/1.1 200 OK\r\nServer: a\r\n\r\n",
    "S|HTTP/1.0 404 \r\n\r\n",
    "S|HTTP/1.1 200 \r\nTransfer-Encoding: gzip ; a=b\t, br;q =1;c,x\r\n\r\n",
    "S|HTTP/1.1 200 \r\nTransfer-Encoding: a ,b\r\n\r\n",
    "S|HTTP/1.1 200 \r\nTransfer-Encoding: a;b=\"c\\\"d, e\"\r\n\r\n",
    "R|GET https://[1:2:3::4.56.7.8]/ HTTP/1.1\r\nHost: [1:2:3::4.56.7.8]\r\n\r\n",
    "R|GET / HTTP/1.1\r\nHost: [a1::]\r\nConnection: a,b c d, e;f\r\nConnection: g \r\n\r\n",
    "R|GET / HTTP/1.1\r\nHost: [1:2::]\r\nConnection: a=b, close, keep-alive, Upgrade\r\n\r\n",
    "C|1aF\r\n",
    "C|1;a\r\n",
    "C|1 \t ; a  = b ;c=\"d\\\"e\";f\t; g=\"h\" ;i;j=k;l=m\r\n",
    "C|1;a=\"b\"\r\n",
    "C|1;a=b\r\n",
    "C|1;ab=cd\r\n",
    "R|GET http://ab/ HTTP/1.1\r\nHost: ab\r\n\r\n",
    "S|HTTP/1.1 200 \r\nTransfer-Encoding: \t gzip,\t br\r\n\r\n",
    "C|0\r\nA: b\r\n\r\n",
];

/// Reads a message byte by byte, and notes the rows that are taken.
fn trace(message: &str, taken: &mut BTreeSet<usize>) -> Machine {
    let (kind, bytes) = message.split_once('|').unwrap();
    let limits = &Limits { field_count: if kind == "1" { 1 } else { 100 }, ..Limits::DEFAULT };
    let mut machine = match kind {
        "R" | "1" => Machine::new(limits, State::RequestStart),
        "S" => Machine::response(limits),
        _ => {
            let mut machine = Machine::new(limits, State::SizeStart);
            machine.begin_content(limits, BodyFraming::Chunked);
            machine
        }
    };
    let mut store = [0; Limits::DEFAULT.store_bytes()];
    for byte in bytes.bytes() {
        let before = machine.state;
        let (used, read) = machine.read_bytes(limits, &[byte], &mut store);
        assert_eq!((used, read), (1, Ok(())), "{message:?} at byte {}", machine.offset);
        if machine.state == State::ResponseRead {
            machine.state = State::SectionLf;
        }
        let row = row_of(before, byte).unwrap();
        taken.insert(row);
        if machine.state == State::ChunkData {
            machine.take_content(machine.length);
            for byte in *b"\r\n" {
                taken.insert(row_of(machine.state, byte).unwrap());
                assert_eq!(machine.read_bytes(limits, &[byte], &mut store), (1, Ok(())));
            }
        }
    }
    machine
}

#[test]
fn every_row_is_there_for_some_message() {
    let mut taken = BTreeSet::new();
    for message in MESSAGES {
        let machine = trace(message, &mut taken);
        assert!(matches!(machine.state, State::SectionDone | State::SizeStart), "{message:?}: {:?}", machine.state);
    }
    let missed: Vec<_> = ROWS.iter().enumerate().filter(|(at, _)| !taken.contains(at)).map(|(_, row)| row).collect();
    let refusing = |row: &&Row| matches!(row.action, Action::OtherVersion | Action::TooManyFields);
    assert!(missed.iter().all(refusing), "{missed:#?}");
}

/// Whatever is put in the place of any byte of these messages, whole and byte by byte it is judged alike.
#[test]
fn any_byte_at_any_place_is_judged_alike_in_any_cut() {
    for message in MESSAGES {
        let (kind, bytes) = message.split_once('|').unwrap();
        for place in 0..bytes.len() {
            for byte in (0..0x80).chain([0x80, 0xff]) {
                let mut bytes = bytes.as_bytes().to_vec();
                bytes[place] = byte;
                let read = |cut: usize| {
                    let mut machine = match kind {
                        "R" | "1" => Machine::new(&Limits::DEFAULT, State::RequestStart),
                        "S" => Machine::response(&Limits::DEFAULT),
                        _ => Machine::new(&Limits::DEFAULT, State::SizeStart),
                    };
                    let mut store = [0; 512];
                    let mut outcome = Ok(());
                    for piece in bytes.chunks(cut) {
                        let (used, read) = machine.read_bytes(&Limits::DEFAULT, piece, &mut store);
                        outcome = read;
                        if used < piece.len() {
                            break;
                        }
                    }
                    let kept = machine.lines(&store).to_vec();
                    (outcome, machine.offset, machine.state, machine.flags, machine.length, kept)
                };
                assert_eq!(read(usize::MAX), read(1), "{:?}", bytes.escape_ascii().to_string());
            }
        }
    }
}

#[test]
fn a_chunk_size_line_may_fill_its_limit() {
    const LIMITS: Limits = Limits { chunk_line_bytes: 12, ..Limits::DEFAULT };
    for line in ["5;a=b\r\n", "5; a; b=c\r\n", "5; a; b=cd\r\n"] {
        let content = format!("{line}hello\r\n0\r\n\r\n");
        for cut in [1, 2, usize::MAX] {
            let mut machine = Machine::new(&LIMITS, State::SizeStart);
            machine.begin_content(&LIMITS, BodyFraming::Chunked);
            let (mut store, mut rest) = ([0; 64], content.as_bytes());
            while !rest.is_empty() {
                let piece = &rest[..cut.min(rest.len())];
                let (used, read) = machine.read_bytes(&LIMITS, piece, &mut store);
                assert_eq!(read, Ok(()), "{line:?} in pieces of {cut} at byte {}", machine.offset);
                let data = if machine.state == State::ChunkData { piece.len() - used } else { 0 };
                let data = data.min(usize::try_from(machine.length).unwrap());
                if data > 0 {
                    machine.take_content(u64::try_from(data).unwrap());
                }
                rest = &rest[used + data..];
            }
            assert_eq!(machine.state, State::SectionDone);
        }
    }
}

#[test]
fn no_more_is_stored_than_the_store_holds() {
    const FILTER: FieldFilter = FieldFilter { names: &["Accept"], bytes: 40 };
    const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
    let long = "X".repeat(300);
    for lines in ["Connection: close x, a".to_string(), format!("{long}: b"), format!("Connection: {long}, close")] {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n");
        for size in 16..LIMITS.store_bytes() + 1 {
            let mut machine = Machine::new(&LIMITS, State::RequestStart);
            let mut store = vec![0; size];
            for byte in head.bytes() {
                let (used, read) = machine.read_bytes(&LIMITS, &[byte], &mut store);
                assert!(machine.stored() <= size, "{} after byte {} of {head:?}", machine.stored(), machine.offset);
                assert!(used == 1 || (read.is_err() && size < LIMITS.store_bytes()));
                if read.is_err() {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_fifth_empty_line_is_refused_in_any_cut() {
    let bytes = b"\r\n".repeat(10);
    for cut in 1..=bytes.len() {
        let mut machine = Machine::new(&Limits::DEFAULT, State::RequestStart);
        let refused = bytes.chunks(cut).find_map(|piece| machine.read_bytes(&Limits::DEFAULT, piece, &mut []).1.err());
        assert_eq!((refused, machine.offset), (Some(Rule::InvalidMethod), 8), "in pieces of {cut}");
    }
}

/// Where the store is full, its limit comes first, if the byte behind it may stand in such a value.
#[test]
fn behind_a_full_store_its_limit_is_broken_by_what_a_value_may_hold() {
    const NAMES: &[&str] = &["Host", "Expect", "Content-Length", "Transfer-Encoding"];
    const FILTER: FieldFilter = FieldFilter { names: NAMES, bytes: 40 };
    const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
    for (line, byte, expected) in [
        ("Host:", b'/', Rule::FieldTooLarge),
        ("Host:", b'\r', Rule::FieldTooLarge),
        ("Host:", b'\0', Rule::InvalidFieldValue),
        ("Host:", b'\n', Rule::BareLineFeed),
        ("Host: a", b'/', Rule::FieldTooLarge),
        ("Host: a", b'"', Rule::InvalidHost),
        ("Host: [1:", b'.', Rule::FieldTooLarge),
        ("Host: [1:", b'x', Rule::InvalidHost),
        ("Expect:", b'x', Rule::FieldTooLarge),
        ("Expect: 1", b'x', Rule::UnknownExpectation),
        ("Content-Length:", b'x', Rule::FieldTooLarge),
        ("Content-Length: 1", b'x', Rule::InvalidContentLength),
        ("Transfer-Encoding:", b';', Rule::FieldTooLarge),
        ("Transfer-Encoding: a", b'"', Rule::InvalidTransferEncoding),
        ("Transfer-Encoding: a,", b',', Rule::InvalidTransferEncoding),
    ] {
        let path = "a".repeat(40 - line.len() - "GET / HTTP/1.1\r\n".len());
        let head = [format!("GET /{path} HTTP/1.1\r\n{line}").as_bytes(), &[byte]].concat();
        for cut in [1, 7, head.len()] {
            let mut machine = Machine::new(&LIMITS, State::RequestStart);
            let mut store = [0; LIMITS.store_bytes()];
            let refused = head.chunks(cut).find_map(|piece| machine.read_bytes(&LIMITS, piece, &mut store).1.err());
            assert_eq!((refused, machine.offset), (Some(expected), 40), "{}", head.escape_ascii());
        }
    }
}

#[test]
fn a_store_that_is_too_small_refuses_and_misreads_nothing() {
    const FILTER: FieldFilter = FieldFilter { names: &["Accept"], bytes: 60 };
    const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
    let head =
        b"PUT / HTTP/1.1\r\nHost: a\r\nX-Not-Asked-For-And-Long: b\r\nAccept: c\r\nTransfer-Encoding: chunked\r\n\r\n";
    let read = |store: &mut [u8]| {
        let mut machine = Machine::new(&LIMITS, State::RequestStart);
        let read = machine.read_bytes(&LIMITS, head, store).1;
        (read, machine.flags, machine.lines(store).to_vec())
    };
    let expected = read(&mut vec![0; LIMITS.store_bytes()]);
    assert_eq!(expected.0, Ok(()));
    assert_eq!(expected.2, b"PUT / HTTP/1.1\r\nAccept: c\r\n");
    for size in 0..200 {
        let got = read(&mut vec![0; size]);
        let is_refused = matches!(got.0, Err(Rule::FieldTooLarge | Rule::RequestLineTooLong | Rule::MethodTooLong));
        assert!(is_refused || got == expected, "{size}: {got:?}");
        assert!(size < LIMITS.store_bytes() || !is_refused, "{size}");
    }
}

fn on(on: On) -> String {
    match on {
        On::Byte(b'\r') => "CR".to_string(),
        On::Byte(b'\n') => "LF".to_string(),
        On::Byte(b' ') => "SP".to_string(),
        On::Byte(b'|') => "`\\|`".to_string(),
        On::Byte(byte) => format!("`{}`", char::from(byte)),
        On::Class(class) => match class {
            Class::Token => "tchar",
            Class::Target => "target character",
            Class::RegName => "unreserved, sub-delims",
            Class::FieldValue => "field character",
            Class::HexDigit => "HEXDIG",
            Class::Digit => "DIGIT",
            Class::Blank => "SP, HTAB",
        }
        .to_string(),
    }
}

/// The table and its picture, as they stand in the documents.
fn document() -> String {
    let mut text = String::from(
        "# The grammar\n\nMade from the table by `WIRENUT_BLESS=1 cargo test -p wirenut grammar`.\n\n\
         | state | byte | next | action | section |\n|---|---|---|---|---|\n",
    );
    let mut before = None;
    for row in ROWS {
        let state = if before == Some(row.state) { String::new() } else { format!("**{:?}**", row.state) };
        before = Some(row.state);
        let action = if row.action == Action::None { String::new() } else { format!("{:?}", row.action) };
        writeln!(text, "| {state} | {} | {:?} | {action} | {} |", on(row.on), row.next, row.section).unwrap();
    }
    text += "\n```mermaid\nstateDiagram-v2\n    [*] --> RequestStart\n    [*] --> StatusStart\n";
    let mut edges = BTreeSet::new();
    for row in ROWS.iter().filter(|row| row.state != row.next) {
        if edges.insert((row.state, row.next)) {
            writeln!(text, "    {:?} --> {:?}", row.state, row.next).unwrap();
        }
    }
    for (from, to, why) in [
        (State::Method, State::Host, "CONNECT"),
        (State::HostName, State::Version, "in a target"),
        (State::Name, State::Options, "Connection"),
        (State::Name, State::Codings, "Transfer-Encoding"),
        (State::Name, State::LengthStart, "Content-Length"),
        (State::Name, State::Expect, "Expect"),
        (State::Name, State::HostStart, "Host"),
        (State::SectionDone, State::SizeStart, "chunked"),
        (State::SectionDone, State::Content, "length"),
        (State::SizeLf, State::Line, "size 0"),
        (State::ChunkData, State::ChunkDataCr, "taken"),
    ] {
        writeln!(text, "    {from:?} --> {to:?}: {why}").unwrap();
    }
    text + "```\n"
}

#[test]
fn the_documents_are_made_from_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/grammar/table.md");
    let expected = document();
    if env::var_os("WIRENUT_BLESS").is_some() {
        fs::write(path, &expected).unwrap();
    }
    assert!(
        fs::read_to_string(path).is_ok_and(|text| text == expected),
        "{path} is old: WIRENUT_BLESS=1 writes it anew"
    );
}
