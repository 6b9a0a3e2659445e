//! Framing: the laws for any bytes and messages, and what others make of the same.

use core::num::NonZeroUsize;

use bytes::BytesMut;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tokio_util::codec::{Decoder as _, LengthDelimitedCodec, LinesCodec};
use wirenut::framing::{
    ByteOrder, Cobs, Decoder, Delimited, Encoder, Event, Fixed, Frames, Hdlc, LengthField, LengthPrefixed, Lines,
    Netstring, Slip, Width,
};
use wirenut_tests::framing::{MOST, Told, laws, read};

/// Bytes of which every framing makes something.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let special = select(b"\0\x01\x02\x7d\x7e\xc0\xdb\xdc\xdd\xff\r\n,:05|a".to_vec());
    vec(prop_oneof![4 => special, 1 => any::<u8>()], 0..120)
}

/// Gives a decoder a piece, and then the end of each message that is complete. How many bytes of messages were in it, and how
/// many messages ended.
fn count(codec: &mut impl Decoder, mut rest: &[u8]) -> (u64, u64) {
    let (mut bytes, mut ends) = (0, 0);
    loop {
        let Ok((used, event)) = codec.decode(rest) else { panic!("a right stream") };
        rest = &rest[used..];
        match event {
            Event::NeedMore(_) => return (bytes, ends),
            Event::Piece(piece) => bytes += piece.len() as u64,
            Event::End => ends += 1,
            Event::Void(rule) => panic!("{rule}"),
        }
    }
}

/// One message of so many KiB passes through 4 KiB of memory, however it is framed.
fn passes(mut codec: impl Decoder, before: &[u8], kib: u64, behind: &[u8]) {
    let piece = [b'x'; 4096];
    let (mut bytes, mut ends) = count(&mut codec, before);
    for _ in 0..kib / 4 {
        let (more, ended) = count(&mut codec, &piece);
        (bytes, ends) = (bytes + more, ends + ended);
    }
    let (more, ended) = count(&mut codec, behind);
    assert_eq!((bytes + more, ends + ended), (kib * 1024, 1));
    assert!(!codec.is_within());
}

#[test]
fn a_message_of_a_gibibyte_needs_no_more_memory_than_any_other() {
    const GIB: u32 = 1 << 30;
    let prefixed = LengthPrefixed::new(Width::U32, ByteOrder::BigEndian, GIB).expect("it can say that");
    passes(prefixed, &GIB.to_be_bytes(), 1 << 20, b"");
    passes(Netstring::new(GIB as usize), b"1073741824:", 1 << 20, b",");
    passes(Fixed::new(NonZeroUsize::new(GIB as usize).expect("not zero")), b"", 1 << 20, b"");
    // Those that look at each byte, with fewer of them.
    passes(Lines::new(), b"", 1 << 11, b"\r\n");
    passes(Delimited::new(b"--"), b"", 1 << 11, b"--");
    passes(Slip::new(), b"\xc0", 1 << 11, b"\xc0");
    passes(Hdlc::new(), b"~", 1 << 11, b"~");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_codec_keeps_the_laws(bytes in noise()) {
        laws(&bytes);
    }

    #[test]
    fn cobs_is_what_others_take_it_for(messages in vec(vec(prop_oneof![Just(0_u8), any::<u8>()], 1..290), 1..4)) {
        let mut stream = Vec::new();
        for message in &messages {
            let mut out = vec![0; Cobs::new().max_encoded_len(message.len()).expect("short")];
            let length = Cobs::new().encode(&[message], &mut out).expect("room");
            let theirs = cobs::encode_vec(message);
            let decoded = cobs::decode_vec(&out[..length]);
            prop_assert_eq!(decoded.as_ref(), Ok(message));
            stream.extend(theirs);
            stream.push(0);
        }
        let told = read(Frames::new(Cobs::new()), &[&stream]);
        prop_assert_eq!(told, Told { messages, ..Told::default() });
    }

    #[test]
    fn lengths_are_what_tokio_takes_them_for(
        (width, bytes) in select(vec![(Width::U8, 1), (Width::U16, 2), (Width::U24, 3), (Width::U32, 4)]),
        order in select(vec![ByteOrder::BigEndian, ByteOrder::LittleEndian]),
        offset in 0_u16..4,
        adjustment in -4_i32..4,
        stream in vec(prop_oneof![3 => 0_u8..12, 1 => any::<u8>()], 0..80),
    ) {
        let limit = 40_u32;
        let built = LengthField::new(width, order, limit).and_then(|layout| layout.at(offset).adjusted(adjustment));
        let Ok(layout) = built else { return Ok(()) };
        let mut theirs = LengthDelimitedCodec::builder();
        let head = usize::from(offset) + bytes;
        theirs.length_field_length(bytes).length_field_offset(usize::from(offset));
        // Theirs counts from what is not skipped. Its limit counts before the adjustment, and so is left to ours.
        theirs.num_skip(0).length_adjustment(isize::try_from(head).expect("small") + adjustment as isize);
        theirs.max_frame_length(usize::MAX >> 1);
        if order == ByteOrder::LittleEndian {
            theirs.little_endian();
        }
        let (mut theirs, mut buffer, mut expected) = (theirs.new_codec(), BytesMut::from(&*stream), Vec::new());
        let mut is_lost = false;
        loop {
            match theirs.decode(&mut buffer) {
                Ok(Some(frame)) if (head..=head + limit as usize).contains(&frame.len()) => expected.push(frame.to_vec()),
                // A frame that ours refuses, or one that theirs does.
                Ok(Some(_)) | Err(_) => { is_lost = true; break }
                Ok(None) => break,
            }
        }
        let told = read(Frames::new(layout), &[&stream]);
        prop_assert_eq!(&told.messages, &expected);
        // Theirs waits for all of a frame that is too long; ours says so as soon as its length is there.
        prop_assert!(told.lost.is_some() || !is_lost);
    }

    #[test]
    fn lines_are_what_tokio_takes_them_for(text in "[ab\r\n]{0,40}") {
        let (mut theirs, mut buffer, mut expected) = (LinesCodec::new(), BytesMut::from(&*text), Vec::new());
        while let Ok(Some(line)) = theirs.decode_eof(&mut buffer) {
            expected.push(line.into_bytes());
        }
        // A CR alone at the very end is a line without bytes to ours, and nothing to theirs.
        if text == "\r" || text.ends_with("\n\r") {
            expected.push(Vec::new());
        }
        let told = read(Frames::new(Lines::new()), &[text.as_bytes()]);
        prop_assert!(told.messages.iter().all(|line| line.len() < MOST));
        prop_assert_eq!(told.messages, expected);
    }
}
