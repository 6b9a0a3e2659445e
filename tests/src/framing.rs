//! The laws of framing, for every codec: what tests and the fuzzer hold them to.

use core::num::NonZeroUsize;

use wirenut::framing::{
    ByteOrder, Cobs, Decoder, Delimited, EncodeError, Encoder, Event, Fixed, FrameError, Frames, Hdlc, Item,
    LengthPrefixed, Lines, Netstring, Overlong, Skipped, Slip, StreamEncoder, Trailer, Width,
};

use crate::every_split::every_split;

/// The longest message of these laws, and so the length of the store.
pub const MOST: usize = 300;

/// The longest stream that is cut in every place.
const LONGEST: usize = 350;

/// All that a stream comes to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// The messages.
    pub messages: Vec<Vec<u8>>,
    /// What was skipped.
    pub skipped: Vec<Skipped>,
    /// Why the stream was lost.
    pub lost: Option<FrameError>,
}

/// Asks for all of a stream that comes in these pieces.
pub fn read<D: Decoder, C: wirenut::framing::Checksum>(mut frames: Frames<D, C>, pieces: &[&[u8]]) -> Told {
    let (mut store, mut told) = ([0; MOST], Told::default());
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let stored = frames.stored();
            assert!(stored <= MOST);
            match frames.receive(rest, &mut store) {
                Err(error) => {
                    assert_eq!(frames.receive(b"", &mut store), Err(error), "a lost stream stays lost");
                    return Told { lost: Some(error), ..told };
                }
                Ok((used, item)) => {
                    rest = &rest[used..];
                    match item {
                        Item::NeedMore(_) => break,
                        Item::Frame(message) => told.messages.push(message.to_vec()),
                        Item::Skipped(skipped) => told.skipped.push(skipped),
                    }
                }
            }
        }
        assert!(rest.is_empty(), "to need more is to have taken all");
    }
    match frames.handle_eof(&store) {
        Some(Item::Frame(message)) => told.messages.push(message.to_vec()),
        Some(Item::Skipped(skipped)) => told.skipped.push(skipped),
        Some(Item::NeedMore(_)) | None => {}
    }
    told
}

/// Any bytes come to the same however they are cut, in a bounded number of steps, and what is delivered and skipped lies within
/// them.
fn garbage<D: Decoder + Copy>(codec: D, stream: &[u8]) {
    for overlong in [Overlong::Skip, Overlong::Cut, Overlong::Fail] {
        let frames = Frames::new(codec).with_limit(40, overlong);
        let told = every_split(stream, |pieces| read(frames, pieces));
        assert!(told.messages.iter().all(|message| message.len() <= 40));
        let mut end = 0;
        for skipped in &told.skipped {
            assert!(skipped.offset >= end, "{skipped} begins before the one before it ended");
            end = skipped.offset + skipped.length;
        }
        let length = stream.len() as u64;
        assert!(end <= length && told.lost.is_none_or(|error| error.offset <= length));
    }
    steps(codec, stream);
}

/// Each step takes a byte, or tells something; and no two steps in a row take nothing.
fn steps<D: Decoder>(mut codec: D, stream: &[u8]) {
    let (mut rest, mut count) = (stream, 0);
    loop {
        count += 1;
        assert!(count <= 2 * stream.len() + 2, "not linear: {}", stream.escape_ascii());
        match codec.decode(rest) {
            Ok((used, Event::NeedMore(_))) => return assert_eq!(used, rest.len()),
            Ok((used, event)) => {
                assert!(!matches!(event, Event::Piece(&[])), "an empty piece");
                rest = &rest[used..];
            }
            Err(lost) => return assert!(lost.at < rest.len()),
        }
    }
}

/// The sizes of pieces, and how much more room than needed there is.
const STREAMED: &[(usize, usize)] = &[(1, 0), (3, 1), (7, 40), (usize::MAX, 0), (usize::MAX, 700)];

/// A message that is written piece by piece.
fn streamed<E: StreamEncoder>(codec: &E, message: &[u8], cut: usize, room: usize) -> Result<Vec<u8>, EncodeError> {
    let (mut out, mut written) = (vec![0; room], Vec::new());
    let (mut open, length) = codec.begin(Some(message.len()), &mut out)?;
    written.extend_from_slice(&out[..length]);
    // What has not been taken, up to where the next piece begins.
    let (mut taken, mut end) = (0, 0);
    loop {
        end = (end + cut.min(message.len())).min(message.len());
        loop {
            let (used, length) = codec.write(&mut open, &message[taken..end], &mut out)?;
            written.extend_from_slice(&out[..length]);
            taken += used;
            if used == 0 || taken == end {
                break;
            }
        }
        assert!(end - taken < E::MIN_ROOM, "it gets on");
        if end == message.len() {
            break;
        }
    }
    let mut out = vec![0; E::MIN_ROOM + E::MIN_ROOM];
    let length = codec.finish(open, &message[taken..], &mut out)?;
    written.extend_from_slice(&out[..length]);
    Ok(written)
}

