//! Lines go back, however they come.

use std::io::{Read, Write};

use wirenut::readiness::{Event, Interest, Readiness, Standing, Token};
use wirenut_linux::connection::{Connection, MAX_SENDS, Memory, Next, no_transfer};
use wirenut_linux::socket::{Mode, Socket, Stream as UnixStreams, Tcp};

use crate::echo::{Echo, LINE};
use crate::serve::{Stream, read_all, serve};

fn lines_come_back_in_any_cut<P: Stream>() {
    let lines: Vec<u8> =
        (0..300).flat_map(|number| format!("line {number:0>0$}\n", number % 90).into_bytes()).collect();
    for cut in [1, 7, 64, 999, lines.len()] {
        let (peer, server) = serve::<P>(Echo::NEW);
        let mut back = vec![0; lines.len()];
        std::thread::scope(|scope| {
            scope.spawn(|| lines.chunks(cut).for_each(|piece| (&peer).write_all(piece).unwrap()));
            (&peer).read_exact(&mut back).unwrap();
        });
        assert!(back == lines, "in pieces of {cut}");
        drop(peer);
        let ended = server.join().unwrap();
        assert_eq!((ended.next, ended.echo.told), (Next::Close, vec!["end"]), "in pieces of {cut}");
    }
}

#[test]
fn lines_come_back_over_tcp() {
    lines_come_back_in_any_cut::<Tcp>();
}

#[test]
fn lines_come_back_over_unix_sockets() {
    lines_come_back_in_any_cut::<UnixStreams>();
}

fn a_transfer_goes_between_lines<P: Stream>() {
    let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let length = u64::try_from(file.len()).unwrap();
    let (peer, server) = serve::<P>(Echo { length, ..Echo::NEW });
    (&peer).write_all(b"move\nclose\n").unwrap();
    let (all, was_reset) = read_all(&peer);
    assert!(all == [b"move\n", &file[..], b"close\n"].concat() && !was_reset);
    drop(peer);
    assert_eq!(server.join().unwrap().next, Next::Close);

    // The file is too short: what it has comes, and then the end that is none.
    let (peer, server) = serve::<P>(Echo { length: length + 1, ..Echo::NEW });
    (&peer).write_all(b"move\n").unwrap();
    let (all, was_reset) = read_all(&peer);
    assert_eq!((all.len(), was_reset), (file.len() + 5, P::HAS_RESET));
    assert_eq!(server.join().unwrap().next, Next::Reset);
}

#[test]
fn a_transfer_goes_between_lines_over_tcp() {
    a_transfer_goes_between_lines::<Tcp>();
}

#[test]
fn a_transfer_goes_between_lines_over_unix_sockets() {
    a_transfer_goes_between_lines::<UnixStreams>();
}

#[test]
fn a_turn_receives_once_and_sends_a_few_times() {
    let (peer, socket) = UnixStreams::pair();
    socket.set_mode(Mode::NonBlocking).unwrap();
    (&peer).write_all(&b"line\n".repeat(2 * MAX_SENDS)).unwrap();
    let readable = Event { token: Token(0), readiness: Readiness::READABLE };
    let (mut connection, mut echo) = (Connection::new(), Echo::NEW);
    assert_eq!(connection.standing_change(&echo), Some(Standing::Reading), "a newcomer");
    let (mut input, mut store, mut output, mut leftover) = ([0; 1000], [0; LINE], [0; LINE], None);
    let mut turn = |event| {
        let memory = Memory { input: &mut input, store: &mut store, output: &mut output, leftover: &mut leftover };
        let turn = connection.turn(&socket, event, &mut echo, memory, no_transfer);
        (turn.taken, turn.next, connection.has_leftover(), connection.standing_change(&echo))
    };
    let half = 5 * MAX_SENDS;
    assert_eq!(turn(Some(readable)), (half, Next::Again, true, Some(Standing::Idle)));
    assert_eq!(turn(None), (half, Next::Again, false, Some(Standing::Idle)));
    assert_eq!(turn(None), (0, Next::Wait, false, None));
    assert_eq!(connection.interest(), Interest::READABLE);
    let mut back = vec![0; 2 * half];
    (&peer).read_exact(&mut back).unwrap();
    assert_eq!(back, b"line\n".repeat(2 * MAX_SENDS));
}

#[test]
fn an_input_that_is_full_and_not_taken_is_not_waited_for() {
    let (peer, socket) = UnixStreams::pair();
    socket.set_mode(Mode::NonBlocking).unwrap();
    let (mut connection, mut mute) = (Connection::new(), Mute { was_reset: false });
    let (mut input, mut leftover) = ([0; 10], None);
    for (count, next) in [(10, Next::Wait), (1, Next::Reset)] {
        (&peer).write_all(&[b'x'; 10][..count]).unwrap();
        let memory = Memory { input: &mut input, store: &mut [], output: &mut [], leftover: &mut leftover };
        let readable = Event { token: Token(0), readiness: Readiness::READABLE };
        assert_eq!(connection.turn(&socket, Some(readable), &mut mute, memory, no_transfer).next, next);
        assert_eq!(leftover.as_ref().map(|left| left.unread()), Some(10));
    }
    assert!(mute.was_reset);
}

/// Takes nothing, and wants more.
struct Mute {
    was_reset: bool,
}

impl wirenut::transport::Protocol for Mute {
    fn drive(&mut self, _: &[u8], _: &mut [u8], _: &mut [u8]) -> wirenut::transport::Progress {
        wirenut::transport::Progress::default()
    }
    fn handle_eof(&mut self) {}
    fn handle_sent(&mut self, _: usize, _: usize) {}
    fn handle_timeout(&mut self) {}
    fn handle_reset(&mut self) {
        self.was_reset = true;
    }
    fn poll_timeout(&self) -> Option<wirenut::time::Instant> {
        None
    }
    fn is_readable(&self) -> bool {
        true
    }
    fn standing(&self) -> Standing {
        Standing::Busy
    }
    fn disposition(&self) -> wirenut::transport::Disposition {
        wirenut::transport::Disposition::Open
    }
}

#[test]
fn a_connection_takes_8_bytes_at_most() {
    assert!(size_of::<Connection>() <= 8);
    assert_eq!(size_of::<Socket<Tcp, wirenut_linux::socket::Connected>>(), 4);
}
