//! The seam of permessage-deflate, with a codec that is easy to see through.

use super::*;
use crate::readiness::Standing;
use crate::transport::Protocol as _;
use alloc::vec;

/// "Deflates" each byte to a pair: how often, and which. The count includes a window that grows with each compressed message, so
/// that one which comes in a wrong order is noticed. A count of zero is damage.
#[derive(Clone, Debug, Default)]
struct RunLength {
    is_refused: bool,
    inflated: u8,
    deflated: u8,
    /// The bytes of a pair that was begun.
    count: Option<u8>,
    /// So many of this byte are to be written.
    left: (u8, u8),
    pending: Option<u8>,
}

impl Compression for RunLength {
    fn is_negotiated(&self) -> bool {
        !self.is_refused
    }

    fn inflate(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Result<Inflated, InvalidData> {
        let mut done = Inflated::default();
        loop {
            while self.left.0 > 0 {
                let Some(place) = output.get_mut(done.written) else { return Ok(done) };
                *place = self.left.1;
                self.left.0 -= 1;
                done.written += 1;
            }
            let Some(byte) = input.get(done.taken) else { break };
            done.taken += 1;
            match self.count.take() {
                None => {
                    let count = byte.checked_sub(self.inflated).filter(|count| *count > 0);
                    self.count = Some(count.ok_or(InvalidData)?);
                }
                Some(count) => self.left = (count, *byte),
            }
        }
        if is_end {
            if self.count.is_some() {
                return Err(InvalidData);
            }
            self.inflated += 1;
        }
        done.is_done = is_end;
        Ok(done)
    }

    fn wants_to_deflate(&self, length: Option<usize>) -> bool {
        self.is_negotiated() && length.is_none_or(|length| length > 2)
    }

    fn max_deflated_len(&self, length: usize) -> Option<usize> {
        length.checked_mul(2)
    }

    fn deflate(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Deflated {
        let mut done = Deflated::default();
        for place in output {
            if let Some(byte) = self.pending.take() {
                *place = byte;
            } else if let Some(byte) = input.get(done.taken) {
                *place = self.deflated + 1;
                self.pending = Some(*byte);
                done.taken += 1;
            } else {
                break;
            }
            done.written += 1;
        }
        done.is_done = is_end && done.taken == input.len() && self.pending.is_none();
        if done.is_done {
            self.deflated += 1;
        }
        done
    }
}

fn negotiated() -> Connection<Server, RunLength> {
    Connection::with_compression(Server, RunLength::default(), &at(0))
}

#[test]
fn compressed_messages_are_inflated_and_others_leave_the_window_alone() {
    let bytes = [
        masked(0xc1, b"\x05a\x01b"),
        masked(0x81, b"plain"),
        // The window has one message now.
        masked(0x42, b"\x03a"),
        masked(0x89, b"ping"),
        masked(0x00, b""),
        masked(0x00, b"\x02"),
        masked(0x80, b"b"),
        masked(0xc2, b""),
        masked(0xc1, b"\x04z"),
    ]
    .concat();
    let binary = |bytes: &[u8]| Told::Message(Kind::Binary, bytes.to_vec());
    let expected =
        [text(b"aaaaab"), text(b"plain"), Told::Ping(b"ping".to_vec()), binary(b"aab"), binary(b""), text(b"z")];
    assert_eq!(told(&negotiated(), &bytes), expected);
}

#[test]
fn rsv1_may_stand_on_the_first_frame_of_a_message_only_and_only_if_negotiated() {
    let refused = Connection::with_compression(Server, RunLength { is_refused: true, ..RunLength::default() }, &at(0));
    assert_eq!(told(&refused, b"\xc1"), [Told::Failed(Rule::ReservedBit, 0)]);
    for first in [0xc0, 0xc8, 0xc9, 0xca] {
        assert_eq!(told(&negotiated(), &[first]), [Told::Failed(Rule::ReservedBit, 0)]);
    }
    for first in [0x01, 0x41] {
        let bytes = [masked(first, b""), vec![0xc0]].concat();
        assert_eq!(told(&negotiated(), &bytes), [Told::Failed(Rule::ReservedBit, 6)]);
    }
}

#[test]
fn text_is_checked_and_limits_count_once_it_is_inflated() {
    let part = |bytes: &[u8]| Told::Part(Kind::Text, bytes.to_vec());
    let told_whole = told_cut(negotiated(), &[&masked(0xc1, b"\x02\xc3")]);
    assert!(matches!(&told_whole[..], [one, Told::Failed(Rule::InvalidUtf8, _)] if *one == part(b"\xc3")));
    let told_whole = told_cut(negotiated(), &[&masked(0xc1, b"\x01\xc3")]);
    assert!(matches!(&told_whole[..], [_, Told::Failed(Rule::InvalidUtf8, _)]), "a cut character at the end");
    // 275 pairs are 70,125 bytes, of which 70,000 are allowed.
    let bomb = masked(0xc2, &[255, b'x'].repeat(275));
    let told_whole = told_cut(negotiated(), &[&bomb]);
    let [Told::Part(_, bytes), Told::Failed(Rule::MessageTooLong, _)] = &told_whole[..] else {
        panic!("{told_whole:?}")
    };
    assert!(bytes.len() <= 70_000);
    let fits = masked(0xc2, &[250, b'x'].repeat(280));
    assert!(matches!(&told_cut(negotiated(), &[&fits])[..], [Told::Message(_, bytes)] if bytes.len() == 70_000));
    let damaged = told_cut(negotiated(), &[&masked(0xc2, b"\x01a\x00")]);
    assert!(matches!(damaged.last(), Some(Told::Failed(Rule::InvalidCompressedData, _))));
    let cut_short = told_cut(negotiated(), &[&masked(0xc2, b"\x01a\x01")]);
    assert!(matches!(cut_short.last(), Some(Told::Failed(Rule::InvalidCompressedData, _))));
}

#[test]
fn what_is_deflated_is_inflated_by_the_other_end() {
    let messages: [&[u8]; 6] = [b"hello", b"no", &[7; 200], b"", b"abc", &[9; 3_000]];
    for size in [16, 17, 100, 140, 7_000] {
        let codec = RunLength::default();
        let mut sender = Connection::with_compression(Client(|| KEY), codec, &at(0));
        let (mut out, mut stream, mut expected) = (vec![0; size], Vec::new(), Vec::new());
        for message in messages {
            let kind = Kind::Binary;
            expected.push(Told::Message(kind, message.to_vec()));
            if let Ok(written) = sender.send_message(kind, message, &mut out) {
                stream.extend(&out[..written]);
                continue;
            }
            let mut rest = message;
            loop {
                let sent = sender.send_piece(kind, rest, true, &mut out).unwrap();
                stream.extend(&out[..sent.written]);
                rest = &rest[sent.taken..];
                if sent.is_done {
                    break;
                }
            }
        }
        assert_eq!(told_cut(negotiated(), &[&stream]), expected, "an output of {size}");
        // What might not fit once it is deflated is sent as it is.
        assert_eq!(stream[0] & 0x40 != 0, size >= 24);
    }
}

/// A server in a tunnel that does not watch its peer.
struct Unwatched;

impl Role for Unwatched {
    const IS_SERVER: bool = true;
    const IN_TUNNEL: bool = true;
    const WATCHES: bool = false;

    fn next_key(&mut self) -> Option<[u8; 4]> {
        None
    }
}

/// Takes pieces.
#[derive(Default)]
struct Taken {
    bytes: usize,
    is_evicted: bool,
}

impl PieceHandler for Taken {
    const ROOM: usize = 0;

    fn piece(&mut self, piece: Piece<'_>, _: &mut Outbox<'_>) -> Next {
        self.bytes += piece.bytes.len();
        Next::More
    }

    fn closed(&mut self, how: Closed<'_>) {
        self.is_evicted = matches!(how, Closed::Abnormal(Abnormal::Evicted));
    }
}

#[test]
fn who_is_not_watched_gives_way_within_a_compressed_frame_once_all_that_came_is_inflated() {
    let frame = masked(0xc2, &[b"\xff".repeat(400), b"xy".to_vec()].concat());
    let header = frame.len() - 402;
    for cut in header + 1..frame.len() {
        let mut connection = Connection::with_compression(Unwatched, RunLength::default(), &at(0));
        let (mut handler, mut store, mut output) = (Taken::default(), [0; 200], [0; 200]);
        let mut speaking = connection.speak_pieces(&mut handler, at(0));
        let mut rest = &frame[..cut];
        // As a tunnel does it.
        loop {
            let progress = speaking.drive(rest, &mut store, &mut output);
            rest = &rest[progress.taken..];
            if rest.is_empty() && speaking.standing() == Standing::Idle {
                break;
            }
            assert!(progress.taken > 0, "cut at {cut}: it does nothing");
        }
        assert!(speaking.give_way(false), "cut at {cut}");
        let pairs = (cut - header) / 2;
        assert_eq!((handler.bytes, handler.is_evicted), (pairs * 255, true), "cut at {cut}");
    }
}

#[test]
fn who_is_not_watched_keeps_its_place_while_a_compressed_frame_waits_for_room() {
    /// Sends back what comes.
    struct Echo;

    impl PieceHandler for Echo {
        const ROOM: usize = 14;

        fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
            outbox.piece(piece.kind, piece.bytes, piece.is_last).into()
        }
    }

    let frame = masked(0xc2, b"\xffx\xffx\xffx");
    let mut connection = Connection::with_compression(Unwatched, RunLength::default(), &at(0));
    let (mut handler, mut store, mut output, mut sent) = (Echo, [0; 200], [0; 150], 0);
    let mut speaking = connection.speak_pieces(&mut handler, at(0));
    // All but the last byte: that of which the third run would be.
    let mut rest = &frame[..frame.len() - 1];
    while !rest.is_empty() || speaking.standing() != Standing::Idle {
        let progress = speaking.drive(rest, &mut store, &mut output);
        assert!(progress.written > 0, "{sent} bytes were sent, and it is {:?}", speaking.standing());
        rest = &rest[progress.taken..];
        sent += progress.written;
    }
    assert!(sent > 2 * 255, "{sent}");
}
