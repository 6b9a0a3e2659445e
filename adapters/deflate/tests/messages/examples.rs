//! The examples of RFC 7692, and what else a payload may be.

use wirenut_deflate::{Context, Deflater, DeflaterConfig, Inflater};

use crate::through::{deflate, inflate};

/// A payload and its message.
type Pair = (&'static [u8], &'static str);

/// Of one connection each, one after the other.
const EXAMPLES: [(&str, &[Pair]); 8] = [
    ("7.2.3.1: one block", &[(b"\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello")]),
    ("7.2.3.2: a shared window", &[(b"\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello"), (b"\xf2\x00\x11\x00\x00", "Hello")]),
    ("7.2.3.3: a block without compression", &[(b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", "Hello")]),
    (
        "7.2.3.4: BFINAL, and a message behind it",
        &[(b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "Hello"), (b"\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello")],
    ),
    ("BFINAL on the block that the tail ends", &[(b"\x01", ""), (b"\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello")]),
    ("7.2.3.5: two blocks", &[(b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "Hello")]),
    ("7.2.3.6: an empty message", &[(b"\x00", ""), (b"\x00", ""), (b"\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello")]),
    ("no byte: what a flush of nothing writes", &[(b"", ""), (b"\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello"), (b"", "")]),
];

#[test]
fn payloads_of_the_rfc_are_inflated_however_they_are_cut() {
    for (name, messages) in EXAMPLES {
        for piece in 1..12 {
            for room in 1..8 {
                let mut inflater = Inflater::new(Context::TakeOver);
                for (payload, message) in messages {
                    let inflated = inflate(&mut inflater, payload, piece, room);
                    assert_eq!(inflated.as_deref(), Ok(message.as_bytes()), "{name}, pieces {piece}, room {room}");
                }
            }
        }
    }
}

#[test]
fn two_bfinal_blocks_in_one_message_are_inflated() {
    let payload = b"\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
    let mut inflater = Inflater::new(Context::TakeOver);
    assert_eq!(inflate(&mut inflater, payload, 3, 4).as_deref(), Ok(&b"HelloHello"[..]));
}

#[test]
fn messages_are_deflated_as_in_the_rfc() {
    let mut deflater = Deflater::new(DeflaterConfig::DEFAULT);
    assert_eq!(deflate(&mut deflater, b"Hello", 5, 64), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    assert_eq!(deflate(&mut deflater, b"Hello", 5, 64), b"\xf2\x00\x11\x00\x00");
    assert_eq!(deflate(&mut deflater, b"", 1, 64), b"\x00");
    assert_eq!(deflate(&mut deflater, b"", 1, 64), b"\x00");

    let mut deflater = Deflater::new(DeflaterConfig { context: Context::Reset, ..DeflaterConfig::DEFAULT });
    for _ in 0..2 {
        assert_eq!(deflate(&mut deflater, b"Hello", 5, 64), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    }
}

#[test]
fn a_deflater_waits_for_room() {
    let mut deflater = Deflater::new(DeflaterConfig::DEFAULT);
    let mut little = [0; Deflater::MIN_ROOM - 1];
    assert_eq!(deflater.deflate(b"Hello", &mut little).taken, 0);
    assert!(!deflater.finish(&mut little).is_done);
    assert_eq!(deflate(&mut deflater, b"Hello", 5, Deflater::MIN_ROOM), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
}
