//! How it ends, and what the handler learns of that.

use core::cell::Cell;

use super::*;
use crate::transport::{Action, Conversation, Input};

#[test]
fn a_drain_closes_with_1001_and_awaits_the_answer() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    ends.session.handle_drain();
    let frames = ends.drive(0, b"");
    assert_eq!(ends.read(&frames), ["close 1001"]);
    assert_eq!(ends.session.disposition(), Disposition::Open);
    let mut out = [0; 64];
    let length = ends.client.poll_transmit(&cx(0), &mut out);
    assert_eq!(ends.drive(0, &out[..length]), b"");
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
    assert_eq!(*notes.borrow(), ["clean Some(1001)"]);
}

#[test]
fn a_drain_does_not_wait_for_ever_for_an_answer() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    ends.session.retire();
    ends.drive(0, b"");
    assert_eq!(ends.session.poll_timeout(http(0).now), Some(http(5).now));
    ends.session.handle_timeout(&http(5), &service);
    ends.drive(5, b"");
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
    assert_eq!(*notes.borrow(), ["CloseTimeout"]);
}

#[test]
fn an_idle_connection_gives_way_at_once() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    assert!(ends.serving(|serving| serving.give_way(false)));
    let frames = ends.drive(0, b"");
    assert_eq!(ends.read(&frames), ["close 1001"]);
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
    assert_eq!(*notes.borrow(), ["Evicted"]);
}

#[test]
fn a_peer_that_is_not_watched_gives_way_within_a_message() {
    let notes = RefCell::default();
    let service = service_fn(|request, responder| upgrade(request, responder, Unwatched(Echo(&notes))));
    // A part of a header, a part of a payload, a fragment, and a control frame that has not ended.
    for part in [&b"\x81"[..], b"\x81\x82\0\0\0\0a", b"\x01\x81\0\0\0\0a", b"\x89\x82\0\0\0\0a"] {
        let mut ends = Ends::new(&service);
        ends.drive(0, REQUEST.as_bytes());
        assert_eq!(ends.drive(0, part), b"");
        assert!(ends.serving(|serving| serving.give_way(false)), "behind {}", part.escape_ascii());
        let frames = ends.drive(0, b"");
        assert_eq!(ends.read(&frames), ["close 1001"]);
        assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
    }
    assert_eq!(*notes.borrow(), ["Evicted"; 4]);
}

#[test]
fn the_peers_end_is_told_behind_what_the_handler_made_wait() {
    /// Takes messages once it is ready.
    struct Hesitant<'n>(Echo<'n>, &'n Cell<bool>);

    impl MessageHandler for Hesitant<'_> {
        const ROOM: usize = 64;
        const WATCHES: bool = false;

        fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
            if self.1.get() { outbox.text(text).into() } else { Next::Wait(0) }
        }

        fn closed(&mut self, how: Closed<'_>) {
            self.0.closed(how);
        }
    }

    let (notes, is_ready) = (RefCell::default(), Cell::new(false));
    let service = service_fn(|request, responder| upgrade(request, responder, Hesitant(Echo(&notes), &is_ready)));
    let mut ends = Ends::new(&service);
    let stream = [REQUEST.as_bytes(), &ends.text("one"), &ends.text("two")].concat();
    let (mut conversation, mut rest, mut sent) = (Conversation::new(), &stream[..], 0);
    let (mut store, mut output) = (core::mem::take(&mut ends.store), [0; 32 * 1024]);
    for (ready, expected) in [(false, Action::Wait), (true, Action::Close)] {
        is_ready.set(ready);
        let action = ends.serving(|serving| {
            loop {
                let input = Input { bytes: rest, has_ended: true };
                let (taken, action) = conversation.poll(serving, input, &mut store, &mut output);
                rest = &rest[taken..];
                let Action::Send(length) = action else { break action };
                sent += length;
                conversation.handle_sent(serving, length, 0);
            }
        });
        assert_eq!(action, expected);
    }
    assert_eq!((rest.len(), sent), (0, ACCEPTED.len() + 10));
    assert_eq!(*notes.borrow(), ["EndOfStream"]);
}

#[test]
fn the_peers_end_without_close_is_told_and_so_is_what_ends_the_tunnel() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    ends.session.handle_eof(&http(0), &service);
    ends.drive(0, b"");
    assert_eq!(ends.session.disposition(), Disposition::Close);

    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    ends.session.handle_lost(&http(0), &service, Rule::Reset);

    // The peer does not take the answer.
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let text = ends.text("one");
    let answer = ends.drive(0, &text);
    ends.session.handle_sent(&http(0), 0, answer.len());
    let due = ends.session.poll_timeout(http(0).now).unwrap();
    ends.session.handle_timeout(&crate::http::Context { now: due, ..http(0) }, &service);
    assert_eq!(ends.session.disposition(), Disposition::Cut);

    let told = [Abnormal::EndOfStream, Abnormal::Reset, Abnormal::WriteTimeout].map(|how| format!("{how:?}"));
    assert_eq!(*notes.borrow(), told);
}

#[test]
fn what_breaks_the_protocol_is_closed_with_the_code_of_its_rule() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    // Not masked.
    let frames = ends.drive(0, b"\x81\x01a");
    assert_eq!(ends.read(&frames), ["close 1002"]);
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
}
