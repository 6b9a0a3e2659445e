//! Whatever is deflated is inflated to the same, in any pieces.

use proptest::prelude::*;
use wirenut_deflate::{Context, Deflater, DeflaterConfig, Inflater};

use crate::through::{deflate, inflate};

/// Words that come again and again, and bytes that do not.
pub(crate) fn message() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        &b"temperature"[..],
        b"\"value\":",
        b"the",
        b" ",
        b"0123456789",
        b"\xff\x00\x00\xff",
    ]);
    prop_oneof![
        prop::collection::vec(word, 0..400).prop_map(|words| words.concat()),
        prop::collection::vec(any::<u8>(), 0..3000),
        (any::<u8>(), 0..9000_usize).prop_map(|(byte, length)| vec![byte; length]),
    ]
}

pub(crate) fn config() -> impl Strategy<Value = DeflaterConfig> {
    (0..=9_u8, 1..=9_u8, 9..=15_u8, prop::sample::select(vec![Context::TakeOver, Context::Reset])).prop_map(
        |(level, memory_level, window_bits, context)| DeflaterConfig { level, memory_level, window_bits, context },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_deflated_is_inflated_to_the_same(
        messages in prop::collection::vec((message(), any::<bool>()), 1..6),
        config in config(),
        (piece, room) in (1..5000_usize, Deflater::MIN_ROOM..2000),
        (payload_piece, message_room) in (1..300_usize, 1..2000_usize),
    ) {
        let mut deflater = Deflater::new(config);
        let mut inflater = Inflater::new(config.context);
        for (message, is_compressed) in messages {
            // Between compressed messages others are sent as they are. They spoil nothing.
            if is_compressed {
                let payload = deflate(&mut deflater, &message, piece, room);
                prop_assert_eq!(inflate(&mut inflater, &payload, payload_piece, message_room), Ok(message));
            }
        }
    }

    #[test]
    fn a_message_is_deflated_at_once_in_the_room_that_it_may_need(messages in prop::collection::vec(message(), 1..4), config in config()) {
        let mut deflater = Deflater::new(config);
        for message in messages {
            let mut output = vec![0; Deflater::max_deflated_len(message.len()).unwrap()];
            let piece = deflater.deflate(&message, &mut output);
            prop_assert_eq!(piece.taken, message.len());
            prop_assert!(deflater.finish(&mut output[piece.written..]).is_done);
        }
    }

    #[test]
    fn garbage_is_inflated_to_the_same_in_any_pieces(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..4),
        (piece, room) in (1..60_usize, 1..60_usize),
    ) {
        let mut whole = Inflater::new(Context::TakeOver);
        let mut cut = Inflater::new(Context::TakeOver);
        for payload in payloads {
            let (whole, cut) = (inflate(&mut whole, &payload, 100, 1 << 16), inflate(&mut cut, &payload, piece, room));
            prop_assert_eq!(whole.is_ok(), cut.is_ok(), "{:?}, {:?}", whole, cut);
            if whole.is_ok() {
                prop_assert_eq!(whole, cut);
            }
        }
    }
}
