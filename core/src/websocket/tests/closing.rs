//! RFC 6455 §7.

use super::*;
use crate::transport::Disposition;
use alloc::vec;

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason].concat()
}

/// What it has to say, without its first bytes.
fn transmit<R: Role>(connection: &mut Connection<R>) -> Vec<u8> {
    let mut out = [0; 200];
    let written = connection.poll_transmit(&at(0), &mut out);
    assert_eq!(connection.poll_transmit(&at(0), &mut [0; 200]), 0, "it is said once");
    out[..written].to_vec()
}

#[test]
fn codes_are_those_that_may_be_sent() {
    for code in 0..=u16::MAX {
        let expected = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        assert_eq!(CloseCode::new(code).is_some(), expected, "{code}");
        if !(5_100..=65_500).contains(&code) {
            let told = told_cut(server(), &[&masked(0x88, &close(code, b"why"))]);
            let is_refused = told == [Told::Failed(Rule::InvalidCloseCode, 11)];
            assert_eq!(is_refused, !expected, "{code}: {told:?}");
        }
    }
}

#[test]
fn the_peers_close_is_answered_with_its_code() {
    let cases: [(Vec<u8>, &[u8]); 4] = [
        (vec![], b"\x88\x00"),
        (close(1000, b""), b"\x88\x02\x03\xe8"),
        (close(4999, b"good bye"), b"\x88\x02\x13\x87"),
        (close(1000, &[b'x'; 123]), b"\x88\x02\x03\xe8"),
    ];
    for (payload, answer) in cases {
        let mut connection = server();
        let bytes = masked(0x88, &payload);
        let (taken, event) = connection
            .receive(&at(0), &bytes, &mut [0; 125])
            .map(|(taken, event)| (taken, matches!(event, Event::Close(_))))
            .unwrap();
        assert_eq!((taken, event, connection.is_open()), (bytes.len(), true, false));
        // Not before the answer is out.
        assert_eq!(connection.disposition(), Disposition::Open);
        assert_eq!(connection.send_message(Kind::Text, b"", &mut [0; 9]), Err(SendError::Closed));
        assert_eq!(connection.poll_transmit(&at(0), &mut [0; 1]), 0);
        assert_eq!(transmit(&mut connection), answer);
        // A server ends its stream first, and looks at nothing any more.
        assert_eq!(connection.disposition(), Disposition::ShutdownWrite);
        assert_eq!(connection.receive(&at(0), b"garbage", &mut [0; 125]), Ok((7, Event::Closed)));
        connection.handle_eof();
        assert_eq!((connection.disposition(), connection.abnormal()), (Disposition::Close, None));
    }
}

#[test]
fn a_client_waits_for_the_servers_end() {
    let mut connection = client();
    let _ = connection.receive(&at(0), &frame(0x88, None, &close(1001, b"")), &mut [0; 125]).unwrap();
    assert_eq!(transmit(&mut connection), masked(0x88, &close(1001, b"")));
    assert_eq!((connection.disposition(), connection.is_readable()), (Disposition::Open, true));
    connection.handle_eof();
    assert_eq!((connection.disposition(), connection.abnormal()), (Disposition::Close, None));
}

#[test]
fn our_close_is_sent_once_and_the_peers_ends_it() {
    let (mut connection, mut out) = (server(), [0; 200]);
    assert_eq!(connection.close(&at(0), CloseCode::NORMAL, &"x".repeat(124), &mut out), Err(SendError::ControlTooLong));
    assert_eq!(connection.close(&at(0), CloseCode::NORMAL, "bye", &mut out[..6]), Err(SendError::NoRoom));
    assert!(connection.is_open());
    let written = connection.close(&at(0), CloseCode::NORMAL, "bye", &mut out).unwrap();
    assert_eq!(&out[..written], b"\x88\x05\x03\xe8bye");
    assert_eq!(connection.close(&at(0), CloseCode::NORMAL, "", &mut out), Err(SendError::Closed));
    assert_eq!(connection.send_ping(b"", &mut out), Err(SendError::Closed));
    connection.retire(CloseCode::GOING_AWAY);
    // What was on its way still comes.
    assert_eq!(connection.disposition(), Disposition::Open);
    let bytes = [masked(0x81, b"late"), masked(0x88, &close(1000, b""))].concat();
    assert_eq!(told_cut(connection.clone(), &[&bytes]), [text(b"late"), Told::Close(Some((1000, String::new())))]);
    let _ = connection.receive(&at(0), &bytes[10..], &mut [0; 125]).unwrap();
    assert_eq!((transmit(&mut connection), connection.disposition()), (vec![], Disposition::ShutdownWrite));
}

#[test]
fn a_broken_rule_is_answered_with_its_code() {
    for (bytes, answer) in [
        (&b"\x83"[..], &b"\x88\x02\x03\xea"[..]),
        (&masked(0x81, b"\xff"), b"\x88\x02\x03\xef"),
        (b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", b"\x88\x02\x03\xf1"),
    ] {
        let mut connection = server();
        assert!(connection.receive(&at(0), bytes, &mut [0; 125]).is_err());
        assert!(connection.error().is_some() && !connection.is_open());
        assert_eq!(transmit(&mut connection), answer);
        assert_eq!(connection.disposition(), Disposition::ShutdownWrite);
    }
    // Not after our Close.
    let mut connection = client();
    connection.close(&at(0), CloseCode::NORMAL, "", &mut [0; 20]).unwrap();
    assert!(connection.receive(&at(0), b"\x83", &mut [0; 125]).is_err());
    assert_eq!((transmit(&mut connection), connection.disposition()), (vec![], Disposition::ShutdownWrite));
}

#[test]
fn an_end_without_close_is_abnormal() {
    let mut connection = server();
    connection.handle_eof();
    assert_eq!((connection.abnormal(), connection.disposition()), (Some(Abnormal::EndOfStream), Disposition::Close));
    // The time of a message that will not end does not run.
    let mut connection = server();
    let _ = connection.receive(&at(0), b"\x81", &mut [0; 125]).unwrap();
    connection.handle_sent(&at(0), 0, 10);
    connection.handle_eof();
    connection.handle_sent(&at(1), 0, 10);
    connection.handle_timeout(&at(29_999));
    assert_eq!((connection.error(), connection.disposition()), (None, Disposition::Close));
    let mut connection = server();
    connection.handle_reset();
    assert_eq!((connection.abnormal(), connection.disposition()), (Some(Abnormal::Reset), Disposition::Cut));
    let mut connection = server();
    connection.close(&at(0), CloseCode::NORMAL, "", &mut [0; 20]).unwrap();
    connection.handle_eof();
    assert_eq!((connection.abnormal(), connection.disposition()), (Some(Abnormal::EndOfStream), Disposition::Close));
}
