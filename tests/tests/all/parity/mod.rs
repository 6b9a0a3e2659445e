//! One service, linked unchanged into a Linux server and a firmware, gives the same answers to the same bytes.
//!
//! What is compared, and how, is said in [`wirenut_tests::parity`].

pub(crate) mod board;
pub(crate) mod client;
mod embedded_io;
pub(crate) mod linux;
mod report;

use wirenut_tests::parity::{Case, Close, State, Transcript, cases, memory};

use board::Board;
use client::Failure;
use linux::Linux;
use report::{Report, SHOWN, cuts};

/// On the board, where each connection costs some ten milliseconds, every so manyeth cut is tried.
const BOARD_STRIDE: usize = 12;

#[test]
fn memory_and_linux_agree() {
    let mut report = Report::default();
    for case in cases::all().iter().chain(&cases::of_the_tables()).chain(&cuts(1)) {
        let expected = memory::converse(case, State::FRESH);
        report.note(&expected);
        report.compare(case, "Linux", &expected, ask_linux(case, State::FRESH, !expected.is_empty()));
    }
    // Should a case be lost, or come to something else on all wires, what it shows must still be shown.
    assert_eq!(report.codes, [100, 101, 200, 204, 400, 403, 404, 405, 413, 414, 415, 417, 426, 431, 501, 505].into());
    assert!(report.has_reset);
    report.finish("memory and Linux");
}

#[test]
fn memory_and_embedded_io_agree() {
    let mut report = Report::default();
    for case in cases::all().iter().chain(&cases::of_the_tables()).chain(&cuts(1)) {
        let expected = memory::converse(case, State::FRESH);
        let got = embedded_io::ask(case, State::FRESH, !expected.is_empty());
        report.compare(case, "embedded-io", &expected, got);
        let got = embedded_io::ask_tokio(case, State::FRESH, !expected.is_empty());
        report.compare(case, "tokio", &expected, got);
        let got = embedded_io::ask_tokio_threads(case, State::FRESH, !expected.is_empty());
        report.compare(case, "two threads of tokio", &expected, got);
        let got = embedded_io::ask_tokio_unix(case, State::FRESH, !expected.is_empty());
        report.compare(case, "tokio over Unix sockets", &expected, got.map(|got| without_resets(&expected, got)));
    }
    report.finish("memory and embedded-io");
}

#[test]
fn memory_linux_and_board_agree() {
    compare_with_board(board::SMOLTCP, "smoltcp");
}

#[test]
fn memory_linux_and_embassy_agree() {
    compare_with_board(board::EMBASSY, "embassy");
}

/// Asks the board as memory and Linux are asked, from the state that it is in.
fn compare_with_board(command: &str, stack: &str) {
    let Some(mut board) = Board::boot(command) else { return };
    let mut report = Report::default();
    for case in cases::all().iter().chain(&cases::of_the_tables()).chain(&cuts(BOARD_STRIDE)) {
        let is_answered = !memory::converse(case, State::FRESH).is_empty();
        match board.converse(case, is_answered) {
            Ok((state, got)) => {
                let expected = memory::converse(case, state);
                report.compare(case, "Linux", &expected, ask_linux(case, state, is_answered));
                report.compare(case, stack, &expected, Ok(without_resets(&expected, got)));
            }
            Err(why) => {
                report.compare(case, stack, &memory::converse(case, State::FRESH), Err(why));
                let differences = || report.differences.join("\n");
                assert!(report.differences.len() < SHOWN, "{}\nthe board said:\n{}", differences(), board.log());
            }
        }
    }
    println!("{stack} refused {} times", board.refusals);
    drop(board);
    report.finish(&format!("memory, Linux and {stack}"));
}

fn ask_linux(case: &Case, state: State, is_answered: bool) -> Result<Transcript, String> {
    let server = Linux::start(state);
    client::converse(server.address, case, is_answered).map_err(|failure| match failure {
        Failure::Refused => "no answer".to_owned(),
        Failure::Wrong(why) => why,
    })
}

/// A reset that should have come may have become an end on the way: the network of QEMU does that, and a Unix socket has none.
fn without_resets(expected: &Transcript, got: Transcript) -> Transcript {
    match (expected.close, got.close) {
        (Close::Reset, Close::Ended) => Transcript { close: Close::Reset, ..got },
        _ => got,
    }
}