/// What is written is read as the same, whole and in pieces.
fn round_trip<D: Decoder + StreamEncoder + Copy>(codec: D, messages: &[&[u8]]) {
    let (mut stream, mut said) = (Vec::new(), Vec::new());
    // What is refused below is refused for what it is.
    assert!(codec.encode(&[b"plain"], &mut [0; 64]).is_ok(), "{:?}", codec.encode(&[b"plain"], &mut [0; 64]));
    for message in messages.iter().filter(|message| message.len() <= MOST) {
        let most = codec.max_encoded_len(message.len()).unwrap_or(0);
        let mut out = vec![0; most];
        // In one piece, and in two.
        let written = match codec.encode(&[message], &mut out) {
            Ok(written) => written,
            Err(EncodeError::NoRoom) if most > 0 => {
                panic!("{most} bytes are not enough for {}", message.escape_ascii())
            }
            Err(error) => {
                for (cut, room) in STREAMED {
                    assert_eq!(streamed(&codec, message, *cut, D::MIN_ROOM + room), Err(error));
                }
                continue;
            }
        };
        for (cut, room) in STREAMED {
            let pieces = streamed(&codec, message, *cut, D::MIN_ROOM + room);
            assert_eq!(pieces.as_deref(), Ok(&out[..written]), "in pieces of {cut} with {room} bytes more than needed");
        }
        let (one, other) = message.split_at(message.len() / 2);
        let mut again = vec![0; most];
        assert_eq!(codec.encode(&[one, other], &mut again), Ok(written));
        assert_eq!(out, again);
        assert!(codec.encode(&[message], &mut out[..written - 1]).is_err(), "written into too little room");
        stream.extend_from_slice(&again[..written]);
        said.push(message.to_vec());
    }
    let told = every_split(&stream, |pieces| read(Frames::new(codec), pieces));
    assert_eq!(told, Told { messages: said, ..Told::default() });
}

/// A frame with a checksum is read as it was written, and not once a bit of it has changed.
fn checked<D: Decoder + Encoder + Copy>(codec: D, message: &[u8], bit: usize) {
    let frames = Frames::new(codec).with_trailer(Trailer::fcs_16());
    let mut out = vec![0; 2 * MOST + 16];
    let Ok(written) = frames.encode(&message[..message.len().min(MOST - 2)], &mut out) else { return };
    let stream = &mut out[..written];
    let told = read(frames, &[stream]);
    assert_eq!((told.messages.len(), told.skipped.len(), told.lost), (1, 0, None));
    let at = bit % (8 * stream.len());
    stream[at / 8] ^= 1 << (at % 8);
    // It may fall apart into several frames, of which a short one may be right by chance: not the whole.
    let changed = read(frames, &[stream]);
    assert!(!changed.messages.contains(&told.messages[0]) || told.messages[0].is_empty());
}

/// Every law, of every codec.
pub fn laws(bytes: &[u8]) {
    // Each cut is tried, of each codec.
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let messages: Vec<&[u8]> = bytes.split(|byte| *byte == b'|').collect();
    let bit = bytes.iter().map(|byte| usize::from(*byte)).sum();
    macro_rules! hold {
        ($($codec:expr),+ $(,)?) => {$(
            let codec = $codec;
            garbage(codec, bytes);
            round_trip(codec, &messages);
            checked(codec, bytes, bit);
        )+};
    }
    let prefixed = |width, order, limit| LengthPrefixed::new(width, order, limit).expect("a limit that can be said");
    hold!(
        Lines::new(),
        Lines::crlf(),
        Delimited::nul(),
        Delimited::new(b"\r\n"),
        Delimited::new(b"aab"),
        Fixed::new(NonZeroUsize::new(5).expect("not zero")),
        prefixed(Width::U8, ByteOrder::BigEndian, 255),
        prefixed(Width::U16, ByteOrder::LittleEndian, 300),
        prefixed(Width::U24, ByteOrder::BigEndian, 300),
        prefixed(Width::U32, ByteOrder::BigEndian, 300),
        prefixed(Width::Leb128, ByteOrder::LittleEndian, 300),
        Netstring::new(300),
        Slip::new(),
        Cobs::new(),
        Hdlc::new(),
        Hdlc::escaping_controls(),
    );
}
