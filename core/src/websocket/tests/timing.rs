//! Deadlines are an output.

use super::*;
use crate::transport::{Disposition, Protocol};

fn due<R: Role>(connection: &Connection<R>, now: u64) -> Option<u64> {
    connection.poll_timeout(at(now).now).map(|due| due.as_micros() / 1_000)
}

#[test]
fn silence_is_answered_by_a_ping_and_then_by_a_reset() {
    let mut connection = server();
    assert_eq!(due(&connection, 0), Some(30_000));
    connection.handle_timeout(&at(29_999));
    assert_eq!(connection.poll_transmit(&at(29_999), &mut [0; 200]), 0);
    connection.handle_timeout(&at(30_000));
    let mut out = [0; 200];
    assert_eq!((connection.poll_transmit(&at(30_000), &mut out), &out[..2]), (2, &b"\x89\x00"[..]));
    assert_eq!(due(&connection, 30_000), Some(50_000));
    // Whatever comes is a sign of life.
    let _ = connection.receive(&at(45_000), &masked(0x8a, b""), &mut [0; 125]).unwrap();
    assert_eq!(due(&connection, 45_000), Some(75_000));
    connection.handle_timeout(&at(75_000));
    assert_eq!(connection.poll_transmit(&at(75_000), &mut out), 2);
    connection.handle_timeout(&at(95_000));
    assert_eq!((connection.disposition(), connection.abnormal()), (Disposition::Cut, Some(Abnormal::PongTimeout)));
    assert_eq!(due(&connection, 95_000), None);
}

#[test]
fn a_message_keeps_its_pace_or_is_refused() {
    let mut connection = server();
    let bytes = masked(0x81, &[b'x'; 100]);
    let _ = connection.receive(&at(0), &bytes[..50], &mut [0; 125]).unwrap();
    // Half a minute, less than a message's grace in the ping's time.
    for byte in 0..29 {
        let now = at(u64::from(byte as u8) * 1_000);
        let _ = connection.receive(&now, &bytes[50 + byte..51 + byte], &mut [0; 125]).unwrap();
    }
    connection.handle_timeout(&at(29_000));
    assert!(connection.is_open());
    connection.handle_timeout(&at(31_000));
    assert_eq!(connection.error().map(|error| error.rule), Some(Rule::MessageTimeout));
    let mut out = [0; 200];
    assert_eq!((connection.poll_transmit(&at(31_000), &mut out), &out[..4]), (4, &b"\x88\x02\x03\xf0"[..]));
    assert_eq!(due(&connection, 31_000), Some(36_000));
    connection.handle_timeout(&at(36_000));
    assert_eq!(connection.disposition(), Disposition::Cut);
}

#[test]
fn who_does_not_take_what_is_sent_is_reset_and_not_asked_for_more() {
    let mut connection = server();
    let _ = connection.receive(&at(0), &masked(0x81, &[b'x'; 100])[..50], &mut [0; 125]).unwrap();
    connection.handle_sent(&at(1_000), 0, 500);
    assert!(!connection.is_readable());
    // Neither the message's time nor the Ping's runs.
    assert_eq!(due(&connection, 1_000), Some(31_000));
    connection.handle_sent(&at(21_000), 400, 100);
    assert_eq!(due(&connection, 21_000), Some(31_800));
    connection.handle_sent(&at(25_000), 100, 0);
    assert!(connection.is_readable());
    // What is left of the message's time; a Ping has its time anew.
    assert_eq!(due(&connection, 25_000), Some(54_000));
    connection.handle_sent(&at(26_000), 0, 10);
    connection.handle_timeout(&at(99_000));
    assert_eq!((connection.disposition(), connection.abnormal()), (Disposition::Cut, Some(Abnormal::WriteTimeout)));
}

