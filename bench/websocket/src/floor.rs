//! The floor: what an echo costs when a server only moves bytes and unmasks them.
//!
//! A level-triggered epoll loop on one thread: one receive and one send for each message. It checks no frame and keeps no
//! time, a peer that is slow holds up all others, and a message that is longer than its buffer ends the connection. It answers
//! the handshake as the peers do.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;

use wirenut::readiness::{Interest, Poller, Token};
use wirenut::websocket::Mask;
use wirenut_linux::poller::Epoll;

use crate::peers::ANSWER;

/// As long as those of our server.
const BUFFER_BYTES: usize = 80 * 1024;
const STORE_BYTES: usize = 16 * 1024;

/// The token of the listening socket. That of a connection is its index.
const LISTENER: Token = Token(u64::MAX);

/// How a message gets from the input to the socket.
#[derive(Clone, Copy)]
pub enum Way {
    /// It is unmasked where it lies, and sent from there.
    InPlace,
    /// It is unmasked into a store, and copied from there to an output, in pieces: what our server does.
    TwoCopies,
}

struct Buffers {
    input: Vec<u8>,
    store: Vec<u8>,
    output: Vec<u8>,
}

pub fn serve(way: Way) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().expect("an address"));
    let mut poller = Epoll::new().expect("an epoll");
    poller.register(listener.as_fd(), LISTENER, Interest::READABLE).expect("a place in it");
    let mut buffers =
        Buffers { input: vec![0; BUFFER_BYTES], store: vec![0; STORE_BYTES], output: vec![0; BUFFER_BYTES] };
    let mut connections: Vec<Option<TcpStream>> = Vec::new();
    loop {
        let _ = poller.wait(None).expect("an epoll that works");
        while let Some(event) = poller.next_event() {
            if event.token == LISTENER {
                let stream = accept(&listener, &mut buffers.input);
                poller.register(stream.as_fd(), Token(connections.len() as u64), Interest::READABLE).expect("a place");
                connections.push(Some(stream));
                continue;
            }
            let place = &mut connections[event.token.0 as usize];
            let Some(stream) = place else { continue };
            if !echo(stream, &mut buffers, way) {
                poller.deregister(stream.as_fd(), event.token).expect("a place that was taken");
                *place = None;
            }
        }
    }
}

/// The next connection, behind its handshake.
fn accept(listener: &TcpListener, input: &mut [u8]) -> TcpStream {
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    let mut end = 0;
    while !input[..end].ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut input[end..]).expect("a request");
        assert!(count > 0, "a request");
        end += count;
    }
    stream.write_all(ANSWER.as_bytes()).expect("a client");
    stream
}

/// Receives one frame and sends it back. False: the peer has ended.
fn echo(stream: &mut TcpStream, buffers: &mut Buffers, way: Way) -> bool {
    let Buffers { input, store, output } = buffers;
    let mut end = 0;
    let (header, frame) = loop {
        match stream.read(&mut input[end..]) {
            Ok(0) | Err(_) => return false,
            Ok(count) => end += count,
        }
        match lengths(&input[..end]) {
            Some((header, frame)) if frame <= end => break (header, frame),
            _ => {}
        }
    };
    assert_eq!(frame, end, "one message at a time");
    let key = [input[header - 4], input[header - 3], input[header - 2], input[header - 1]];
    let mut mask = Mask::new(key);
    // The header of the answer is the same without the key and the bit that announces one.
    input[1] &= 0x7f;
    let answer = match way {
        Way::InPlace => {
            mask.apply(&mut input[header..frame]);
            input.copy_within(..header - 4, 4);
            &input[4..frame]
        }
        Way::TwoCopies => {
            output[..header - 4].copy_from_slice(&input[..header - 4]);
            let pieces = input[header..frame].chunks(STORE_BYTES);
            for (piece, place) in pieces.zip(output[header - 4..frame - 4].chunks_mut(STORE_BYTES)) {
                let piece_store = &mut store[..piece.len()];
                mask.copy(piece, piece_store);
                place.copy_from_slice(piece_store);
            }
            &output[..frame - 4]
        }
    };
    stream.write_all(answer).is_ok()
}

/// How many bytes the header of the masked frame has that begins here, and all of the frame. None: more is to come.
fn lengths(bytes: &[u8]) -> Option<(usize, usize)> {
    let (header, payload) = match bytes.get(1)? & 0x7f {
        126 => (8, usize::from(u16::from_be_bytes(*bytes[2..].first_chunk()?))),
        127 => (14, usize::try_from(u64::from_be_bytes(*bytes[2..].first_chunk()?)).ok()?),
        short => (6, usize::from(short)),
    };
    Some((header, header + payload))
}
