//! What RFC 6455 refuses, rule by rule.

use super::*;
use alloc::vec;

/// The examples of RFC 6455 §5.7.
#[test]
fn the_examples_of_the_rfc_are_read() {
    let hello = || text(b"Hello");
    assert_eq!(told(&client(), b"\x81\x05\x48\x65\x6c\x6c\x6f"), [hello()]);
    assert_eq!(told(&server(), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), [hello()]);
    assert_eq!(told(&client(), b"\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f"), [hello()]);
    assert_eq!(told(&client(), b"\x89\x05\x48\x65\x6c\x6c\x6f"), [Told::Ping(b"Hello".to_vec())]);
    assert_eq!(told(&server(), b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), [Told::Pong(b"Hello".to_vec())]);
    for (length, header) in [(256, &b"\x82\x7e\x01\x00"[..]), (65_536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00")] {
        let payload = vec![7; length];
        let bytes = [header, &payload].concat();
        assert_eq!(bytes, frame(0x82, None, &payload));
        assert_eq!(told_cut(client(), &[&bytes]), [Told::Message(Kind::Binary, payload.clone())]);
        let mut out = vec![0; length + 20];
        let written = server().send_message(Kind::Binary, &payload, &mut out);
        assert_eq!((written, &out[..bytes.len()]), (Ok(bytes.len()), &bytes[..]));
    }
}

/// Each of these is refused at the byte with this index, whatever follows.
#[test]
fn a_rule_is_broken_at_a_byte() {
    use Rule::*;
    let cases: &[(&[u8], Rule, u64)] = &[
        // §5.2: reserved bits, alone and together, on data and on control frames.
        (b"\xc1\x80", ReservedBit, 0),
        (b"\xa1\x80", ReservedBit, 0),
        (b"\x91\x80", ReservedBit, 0),
        (b"\xf2\x80", ReservedBit, 0),
        (b"\xc9\x80", ReservedBit, 0),
        (b"\x98\x80", ReservedBit, 0),
        // §5.2: opcodes.
        (b"\x83\x80", ReservedOpcode, 0),
        (b"\x87\x80", ReservedOpcode, 0),
        (b"\x8b\x80", ReservedOpcode, 0),
        (b"\x8f\x80", ReservedOpcode, 0),
        (b"\x03\x80", ReservedOpcode, 0),
        // §5.5: control frames.
        (b"\x09\x80", FragmentedControl, 0),
        (b"\x08\x80", FragmentedControl, 0),
        (b"\x0a\x80", FragmentedControl, 0),
        (b"\x89\xfe\x00\x7e", LongControl, 1),
        (b"\x8a\xff", LongControl, 1),
        (b"\x88\xfe", LongControl, 1),
        // §5.1: masks.
        (b"\x81\x05Hello", MissingMask, 1),
        (b"\x89\x00", MissingMask, 1),
        (b"\x81\x7e", MissingMask, 1),
        // §5.2: lengths in their shortest form.
        (b"\x82\xfe\x00\x7d", LengthNotMinimal, 3),
        (b"\x82\xfe\x00\x00", LengthNotMinimal, 3),
        (b"\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff", LengthNotMinimal, 7),
        (b"\x82\xff\x00\x00\x00\x00\x00\x00\x00\x7d", LengthNotMinimal, 7),
        (b"\x82\xff\x80\x00\x00\x00\x00\x01\x00\x00", LengthTooLarge, 2),
        (b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", LengthTooLarge, 2),
        // §5.4: fragments.
        (b"\x80\x80\0\0\0\0", UnexpectedContinuation, 0),
        (b"\x00\x80\0\0\0\0", UnexpectedContinuation, 0),
        (b"\x01\x80\0\0\0\0\x81\x80\0\0\0\0", ExpectedContinuation, 6),
        (b"\x01\x80\0\0\0\0\x02\x80\0\0\0\0", ExpectedContinuation, 6),
        (b"\x81\x80\0\0\0\0\x80\x80\0\0\0\0", UnexpectedContinuation, 6),
        // §7.4.1: limits, as soon as the length is there.
        (b"\x82\xff\x00\x00\x00\x00\x00\x01\x01\xd1\0\0\0\0", FrameTooLong, 14),
        (b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", FrameTooLong, 14),
        // §5.5.1: Close.
        (b"\x88\x81\0\0\0\0\x03", ShortClose, 7),
        (b"\x88\x83\0\0\0\0\x03\xe8\xff", InvalidCloseReason, 9),
        (b"\x88\x84\0\0\0\0\x03\xe8\xc3\x28", InvalidCloseReason, 10),
        (b"\x88\x83\0\0\0\0\x03\xe8\xc3", InvalidCloseReason, 9),
    ];
    for (bytes, rule, offset) in cases {
        let told = told(&server(), bytes);
        assert_eq!(told.last(), Some(&Told::Failed(*rule, *offset)), "{}", bytes.escape_ascii());
        let mut more = bytes.to_vec();
        more.extend(b"\x81\x80\0\0\0\0");
        assert_eq!(super::told(&server(), &more), told, "what follows is not looked at");
    }
}

#[test]
fn a_client_refuses_masks_and_takes_frames_without() {
    assert_eq!(told(&client(), b"\x81\x80"), [Told::Failed(Rule::UnexpectedMask, 1)]);
    assert_eq!(told(&client(), b"\x89\xfe"), [Told::Failed(Rule::UnexpectedMask, 1)]);
    assert_eq!(told(&client(), b"\x81\x00"), [text(b"")]);
}

#[test]
fn each_rule_closes_with_its_code() {
    let codes = |rules: &[Rule]| rules.iter().map(|rule| rule.close_code().get()).collect::<Vec<_>>();
    assert_eq!(codes(&[Rule::InvalidUtf8, Rule::InvalidCloseReason, Rule::InvalidCompressedData]), [1007; 3]);
    assert_eq!(codes(&[Rule::FrameTooLong, Rule::MessageTooLong]), [1009; 2]);
    assert_eq!(codes(&[Rule::MessageTimeout, Rule::StoreTooSmall]), [1008, 1011]);
    assert_eq!(Rule::ALL.iter().filter(|rule| rule.close_code() == CloseCode::PROTOCOL_ERROR).count(), 12);
    for rule in Rule::ALL {
        assert_eq!(CloseCode::new(rule.close_code().get()), Some(rule.close_code()), "{rule}");
        assert!(rule.section().starts_with("RFC "));
    }
}

#[test]
fn headers_are_written_as_they_are_read() {
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, u64::MAX >> 1] {
        for (mask, opcode) in [(None, Opcode::Binary), (Some(KEY), Opcode::Text)] {
            let header = FrameHeader { is_final: false, is_compressed: true, opcode, mask, length };
            let (mut out, expected) =
                ([0; MAX_HEADER_LEN], Expected { mask: mask.is_some(), compression: true, continuation: false });
            let written = header.write(&mut out).unwrap();
            assert_eq!(written, header.encoded_len());
            assert_eq!(header.write(&mut out[..written - 1]), None);
            let read = HeaderDecoder::new().decode(&out[..written], expected);
            assert_eq!(read, Ok((written, Some(header))));
        }
    }
    let header =
        FrameHeader { is_final: true, is_compressed: false, opcode: Opcode::Text, mask: None, length: 1 << 63 };
    assert_eq!(header.write(&mut [0; MAX_HEADER_LEN]), None);
}
