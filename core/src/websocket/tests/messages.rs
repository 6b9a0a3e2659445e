//! Fragments, control frames between them, text, and what is sent.

use super::*;
use alloc::vec;

#[test]
fn control_frames_come_between_fragments() {
    let bytes = [
        masked(0x01, b"Hel"),
        masked(0x89, b"are you there"),
        masked(0x00, b""),
        masked(0x8a, b""),
        masked(0x00, b"l"),
        masked(0x89, &[7; 125]),
        masked(0x80, b"o"),
        masked(0x82, b""),
    ]
    .concat();
    let expected = [
        Told::Ping(b"are you there".to_vec()),
        Told::Pong(vec![]),
        Told::Ping(vec![7; 125]),
        text(b"Hello"),
        Told::Message(Kind::Binary, vec![]),
    ];
    assert_eq!(told(&server(), &bytes), expected);
}

#[test]
fn empty_messages_in_any_number_of_fragments_are_messages() {
    for fragments in [&[0x81][..], &[0x01, 0x80], &[0x01, 0x00, 0x00, 0x80]] {
        let bytes: Vec<u8> = fragments.iter().flat_map(|first| masked(*first, b"")).collect();
        assert_eq!(told(&server(), &bytes), [text(b"")]);
    }
}

/// The text up to the byte that cannot stand is handed out, in every cut; and the error names that byte.
#[test]
fn text_fails_at_the_first_byte_that_cannot_stand() {
    let cases: &[(&[u8], Option<usize>)] = &[
        ("κόσμε 水 𐍈".as_bytes(), None),
        (b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited", Some(6)),
        (b"\xf4\x90\x80\x80", Some(1)),
        (b"ab\x80", Some(2)),
        (b"ab\xff", Some(2)),
        (b"\xc0\xaf", Some(0)),
        (b"\xe0\x80", Some(1)),
        (b"\xc3", Some(1)),
        (b"abc\xf0\x9f\x98", Some(6)),
    ];
    for (payload, bad) in cases {
        let expected = |offset: u64| match bad {
            None => vec![text(payload)],
            Some(0) => vec![Told::Failed(Rule::InvalidUtf8, offset)],
            Some(at) => vec![
                Told::Part(Kind::Text, payload[..*at].to_vec()),
                Told::Failed(Rule::InvalidUtf8, offset + *at as u64),
            ],
        };
        // In one frame,
        assert_eq!(told(&server(), &masked(0x81, payload)), expected(6), "{payload:x?}");
        // and with a fragment, a Ping and an empty fragment in every place.
        for cut in 0..payload.len() {
            let (one, other) = payload.split_at(cut);
            let bytes = [masked(0x01, one), masked(0x89, b"\xff"), masked(0x00, b""), masked(0x80, other)].concat();
            let mut found = told(&server(), &bytes);
            found.retain(|told| *told != Told::Ping(b"\xff".to_vec()));
            let headers = if bad.is_some_and(|bad| bad < cut) { 6 } else { 25 };
            assert_eq!(found, expected(headers), "{payload:x?} cut at {cut}");
        }
    }
}

#[test]
fn the_limits_of_a_message_count_all_its_fragments() {
    let piece = vec![0; 35_000];
    let long = [masked(0x02, &piece), masked(0x00, &piece), masked(0x80, b"")].concat();
    assert_eq!(told_cut(server(), &[&long]).len(), 1);
    let longer = [masked(0x02, &piece), masked(0x00, &piece), masked(0x80, b"x")].concat();
    let told = told_cut(server(), &[&longer]);
    assert!(matches!(told[..], [Told::Part(..), Told::Failed(Rule::MessageTooLong, 70_022)]), "{:?}", told.last());
}

#[test]
fn what_is_sent_is_what_the_other_end_reads() {
    for length in [0, 1, 2, 125, 126, 127, 500, 65_535, 65_536] {
        let message: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let mut out = vec![0; length + MAX_HEADER_LEN];
        let written = client().send_message(Kind::Binary, &message, &mut out).unwrap();
        assert_eq!(&out[..written], frame(0x82, Some(KEY), &message));
        assert_eq!(told_cut(server(), &[&out[..written]]), [Told::Message(Kind::Binary, message.clone())]);
        assert_eq!(client().send_message(Kind::Binary, &message, &mut out[..written - 1]), Err(SendError::NoRoom));
        let written = server().send_message(Kind::Binary, &message, &mut out).unwrap();
        assert_eq!(told_cut(client(), &[&out[..written]]), [Told::Message(Kind::Binary, message)]);
    }
}

/// A message goes through an output of any size, in as many fragments as that takes, with a Ping between them.
#[test]
fn a_message_is_longer_than_any_buffer() {
    let message: Vec<u8> = (0..700_u32).map(|at| (at % 251) as u8).collect();
    for size in (7..200).chain([1_000]) {
        let (mut sender, mut out, mut stream) = (client(), vec![0; size], Vec::new());
        let (first, last) = message.split_at(300);
        for (piece, is_last) in [(first, false), (last, true)] {
            let mut rest = piece;
            loop {
                let sent = sender.send_piece(Kind::Binary, rest, is_last, &mut out).unwrap();
                stream.extend(&out[..sent.written]);
                rest = &rest[sent.taken..];
                if sent.is_done {
                    break;
                }
                let written = sender.send_ping(b"", &mut out).unwrap();
                stream.extend(&out[..written]);
            }
            assert!(rest.is_empty());
        }
        let mut told = told_cut(server(), &[&stream]);
        told.retain(|told| *told != Told::Ping(vec![]));
        assert_eq!(told, [Told::Message(Kind::Binary, message.clone())], "an output of {size}");
    }
}

#[test]
fn a_message_within_a_message_is_not_sent() {
    let (mut sender, mut out) = (server(), [0; 100]);
    let sent = sender.send_piece(Kind::Text, b"a", false, &mut out).unwrap();
    assert_eq!((sent, &out[..3]), (Sent { taken: 1, written: 3, is_done: true }, &b"\x01\x01a"[..]));
    assert_eq!(sender.send_message(Kind::Text, b"b", &mut out), Err(SendError::WithinMessage));
    assert_eq!(sender.send_piece(Kind::Binary, b"b", true, &mut out), Err(SendError::WithinMessage));
    assert_eq!(sender.send_ping(&[0; 126], &mut out), Err(SendError::ControlTooLong));
    assert_eq!(sender.send_piece(Kind::Text, b"bc", true, &mut out[..2]), Err(SendError::NoRoom));
    let sent = sender.send_piece(Kind::Text, b"bc", true, &mut out[..3]).unwrap();
    assert_eq!((sent, &out[..3]), (Sent { taken: 1, written: 3, is_done: false }, &b"\x00\x01b"[..]));
    let sent = sender.send_piece(Kind::Text, b"c", true, &mut out).unwrap();
    assert_eq!((sent, &out[..3]), (Sent { taken: 1, written: 3, is_done: true }, &b"\x80\x01c"[..]));
    // The end of a message may have no bytes.
    assert_eq!(sender.send_piece(Kind::Text, b"", false, &mut out), Ok(Sent { taken: 0, written: 0, is_done: true }));
    assert_eq!(sender.send_piece(Kind::Text, b"", true, &mut out), Ok(Sent { taken: 0, written: 2, is_done: true }));
    assert_eq!(&out[..2], b"\x81\x00");
}

#[test]
fn a_room_that_is_too_short_is_this_ends_fault() {
    let mut connection = server();
    let ping = masked(0x89, b"12345");
    let error = connection.receive(&at(0), &ping, &mut [0; 4]).unwrap_err();
    assert_eq!(error.rule, Rule::StoreTooSmall);
    assert!(server().receive(&at(0), &masked(0x81, b"x"), &mut []).is_err());
}
