//! The handshake, and what is seen of it.

use super::*;
use crate::http::service::{Observed, Observer, Summary};

#[test]
fn messages_behind_the_request_are_answered_behind_the_101() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    let (one, two) = (ends.text("one"), ends.text("two"));
    let stream = [REQUEST.as_bytes(), &one, &two].concat();
    for cut in 0..=stream.len() {
        let mut ends = Ends::new(&service);
        let mut written = ends.drive(0, &stream[..cut]);
        written.extend(ends.drive(0, &stream[cut..]));
        let frames = written.strip_prefix(ACCEPTED.as_bytes()).unwrap();
        assert_eq!(ends.read(frames), ["one", "two"], "cut at {cut}");
        assert_eq!((ends.session.is_readable(), ends.session.standing()), (true, Standing::Idle));
    }
}

#[test]
fn what_is_no_handshake_is_answered_with_its_status_and_what_would_be_understood() {
    let notes = RefCell::default();
    let service = service(&notes);
    for (request, head) in [
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nContent-Length: 16\r\nConnection: upgrade\r\n\r\n",
        ),
        (
            &REQUEST.replace("GET", "HEAD"),
            "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Length: 18\r\n\r\n",
        ),
        (
            &REQUEST.replace("Connection", "Origin: http://evil.example\r\nConnection"),
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 9\r\n\r\n",
        ),
    ] {
        let mut ends = Ends::new(&service);
        let written = String::from_utf8(ends.drive(0, request.as_bytes())).unwrap();
        assert!(written.starts_with(head), "{written}");
        assert_eq!(ends.session.standing(), Standing::Idle, "it goes on in HTTP");
    }
    assert!(notes.borrow().is_empty());
}

#[test]
fn whoever_watches_sees_one_request_with_all_that_was_sent() {
    struct Watch<'n>(&'n RefCell<Vec<String>>);

    impl<S: Service> Observer<S> for Watch<'_> {
        type Record = ();

        fn begin(&self, _: &RequestHead<'_>, _: &Responder<'_>) {}

        fn end(&self, (): (), _: &S::Exchange, summary: Summary, outcome: core::result::Result<(), Error>) {
            let text = format!("{:?} {} {}", summary.status, summary.written, outcome.is_ok());
            self.0.borrow_mut().push(text);
        }
    }

    let (notes, seen) = (RefCell::default(), RefCell::default());
    let service = Observed { service: service(&notes), observer: Watch(&seen) };
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let text = ends.text("four");
    assert_eq!(ends.drive(0, &text).len(), 6);
    ends.session.handle_eof(&http(0), &service);
    ends.drive(0, b"");
    assert_eq!(*seen.borrow(), ["Some(101) 6 true"]);
}
