//! Payloads that are wrong, or that end too early, and those that inflate to very much.

use wirenut_deflate::{Context, Deflater, DeflaterConfig, InflateError, Inflater};

use crate::through::{deflate, inflate};

#[test]
fn wrong_payloads_are_refused_and_stay_refused() {
    let wrong: [(&str, &[u8], InflateError); 6] = [
        ("a block of the reserved type", b"\x06", InflateError::Invalid),
        ("a reference to before the start", b"\xf2\x00\x11\x00\x00", InflateError::Invalid),
        ("lengths of a block without compression that differ", b"\x00\x05\x00\xfa\xfe", InflateError::Invalid),
        (
            "a reference to before a block with BFINAL",
            b"\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00",
            InflateError::Invalid,
        ),
        ("no byte behind BFINAL", b"\xf3\x48\xcd\xc9\xc9\x07\x00", InflateError::Truncated),
        ("the tail was not left out", b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff", InflateError::Truncated),
    ];
    for (name, payload, error) in wrong {
        for piece in 1..6 {
            let mut inflater = Inflater::new(Context::TakeOver);
            assert_eq!(inflate(&mut inflater, payload, piece, 4), Err(error), "{name}, pieces of {piece}");
            assert_eq!(inflater.inflate(b"\x00", &mut [0; 4]), Err(error), "{name}");
            assert_eq!(inflater.finish(&mut [0; 4]), Err(error), "{name}");
        }
    }
}

#[test]
fn no_beginning_of_a_payload_is_a_message() {
    let text: String = (0..400).map(|n| format!("line {n} of {}; ", n * n)).collect();
    let payload = deflate(&mut Deflater::new(DeflaterConfig::DEFAULT), text.as_bytes(), 1000, 1000);
    for end in 1..payload.len() {
        let result = inflate(&mut Inflater::new(Context::TakeOver), &payload[..end], 1000, 1000);
        assert_eq!(result, Err(InflateError::Truncated), "{end} of {} bytes", payload.len());
    }
}

#[test]
fn a_small_payload_that_inflates_to_very_much_fills_no_more_than_the_room() {
    let payload = deflate(&mut Deflater::new(DeflaterConfig::DEFAULT), &vec![0; 16 << 20], 1 << 20, 1 << 16);
    assert!(payload.len() < 20_000, "{}", payload.len());
    let mut inflater = Inflater::new(Context::TakeOver);
    let mut output = [0; 4096];
    let first = inflater.inflate(&payload, &mut output).unwrap();
    assert_eq!(first.written, output.len());
    assert!(first.taken < 200, "{}", first.taken);
}
