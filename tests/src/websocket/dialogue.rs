//! Two ends that talk to each other.

use wirenut::websocket::{Client, CloseCode, Connection, Kind, Role, SendError, Server};

use super::{LIMITS, Told, context, keys, oracle, read_as};

/// An end that sends, and what the other one must hear.
struct Sender<R> {
    connection: Connection<R>,
    stream: Vec<u8>,
    expected: Vec<Told>,
    /// The message that has begun.
    message: Option<(Kind, Vec<u8>)>,
}

impl<R: Role> Sender<R> {
    fn new(role: R) -> Self {
        Self { connection: Connection::new(role, &context()), stream: Vec::new(), expected: Vec::new(), message: None }
    }

    /// Does one thing, into an output of this size. Whatever fails writes nothing.
    fn act(&mut self, what: u8, payload: &[u8], room: usize) {
        let mut out = vec![0; room];
        let kind = if what & 16 == 0 { Kind::Text } else { Kind::Binary };
        let is_open = self.connection.is_open();
        let written = match what % 6 {
            0 => self.connection.send_message(kind, payload, &mut out).inspect(|_| {
                self.expected.push(Told::Message(kind, payload.to_vec()));
            }),
            1 | 2 => self.piece(kind, payload, what % 6 == 2, &mut out),
            3 => self.connection.send_ping(payload, &mut out).inspect(|_| {
                self.expected.push(Told::Ping(payload.to_vec()));
            }),
            4 => self.connection.send_pong(payload, &mut out).inspect(|_| {
                self.expected.push(Told::Pong(payload.to_vec()));
            }),
            _ => {
                let code = CloseCode::new(1_000 + u16::from(what)).unwrap_or(CloseCode::NORMAL);
                let reason = core::str::from_utf8(payload).expect("it is ASCII");
                self.connection.close(&context(), code, reason, &mut out).inspect(|_| {
                    self.part();
                    self.expected.push(Told::Close(Some((code.get(), reason.to_owned()))));
                })
            }
        };
        match written {
            Ok(written) => self.stream.extend(&out[..written]),
            Err(error) => {
                assert_eq!(is_open, error != SendError::Closed);
                assert!(out.iter().all(|byte| *byte == 0), "{error}: it wrote");
            }
        }
    }

    fn piece(&mut self, kind: Kind, payload: &[u8], is_last: bool, out: &mut [u8]) -> Result<usize, SendError> {
        let sent = self.connection.send_piece(kind, payload, is_last, out)?;
        let (_, message) = self.message.get_or_insert((kind, Vec::new()));
        message.extend(&payload[..sent.taken]);
        assert_eq!(sent.is_done, sent.taken == payload.len());
        if sent.is_done && is_last {
            self.expected.extend(self.message.take().map(|(kind, bytes)| Told::Message(kind, bytes)));
        }
        Ok(sent.written)
    }

    /// The message in progress will not end.
    fn part(&mut self) {
        if let Some((kind, bytes)) = self.message.take().filter(|(_, bytes)| !bytes.is_empty()) {
            self.expected.push(Told::Part(kind, bytes));
        }
    }

    /// The other end hears what was said.
    fn check(mut self, is_heard_by_server: bool) {
        self.part();
        assert_eq!(oracle::read(is_heard_by_server, &LIMITS, &self.stream), self.expected);
        let pieces: Vec<&[u8]> = self.stream.chunks(13).collect();
        assert_eq!(read_as(is_heard_by_server, &pieces, 200), self.expected);
    }
}

/// What an end sends, whole and in pieces of any size, with control frames between them, is what the other end hears. Three
/// bytes are an act of one of them: what, how long, with how much room.
pub fn dialogue(acts: &[u8]) {
    let (mut server, mut client) = (Sender::new(Server), Sender::new(Client(keys())));
    for act in acts.as_chunks::<3>().0 {
        let [what, length, room] = *act;
        let payload: Vec<u8> = (0..length % 150).map(|at| b' ' + (at ^ what) % 64).collect();
        if what & 128 == 0 {
            server.act(what, &payload, usize::from(room));
        } else {
            client.act(what, &payload, usize::from(room));
        }
        // So that the limits are kept.
        if [&server.message, &client.message]
            .iter()
            .any(|message| message.as_ref().is_some_and(|(_, bytes)| bytes.len() > 140))
        {
            break;
        }
    }
    server.check(false);
    client.check(true);
}
