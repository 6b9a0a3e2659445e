//! WebSocket: the laws for any frames and dialogues, and what tungstenite makes of the same.

use std::io::{self, Read, Write};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};
use wirenut::websocket::{Kind, Rule};
use wirenut_tests::websocket::{LIMITS, Told, dialogue, oracle, stream};

/// A frame, valid or not.
#[derive(Clone, Debug)]
struct Frame {
    first: u8,
    is_masked: bool,
    key: [u8; 4],
    /// Its length is said in more bytes than it needs.
    is_long: bool,
    payload: Vec<u8>,
}

impl Frame {
    fn write(&self, stream: &mut Vec<u8>) {
        let length = self.payload.len();
        let mask = if self.is_masked { 0x80 } else { 0 };
        stream.push(self.first);
        match length {
            0..=125 if !self.is_long => stream.push(mask | length as u8),
            126.. if self.is_long => {
                stream.push(mask | 127);
                stream.extend((length as u64).to_be_bytes());
            }
            _ => {
                stream.push(mask | 126);
                stream.extend((length as u16).to_be_bytes());
            }
        }
        if self.is_masked {
            stream.extend(self.key);
        }
        let key = if self.is_masked { self.key } else { [0; 4] };
        stream.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let texts: [&[u8]; 8] =
        ["é水".as_bytes(), "𐍈".as_bytes(), b"plain", b"", b"\xf0\x9f", b"\x98\x80", b"\xff", b"\xed\xa0"];
    prop_oneof![
        4 => select(texts.map(<[u8]>::to_vec).to_vec()),
        2 => (select(vec![1000_u16, 1001, 1005, 1014, 1015, 3000, 4999, 5000]), "[a-zé]{0,5}")
            .prop_map(|(code, reason)| [&code.to_be_bytes()[..], reason.as_bytes()].concat()),
        1 => vec(any::<u8>(), 0..40),
        1 => (100_usize..190).prop_map(|length| vec![b'x'; length]),
    ]
}

/// Frames to a server or to a client: most of them may stand alone, a few may not.
fn frames(is_server: bool) -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        30 => select(vec![0x81_u8, 0x82, 0x01, 0x02, 0x00, 0x00, 0x80, 0x80, 0x89, 0x8a]),
        2 => Just(0x88),
        1 => any::<u8>(),
    ];
    let masked = prop_oneof![60 => Just(is_server), 1 => Just(!is_server)];
    let long = prop_oneof![60 => Just(false), 1 => Just(true)];
    let frame = (first, masked, any::<[u8; 4]>(), long, payload())
        .prop_map(|(first, is_masked, key, is_long, payload)| Frame { first, is_masked, key, is_long, payload });
    (vec(frame, 0..7), 0_usize..400).prop_map(|(frames, end)| {
        let mut stream = Vec::new();
        frames.iter().for_each(|frame| frame.write(&mut stream));
        // Some are cut short.
        if end < 100 {
            stream.truncate(end);
        }
        stream
    })
}

/// Bytes that come, and nothing after them.
struct Wire<'b>(&'b [u8]);

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.0.read(buffer)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite makes of a stream, and whether it refused it.
fn theirs(is_server: bool, bytes: &[u8]) -> (Vec<Told>, bool) {
    let limit = |bytes: u64| usize::try_from(bytes).ok();
    let config = WebSocketConfig::default()
        .max_message_size(limit(LIMITS.message_bytes))
        .max_frame_size(limit(LIMITS.frame_bytes));
    let role = if is_server { Role::Server } else { Role::Client };
    let mut socket = WebSocket::from_raw_socket(Wire(bytes), role, Some(config));
    let mut told = Vec::new();
    loop {
        told.push(match socket.read() {
            Ok(Message::Text(text)) => Told::Message(Kind::Text, text.as_bytes().to_vec()),
            Ok(Message::Binary(bytes)) => Told::Message(Kind::Binary, bytes.to_vec()),
            Ok(Message::Ping(payload)) => Told::Ping(payload.to_vec()),
            Ok(Message::Pong(payload)) => Told::Pong(payload.to_vec()),
            Ok(Message::Close(close)) => {
                told.push(Told::Close(close.map(|close| (close.code.into(), close.reason.as_str().to_owned()))));
                return (told, false);
            }
            Ok(Message::Frame(frame)) => panic!("a frame: {frame}"),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return (told, false),
            Err(_) => return (told, true),
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_server_keeps_the_laws(bytes in frames(true)) {
        stream(true, &bytes[..bytes.len().min(400)]);
    }

    #[test]
    fn a_client_keeps_the_laws(bytes in frames(false)) {
        stream(false, &bytes[..bytes.len().min(400)]);
    }

    #[test]
    fn what_an_end_sends_the_other_hears(acts in vec(any::<u8>(), 0..90)) {
        dialogue(&acts);
    }

    #[test]
    fn streams_are_what_tungstenite_takes_them_for(is_server in any::<bool>(), (ours, other) in (frames(true), frames(false))) {
        let bytes = if is_server { ours } else { other };
        let (theirs, is_refused) = theirs(is_server, &bytes);
        let mut ours = oracle::read(is_server, &LIMITS, &bytes);
        // A code that theirs does not know: IANA added it.
        prop_assume!(!matches!(ours.last(), Some(Told::Close(Some((1014, _))))));
        let failed = match ours.last() {
            Some(Told::Failed(rule, _)) => Some(*rule),
            _ => None,
        };
        ours.retain(|told| !matches!(told, Told::Part(..) | Told::Failed(..)));
        match failed {
            // Theirs does not mind a length in more bytes than it needs.
            Some(Rule::LengthNotMinimal | Rule::LongControl) => prop_assert!(theirs.starts_with(&ours)),
            // Theirs tells its own answer as if the peer had said it.
            Some(Rule::InvalidCloseCode) => {
                if !is_refused {
                    ours.push(Told::Close(Some((1002, "Protocol violation".to_owned()))));
                }
                prop_assert_eq!(&theirs, &ours);
            }
            // Ours says so at once, theirs once the frame has come.
            Some(_) => prop_assert_eq!(&theirs, &ours),
            None => {
                prop_assert_eq!(&theirs, &ours);
                prop_assert!(!is_refused);
            }
        }
    }
}
