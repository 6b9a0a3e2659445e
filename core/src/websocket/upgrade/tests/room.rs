//! Handlers that want more room than is reserved.

use super::*;

const LIMITS: HttpLimits = HttpLimits { output_reserve: 512, ..HttpLimits::DEFAULT };

#[test]
fn a_handler_that_wants_more_room_than_is_reserved_is_asked_when_there_is_so_much() {
    /// Answers by much.
    struct Much;

    impl MessageHandler for Much {
        const ROOM: usize = 1_500;

        fn text(&mut self, _: &str, outbox: &mut Outbox<'_>) -> Next {
            outbox.text(&"x".repeat(1_400)).into()
        }
    }

    let cx = crate::http::Context { limits: &LIMITS, ..http(0) };
    let service = service_fn(|request, responder| upgrade(request, responder, Much));
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let text = ends.text("one");
    // What was sent before still fills a part of the ring.
    for (room, is_answered) in [(1_000, false), (1_499, false), (2_000, true)] {
        let (mut out, environment) = (alloc::vec![0; room], Environment::alone(2_000));
        let driven = ends.session.drive(&cx, &environment, &service, &text, &mut ends.store, &mut out);
        let expected = if is_answered { (text.len(), 1_404) } else { (0, 0) };
        assert_eq!((driven.taken, driven.written), expected, "with room for {room}");
    }
    // More than there ever is: it is asked, and says what it can.
    let (mut out, environment) = (alloc::vec![0; 1_000], Environment::alone(1_000));
    let driven = ends.session.drive(&cx, &environment, &service, &text, &mut ends.store, &mut out);
    assert_eq!((driven.taken, &out[..driven.written]), (text.len(), &b"\x88\x02\x03\xf3"[..]));
}

#[test]
fn a_handler_whose_time_has_come_waits_for_room_and_is_not_called_again_and_again() {
    /// Sends much every ten seconds.
    struct Tick(Instant);

    impl MessageHandler for Tick {
        const ROOM: usize = 1_500;
        const PUSHES: bool = true;

        fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next {
            if outbox.now() < self.0 {
                return Next::More;
            }
            self.0 = outbox.now().saturating_add(Duration::from_secs(10));
            outbox.text(&"x".repeat(1_400)).into()
        }

        fn poll_timeout(&self) -> Option<Instant> {
            Some(self.0)
        }
    }

    let cx = crate::http::Context { limits: &LIMITS, ..http(10) };
    let service = service_fn(|request, responder| upgrade(request, responder, Tick(http(10).now)));
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    assert_eq!(ends.session.poll_timeout(http(0).now), Some(http(10).now));
    ends.session.handle_timeout(&http(10), &service);
    // What was sent before still fills a part of the ring.
    ends.session.handle_sent(&http(10), 0, 1_000);
    for (room, written) in [(1_000, 0), (2_000, 1_404)] {
        let (mut out, environment) = (alloc::vec![0; room], Environment::alone(2_000));
        let driven = ends.session.drive(&cx, &environment, &service, b"", &mut ends.store, &mut out);
        assert_eq!(driven.written, written, "with room for {room}");
        let due = ends.session.poll_timeout(http(10).now);
        assert!(due.is_some_and(|due| due > http(10).now), "with room for {room}: {due:?}");
    }
}
