//! Messages of the core's framing, over TCP and Unix sockets.

use core::time::Duration as Span;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::thread::{self, JoinHandle};
use std::time::Instant as Clock;

use wirenut::framing::{
    ByteOrder, FrameError, Frames, LengthPrefixed, MessageConnection, MessageHandler, MessageLimits, Next as Then,
    Outbox, Rule, Skipped, Width,
};
use wirenut::time::{Duration, Instant};
use wirenut::transport::Protocol;
use wirenut_linux::connection::{Connection, Memory, Next, no_transfer};
use wirenut_linux::poller::{Epoll, Poller, Token};
use wirenut_linux::socket::{ByteStream, Connected, Mode, Socket, Stream as UnixStreams, Tcp};

use crate::serve::{Stream, read_all};

/// The longest message.
const STORE: usize = 3000;

/// Answers each message by the same, reversed. `bye` closes behind that.
#[derive(Default)]
struct Reverse {
    count: usize,
    skipped: Vec<Skipped>,
    lost: Option<FrameError>,
}

impl MessageHandler for Reverse {
    const ROOM: usize = STORE + 2;

    fn message(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Then {
        self.count += 1;
        let reversed: Vec<u8> = message.iter().rev().copied().collect();
        assert_eq!(outbox.send(&reversed), Ok(()), "there is room");
        if message == b"bye" { Then::Close } else { Then::More }
    }

    fn skipped(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    fn lost(&mut self, error: FrameError) {
        self.lost = Some(error);
    }
}

const LIMITS: MessageLimits = MessageLimits { message: Duration::from_millis(200), ..MessageLimits::DEFAULT };

fn codec() -> LengthPrefixed {
    LengthPrefixed::new(Width::U16, ByteOrder::BigEndian, 10_000).unwrap()
}

/// How many messages came and how it ended, when that is over; and the peer's end.
fn serve<P: Stream>(limits: MessageLimits) -> (Socket<P, Connected>, JoinHandle<(Reverse, Next)>) {
    let (peer, socket) = P::pair();
    socket.set_mode(Mode::NonBlocking).unwrap();
    peer.set_recv_timeout(Some(Span::from_secs(60))).unwrap();
    peer.set_send_timeout(Some(Span::from_secs(60))).unwrap();
    (peer, thread::spawn(move || run(socket, limits)))
}

fn run<P: Stream>(socket: Socket<P, Connected>, limits: MessageLimits) -> (Reverse, Next) {
    let start = Clock::now();
    let now = || Instant::from_micros(u64::try_from(start.elapsed().as_micros()).unwrap());
    let mut spoken = MessageConnection::new(Frames::new(codec()), Reverse::default(), limits, now());
    let (mut connection, mut poller, mut leftover) = (Connection::new(), Epoll::new().unwrap(), None);
    poller.register(socket.as_fd(), Token(0), connection.interest()).unwrap();
    let mut next = Next::Wait;
    while !next.is_end() {
        let limit = match next {
            Next::Again => Some(Duration::default()),
            Next::Wait | Next::Close | Next::Reset => spoken.poll_timeout().map(|due| due.saturating_since(now())),
        };
        let _ = poller.wait(limit).unwrap();
        let event = poller.next_event();
        spoken.handle_now(now());
        if spoken.poll_timeout().is_some_and(|due| due <= now()) {
            connection.handle_timeout(&socket, &mut spoken);
        }
        let interest = connection.interest();
        // Nothing is in the buffers that is needed.
        let (mut input, mut store, mut output) = ([b'?'; 1000], [b'?'; STORE], [b'?'; 5000]);
        let memory = Memory { input: &mut input, store: &mut store, output: &mut output, leftover: &mut leftover };
        next = connection.turn(&socket, event, &mut spoken, memory, no_transfer).next;
        if !next.is_end() && connection.interest() != interest {
            poller.modify(socket.as_fd(), Token(0), connection.interest()).unwrap();
        }
    }
    if next == Next::Reset {
        P::reset(socket);
    }
    (spoken.into_handler(), next)
}

fn encoded(message: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 10_010];
    let length = Frames::new(codec()).encode(message, &mut out).unwrap();
    out.truncate(length);
    out
}

fn messages_come_back_in_any_cut<P: Stream>() {
    let message = |number: usize| format!("{number:0>0$}", 1 + number * 37 % 2900).into_bytes();
    let said: Vec<u8> = (0..100).flat_map(|number| encoded(&message(number))).collect();
    let expected: Vec<u8> =
        (0..100).flat_map(|number| encoded(&message(number).into_iter().rev().collect::<Vec<u8>>())).collect();
    for cut in [7, 999, said.len()] {
        let (peer, served) = serve::<P>(MessageLimits::DEFAULT);
        let mut back = vec![0; expected.len()];
        thread::scope(|scope| {
            scope.spawn(|| said.chunks(cut).for_each(|piece| (&peer).write_all(piece).unwrap()));
            (&peer).read_exact(&mut back).unwrap();
        });
        assert!(back == expected, "in pieces of {cut}");
        drop(peer);
        let (handler, next) = served.join().unwrap();
        assert_eq!((handler.count, next), (100, Next::Close), "in pieces of {cut}");
    }
}

#[test]
fn messages_come_back_over_tcp() {
    messages_come_back_in_any_cut::<Tcp>();
}

#[test]
fn messages_come_back_over_unix_sockets() {
    messages_come_back_in_any_cut::<UnixStreams>();
}

/// Says that, and what comes back of it up to the end.
fn hear<P: ByteStream>(peer: &Socket<P, Connected>, said: &[u8], ends: bool) -> (Vec<u8>, bool) {
    (&*peer).write_all(said).unwrap();
    if ends {
        peer.shutdown(Shutdown::Write).unwrap();
    }
    read_all(peer)
}

fn ends_are_as_they_should_be<P: Stream>() {
    let reset = P::HAS_RESET;
    // What is said, whether the peer ends, what comes back, whether a reset is behind it, and what the handler heard.
    let long = encoded(&[b'x'; 5000]);
    let invalid = [encoded(b"ab"), vec![0xff, 0xff]].concat();
    for (said, ends, back, was_reset, count, skipped, lost) in [
        ([encoded(b"ab"), encoded(b"")].concat(), true, [encoded(b"ba"), encoded(b"")].concat(), false, 2, None, None),
        (
            [encoded(b"ab"), encoded(b"bye"), encoded(b"c")].concat(),
            false,
            [encoded(b"ba"), encoded(b"eyb")].concat(),
            false,
            2,
            None,
            None,
        ),
        // Longer than the store; cut off by the end; never finished; no length that may be.
        ([long, encoded(b"ab")].concat(), true, encoded(b"ba"), false, 1, Some(Rule::TooLong), None),
        (encoded(b"abc")[..4].to_vec(), true, Vec::new(), false, 0, Some(Rule::Truncated), None),
        (encoded(b"abc")[..4].to_vec(), false, Vec::new(), reset, 0, None, None),
        (invalid, false, encoded(b"ba"), reset, 1, None, Some(Rule::TooLong)),
    ] {
        let (peer, served) = serve::<P>(LIMITS);
        let heard = hear(&peer, &said, ends);
        assert_eq!(heard, (back, was_reset), "{}", said[..said.len().min(20)].escape_ascii());
        drop(peer);
        let (handler, _) = served.join().unwrap();
        assert_eq!(handler.count, count);
        assert_eq!(handler.skipped.first().map(|skipped| skipped.rule), skipped);
        assert_eq!(handler.lost.map(|error| error.rule), lost);
    }
}

#[test]
fn ends_are_as_they_should_be_over_tcp() {
    ends_are_as_they_should_be::<Tcp>();
}

#[test]
fn ends_are_as_they_should_be_over_unix_sockets() {
    ends_are_as_they_should_be::<UnixStreams>();
}