#[test]
fn the_peers_close_is_awaited_for_a_while() {
    let mut connection = client();
    connection.close(&at(0), CloseCode::NORMAL, "", &mut [0; 20]).unwrap();
    assert_eq!(due(&connection, 0), Some(5_000));
    connection.handle_timeout(&at(5_000));
    assert_eq!(
        (connection.disposition(), connection.abnormal()),
        (Disposition::ShutdownWrite, Some(Abnormal::CloseTimeout))
    );
    connection.handle_timeout(&at(10_000));
    assert_eq!(connection.disposition(), Disposition::Cut);
    // A server that does not end its stream after Close.
    let mut connection = client();
    let _ = connection.receive(&at(0), b"\x88\x00", &mut [0; 125]).unwrap();
    assert_eq!(connection.poll_transmit(&at(0), &mut [0; 20]), 6);
    connection.handle_timeout(&at(5_000));
    assert_eq!(connection.disposition(), Disposition::ShutdownWrite);
    connection.handle_timeout(&at(10_000));
    assert_eq!(connection.disposition(), Disposition::Cut);
}

#[test]
fn whatever_comes_after_our_close_buys_no_time() {
    let mut connection = server();
    connection.close(&at(0), CloseCode::NORMAL, "", &mut [0; 20]).unwrap();
    let bytes = masked(0x81, &[b'x'; 100]);
    for (byte, second) in bytes.chunks(1).zip(0..5) {
        let _ = connection.receive(&at(second * 1_000), byte, &mut [0; 125]).unwrap();
        assert_eq!(due(&connection, second * 1_000), Some(5_000));
    }
    // But it has that time from when our Close has left.
    connection.handle_sent(&at(4_500), 0, 10);
    assert_eq!(due(&connection, 4_500), Some(34_500));
    connection.handle_timeout(&at(9_000));
    connection.handle_sent(&at(9_000), 10, 0);
    assert_eq!(due(&connection, 9_000), Some(14_000));
    connection.handle_timeout(&at(14_000));
    assert_eq!(connection.abnormal(), Some(Abnormal::CloseTimeout));
}

#[test]
fn a_deadline_that_is_over_is_handled() {
    // Whatever the state: what is due once is not due again.
    for is_closing in [false, true] {
        for is_within in [false, true] {
            for is_unsent in [false, true] {
                let mut connection = server();
                if is_within {
                    let _ = connection.receive(&at(0), b"\x81", &mut [0; 125]).unwrap();
                }
                if is_closing {
                    connection.close(&at(0), CloseCode::NORMAL, "", &mut [0; 20]).unwrap();
                    let _ = connection.receive(&at(1), b"", &mut [0; 125]).unwrap();
                }
                if is_unsent {
                    connection.handle_sent(&at(0), 0, 10);
                }
                let mut steps = 0;
                let mut now = 0;
                while let Some(next) = due(&connection, now) {
                    now = now.max(next);
                    connection.handle_timeout(&at(now));
                    let _ = connection.poll_transmit(&at(now), &mut [0; 200]);
                    steps += 1;
                    assert!(steps < 6, "it spins: {is_closing} {is_within} {is_unsent}");
                }
                assert_eq!(connection.disposition(), Disposition::Cut);
            }
        }
    }
}

/// Takes pieces once it is ready.
struct Gate(bool);

impl PieceHandler for Gate {
    const ROOM: usize = 0;
    fn piece(&mut self, _: Piece<'_>, _: &mut Outbox<'_>) -> Next {
        if self.0 { Next::More } else { Next::Wait(0) }
    }
}

#[test]
fn the_peers_time_does_not_run_while_the_handler_waits() {
    let (mut connection, mut gate, mut store, mut output) = (server(), Gate(false), [0; 200], [0; 200]);
    let bytes = masked(0x02, b"half of a message");
    let progress = connection.speak_pieces(&mut gate, at(0)).drive(&bytes, &mut store, &mut output);
    assert_eq!((progress.taken, due(&connection, 0)), (bytes.len(), None));
    gate.0 = true;
    let _ = connection.speak_pieces(&mut gate, at(50_000)).drive(b"", &mut store, &mut output);
    // The rest of the message, or a sign of life: what was sent meanwhile may be on its way.
    assert_eq!(due(&connection, 50_000), Some(80_000));
    connection.handle_timeout(&at(79_999));
    assert!(connection.is_open() && connection.poll_transmit(&at(79_999), &mut output) == 0);
}
