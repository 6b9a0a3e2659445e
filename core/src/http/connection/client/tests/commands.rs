//! Requests, bodies and time: what is allowed when, and what it does.

use super::*;
use crate::http::connection::state::{Side, Transition};
use crate::http::error::{Misuse, WriteError};
use crate::http::status::Status;

#[test]
fn a_pipeline_has_an_end() {
    let mut connection = asked(&[GET, GET, GET, GET, GET]);
    let full = Err(WriteError::Misuse(Misuse::PipelineFull));
    assert_eq!(connection.request(&at(0), &GET, &mut [0; 64]), full);
    assert_eq!(hear(&mut connection, &[b"HTTP/1.1 204 No\r\n\r\n"], false), "204:0 .");
    assert!(connection.request(&at(0), &GET, &mut [0; 64]).is_ok());
    for switching in [CONNECT, UPGRADE] {
        assert_eq!(asked(&[switching]).request(&at(0), &GET, &mut [0; 64]), full);
    }
}

/// In each state of the client: a request goes if the table says so, and so does the end of a body.
#[test]
fn commands_are_allowed_as_the_table_says() {
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let heard = |requests: &[Request<'_>], bytes: &[u8], has_end| {
        let mut connection = asked(requests);
        hear(&mut connection, &[bytes], has_end);
        connection
    };
    let reached = [
        (State::Idle, asked(&[])),
        (State::SendBody, asked(&[POST])),
        (State::Done, asked(&[GET])),
        (State::MustClose, heard(&[GET], whole, false)),
        (State::Closed, heard(&[], b"", true)),
        (State::Tunnel, heard(&[CONNECT], b"HTTP/1.1 200 OK\r\n\r\n", false)),
        (State::Error, heard(&[GET], b"no\r\n", false)),
    ];
    for (state, connection) in reached {
        assert_eq!(connection.states().0, state);
        let request = connection.clone().request(&at(0), &GET, &mut [0; 64]);
        assert_eq!(request.is_ok(), state.after(Side::Client, Transition::Request).is_some(), "{state:?}: {request:?}");
        let mut sender = connection.clone();
        let sent = sender.send_body(&at(0), b"body", &mut [0; 64]);
        let has_body = matches!(state, State::SendBody | State::Tunnel);
        assert_eq!(sent.is_ok(), has_body, "{state:?}: {sent:?}");
        if has_body {
            sender.finish(&at(0)).unwrap();
            assert_eq!(Some(sender.states().0), state.after(Side::Client, Transition::End), "{state:?}");
        }
        let mut reset = connection;
        let error = reset.handle_reset(&at(0));
        assert_eq!((reset.states().0, reset.error()), (State::Error, Some(error)), "{state:?}");
    }
}

#[test]
fn nothing_is_asked_of_a_server_that_has_said_goodbye() {
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", Ok(27)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n", Err(Misuse::ConnectionEnding.into())),
        ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", Err(Misuse::ConnectionEnding.into())),
        ("HTTP/1.1 200 OK\r\n\r\n", Err(Misuse::ConnectionEnding.into())),
    ] {
        let mut connection = asked(&[GET]);
        hear(&mut connection, &[answer.as_bytes()], false);
        assert_eq!(connection.request(&at(0), &GET, &mut [0; 64]), expected, "{answer}");
    }
}

#[test]
fn a_refused_request_changes_nothing() {
    let mut connection = asked(&[GET]);
    let bad = Request::new(Method::Get, "/ ", "a");
    assert_eq!(connection.request(&at(0), &bad, &mut [0; 64]), Err(Misuse::InvalidTarget.into()));
    assert_eq!(connection.request(&at(0), &GET, &mut [0; 20]), Err(WriteError::Full));
    assert_eq!(connection.outstanding(), 1);
    assert_eq!(hear(&mut connection, &[b"HTTP/1.1 204 No\r\n\r\n"], false), "204:0 .");
    assert!(connection.is_idle());
}

#[test]
fn the_body_waits_for_a_100_or_for_its_time() {
    let request = POST.expecting_continue();
    let mut out = [0; 64];
    let mut connection = asked(&[request]);
    assert_eq!(connection.send_body(&at(0), b"body", &mut out), Ok((0, 0)));
    assert_eq!(hear(&mut connection, &[b"HTTP/1.1 100 Continue\r\n\r\n"], false), "~100");
    assert_eq!(connection.send_body(&at(0), b"body", &mut out), Ok((4, 4)));
    connection.finish(&at(0)).unwrap();

    let mut connection = asked(&[request]);
    assert_eq!(connection.poll_timeout(at(0).now), Some(at(1_000).now));
    connection.handle_timeout(&at(1_000)).unwrap();
    assert_eq!(connection.poll_timeout(at(0).now), None);
    assert_eq!(connection.send_body(&at(2_000), b"body", &mut out), Ok((4, 4)));
    connection.finish(&at(2_000)).unwrap();
    assert_eq!(connection.poll_timeout(at(0).now), Some(at(62_000).now));
}

