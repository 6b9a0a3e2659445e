//! The peer's time, and the handler's.

use super::*;

#[test]
fn a_silent_peer_is_pinged_and_then_reset() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    assert_eq!(ends.session.poll_timeout(http(0).now), Some(http(30).now));
    ends.session.handle_timeout(&http(30), &service);
    let frames = ends.drive(30, b"");
    assert_eq!(ends.read(&frames), ["ping"]);
    assert_eq!(ends.session.poll_timeout(http(30).now), Some(http(50).now));
    ends.session.handle_timeout(&http(50), &service);
    ends.drive(50, b"");
    assert_eq!(ends.session.disposition(), Disposition::Abort);
    assert_eq!(*notes.borrow(), ["PongTimeout"]);
}

#[test]
fn a_peer_that_is_not_watched_may_be_silent_and_yet_closes_in_time() {
    let notes = RefCell::default();
    let service = service_fn(|request, responder| upgrade(request, responder, Unwatched(Echo(&notes))));
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let never = |ends: &Ends<'_, _>, seconds| assert_eq!(ends.session.poll_timeout(http(seconds).now), None);
    never(&ends, 0);
    for (seconds, kind) in [(4_000, Kind::Text), (8_000, Kind::Binary)] {
        let mut out = [0; 64];
        let sent = ends.client.send_piece(kind, b"half", false, &mut out).unwrap();
        assert_eq!(ends.drive(seconds, &out[..sent.written]), b"");
        never(&ends, seconds);
        let sent = ends.client.send_piece(kind, b" more", true, &mut out).unwrap();
        let answer = ends.drive(seconds + 3_600, &out[..sent.written]);
        assert_eq!(answer.first(), Some(&(0x80 | kind as u8)));
        assert_eq!(ends.read(&answer), ["half more"]);
        never(&ends, seconds + 3_600);
    }
    ends.session.retire();
    let frames = ends.drive(12_000, b"");
    assert_eq!(ends.read(&frames), ["close 1001"]);
    assert_eq!(ends.session.poll_timeout(http(12_000).now), Some(http(12_005).now));
    ends.session.handle_timeout(&http(12_005), &service);
    ends.drive(12_005, b"");
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
    assert_eq!(*notes.borrow(), ["CloseTimeout"]);
}

#[test]
fn a_peer_that_is_not_read_while_it_takes_what_was_sent_is_not_reset_for_its_silence() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    ends.session.handle_timeout(&http(30), &service);
    let ping = ends.drive(30, b"");
    assert_eq!(ends.read(&ping), ["ping"]);
    // The socket takes nothing for 25 seconds, so nothing is read: the Pong waits in the socket.
    ends.session.handle_sent(&http(30), 0, ping.len());
    ends.session.handle_timeout(&http(50), &service);
    ends.session.handle_sent(&http(55), ping.len(), 0);
    assert_eq!(ends.drive(55, b""), b"");
    assert_eq!(ends.session.disposition(), Disposition::Open);
    let mut pong = [0; 16];
    let length = ends.client.send_pong(b"", &mut pong).unwrap();
    ends.drive(56, &pong[..length]);
    assert_eq!(ends.session.poll_timeout(http(56).now), Some(http(86).now));
    assert!(notes.borrow().is_empty());

    // All is sent now: from here on its silence counts.
    ends.session.handle_timeout(&http(86), &service);
    ends.drive(86, b"");
    ends.session.handle_timeout(&http(106), &service);
    ends.drive(106, b"");
    assert_eq!(ends.session.disposition(), Disposition::Abort);
    assert_eq!(*notes.borrow(), ["PongTimeout"]);
}

#[test]
fn the_time_of_a_message_does_not_run_while_what_was_sent_waits() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let (mut bytes, mut out) = (Vec::new(), [0; 64]);
    let sent = ends.client.send_piece(Kind::Text, b"half", false, &mut out).unwrap();
    bytes.extend_from_slice(&out[..sent.written]);
    let length = ends.client.send_ping(b"", &mut out).unwrap();
    bytes.extend_from_slice(&out[..length]);
    let pong = ends.drive(0, &bytes);
    // The peer takes the Pong after 20 seconds, and sends the rest 15 seconds later: a message has 30.
    ends.session.handle_sent(&http(0), 0, pong.len());
    for second in 1..35 {
        if second == 20 {
            ends.session.handle_sent(&http(20), pong.len(), 0);
        }
        if ends.session.poll_timeout(http(second).now).is_some_and(|due| due <= http(second).now) {
            ends.session.handle_timeout(&http(second), &service);
            assert_eq!(ends.drive(second, b""), b"", "after {second} seconds");
        }
    }
    let sent = ends.client.send_piece(Kind::Text, b" more", true, &mut out).unwrap();
    let answer = ends.drive(35, &out[..sent.written]);
    assert_eq!(ends.read(&[pong, answer].concat()), ["pong", "half more"]);
}

#[test]
fn the_time_of_a_message_runs_while_pings_are_answered() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let mut out = [0; 64];
    let sent = ends.client.send_piece(Kind::Text, b"half", false, &mut out).unwrap();
    ends.drive(0, &out[..sent.written]);
    // The rest never comes, and each Pong leaves at once.
    for second in (0..=60).step_by(10) {
        if ends.session.poll_timeout(http(second).now).is_some_and(|due| due <= http(second).now) {
            ends.session.handle_timeout(&http(second), &service);
        }
        let length = ends.client.send_ping(b"", &mut out).unwrap();
        let answer = ends.drive(second, &out[..length]);
        ends.session.handle_sent(&http(second), answer.len(), 0);
    }
    assert_eq!(*notes.borrow(), ["MessageTimeout"]);
}
