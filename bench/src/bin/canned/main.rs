//! The floor: what a single-threaded server costs when it does nothing but move bytes.
//!
//! A level-triggered epoll loop that answers every `\r\n\r\n` with the same bytes. It reads no
//! method, no target and no field, so a server that does all that can be compared with the system
//! calls it cannot avoid.
//!
//! It is no HTTP server. An end of head that is cut between two reads is missed, a request body
//! counts as heads if it looks like them, and a peer that does not read its answers is cut off.

mod epoll;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use epoll::Epoll;

/// The length and the fields of an ordinary answer; the date stands still.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Server: canned\r\n\
    Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 13\r\n\
    \r\n\
    Hello, World!";

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// What one read takes; a pipeline of sixteen small requests is below 1 KiB.
const READ_BYTES: usize = 4096;

/// As many answers as ends of heads fit into one read, so that one write always suffices.
const MAX_ANSWERS: usize = READ_BYTES / END_OF_HEAD.len();

fn main() {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: canned ADDR:PORT");
        std::process::exit(2);
    };
    if let Err(error) = serve(&address) {
        eprintln!("canned: {address}: {error}");
        std::process::exit(1);
    }
}

/// Accepts and answers for ever.
fn serve(address: &str) -> std::io::Result<()> {
    let listener = TcpListener::bind(address)?;
    epoll::widen_backlog(&listener)?;
    listener.set_nonblocking(true)?;
    let epoll = Epoll::new()?;
    epoll.watch_readable(&listener)?;
    println!("http://{}/", listener.local_addr()?);

    let mut connections = Connections::default();
    // One buffer for all, cleared once and not for each read.
    let mut input = [0; READ_BYTES];
    let answers = ANSWER.repeat(MAX_ANSWERS);
    let mut events = epoll::Events::new();
    loop {
        for token in epoll.wait(&mut events)? {
            if token == listener.as_raw_fd() {
                accept(&listener, &epoll, &mut connections)?;
            } else if !connections.answer(token, &mut input, &answers) {
                connections.close(token);
            }
        }
    }
}

/// Takes one connection; level-triggered readiness tells again of the others.
fn accept(listener: &TcpListener, epoll: &Epoll, connections: &mut Connections) -> std::io::Result<()> {
    let stream = match listener.accept() {
        Ok((stream, _)) => stream,
        // The peer was gone before it was accepted.
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionAborted) => {
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    epoll.watch_readable(&stream)?;
    connections.open(stream);
    Ok(())
}

/// The open connections by descriptor: four bytes each, all that this server keeps for them.
#[derive(Default)]
struct Connections(Vec<Option<TcpStream>>);

impl Connections {
    fn open(&mut self, stream: TcpStream) {
        let slot = slot_of(stream.as_raw_fd());
        if self.0.len() <= slot {
            self.0.resize_with(slot + 1, || None);
        }
        self.0[slot] = Some(stream);
    }

    fn close(&mut self, token: i32) {
        self.0[slot_of(token)] = None;
    }

    /// One read, and one write that answers every head whose end it brought. False when the
    /// connection is of no more use: it has ended, it failed, or its peer does not read.
    fn answer(&mut self, token: i32, input: &mut [u8], answers: &[u8]) -> bool {
        let Some(stream) = &mut self.0[slot_of(token)] else {
            return true;
        };
        let read = match stream.read(input) {
            Ok(0) => return false,
            Ok(read) => read,
            Err(error) => return is_passing(error.kind()),
        };
        let heads = ends_of_heads(&input[..read]);
        let output = &answers[..heads * ANSWER.len()];
        output.is_empty() || matches!(stream.write(output), Ok(written) if written == output.len())
    }
}

fn slot_of(descriptor: i32) -> usize {
    usize::try_from(descriptor).expect("an open descriptor is not negative")
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// How often the end of a head occurs, without overlap.
///
/// Looks at every fourth byte where it can: the search must not become the work.
fn ends_of_heads(input: &[u8]) -> usize {
    let mut found = 0;
    let mut last = END_OF_HEAD.len() - 1;
    while let Some(byte) = input.get(last) {
        // How far the next end of head is at least, if this is not its last byte.
        last += match byte {
            b'\n' if input[..=last].ends_with(END_OF_HEAD) => {
                found += 1;
                4
            }
            b'\n' => 2,
            b'\r' => 1,
            _ => 4,
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::ends_of_heads;

    /// Every sequence of eight bytes of three kinds, against a search without shortcuts.
    #[test]
    fn finds_what_a_plain_search_finds() {
        for number in 0..3_usize.pow(8) {
            let input: String = (0..8).map(|place| ['\r', '\n', 'a'][number / 3_usize.pow(place) % 3]).collect();
            let plain = input.matches("\r\n\r\n").count();
            assert_eq!(ends_of_heads(input.as_bytes()), plain, "{input:?}");
        }
    }
}