#[test]
fn an_early_answer_stops_the_body() {
    let mut out = [0; 64];
    for (request, answer, is_stopped) in [
        (POST.expecting_continue(), "200 OK", true),
        (POST.expecting_continue(), "417 No", true),
        (POST, "413 No", true),
        (POST, "200 OK", false),
        (POST.with_unknown_length(), "302 No", true),
        (POST.with_unknown_length(), "200 OK", false),
    ] {
        let mut connection = asked(&[request]);
        if !request.expect_continue {
            connection.send_body(&at(0), b"ab", &mut out).unwrap();
        }
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 1\r\n\r\nx");
        let heard = hear(&mut connection, &[answer.as_bytes()], false);
        assert_eq!(connection.is_stopped(), is_stopped, "{request:?} {answer}");
        assert!(heard.ends_with(if is_stopped { ". closed" } else { ". paused" }), "{heard}");
        let (taken, written) = connection.send_body(&at(0), b"cd", &mut out).unwrap();
        assert_eq!((taken, written == 0), (2, is_stopped));
        connection.finish(&at(0)).unwrap();
        assert_eq!(connection.disposition(), if is_stopped { Disposition::Close } else { Disposition::Open });
        assert_eq!(connection.is_idle(), !is_stopped);
    }
    // All of the body was given: nothing is in doubt.
    let mut connection = asked(&[POST]);
    connection.send_body(&at(0), b"body", &mut out).unwrap();
    assert_eq!(hear(&mut connection, &[b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"], false), "400:0 .");
    connection.finish(&at(0)).unwrap();
    assert!(connection.is_idle());
}

#[test]
fn the_declared_length_is_kept_or_the_connection_aborted() {
    let mut out = [0; 64];
    let mut connection = asked(&[POST]);
    assert_eq!(connection.send_body(&at(0), b"12345", &mut out), Err(Misuse::BodyTooLong.into()));
    assert_eq!(connection.disposition(), Disposition::Abort);
    let mut connection = asked(&[POST]);
    connection.note_external_send(&at(0), 3).unwrap();
    assert_eq!(connection.unsent(), Some(1));
    assert_eq!(connection.finish(&at(0)), Err(Misuse::BodyTooShort.into()));
    assert_eq!(connection.disposition(), Disposition::Abort);
    assert_eq!(asked(&[]).send_body(&at(0), b"x", &mut out), Err(Misuse::NoBody.into()));
}

#[test]
fn every_wait_has_its_own_end() {
    let mut connection = asked(&[]);
    assert_eq!(connection.poll_timeout(at(0).now), Some(at(60_000).now));
    connection.handle_timeout(&at(60_000)).unwrap();
    assert_eq!(connection.disposition(), Disposition::Close);

    let mut connection = asked(&[GET]);
    assert_eq!(connection.handle_timeout(&at(60_000)).map_err(|error| error.rule), Err(Rule::ResponseTimeout));
    assert!(connection.may_retry(0));

    let mut connection = asked(&[GET]);
    hear(&mut connection, &[b"H"], false);
    assert_eq!(connection.handle_timeout(&at(20_000)).map_err(|error| error.rule), Err(Rule::HeadTimeout));

    let mut connection = asked(&[GET]);
    hear(&mut connection, &[b"HTTP/1.1 200 OK\r\n\r\na"], false);
    assert_eq!(connection.handle_timeout(&at(30_000)).map_err(|error| error.rule), Err(Rule::BodyTimeout));

    let mut connection = asked(&[GET]);
    connection.handle_sent(&at(0), 10, 5);
    assert_eq!(connection.poll_timeout(at(0).now), Some(at(30_000).now));
    // What is not sent cannot be answered.
    connection.handle_sent(&at(10_000), 5, 0);
    assert_eq!(connection.poll_timeout(at(0).now), Some(at(70_000).now));

    // A tunnel has no deadline of ours, and each direction its own end.
    let mut connection = asked(&[CONNECT]);
    assert_eq!(hear(&mut connection, &[b"HTTP/1.1 200 OK\r\n\r\n"], false), "200:tunnel");
    assert_eq!(connection.poll_timeout(at(0).now), None);
    assert_eq!(connection.send_body(&at(0), b"abc", &mut [0; 8]), Ok((3, 3)));
    connection.finish(&at(0)).unwrap();
    assert_eq!(connection.disposition(), Disposition::ShutdownWrite);
    assert_eq!(hear(&mut connection, &[b"x"], true), "x . closed");
    assert_eq!(connection.disposition(), Disposition::Close);
}

#[test]
fn the_last_chunk_goes_before_the_next_request() {
    let mut connection = asked(&[POST.with_unknown_length()]);
    connection.finish(&at(0)).unwrap();
    let mut out = [0; 64];
    let written = connection.request(&at(0), &GET, &mut out).unwrap();
    assert_eq!(&out[..written], b"0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(connection.poll_transmit(&at(0), &mut out), 0);
    let old = b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n";
    assert_eq!(hear(&mut connection, &[old, old], false), "200:0 . 200:0 .");
    let chunked = POST.with_unknown_length();
    assert_eq!(connection.request(&at(0), &chunked, &mut out), Err(Misuse::LengthRequired.into()));
}

#[test]
fn a_status_compares_by_its_code() {
    let mut connection = asked(&[GET]);
    let mut store = [0; 64];
    let (_, event) = connection.receive(&at(0), b"HTTP/1.1 204 Whatever\r\n\r\n", &mut store).unwrap();
    let ClientEvent::Head(head) = event else { panic!("{event:?}") };
    assert_eq!((head.status, head.reason), (Status::NO_CONTENT, &b"Whatever"[..]));
}
