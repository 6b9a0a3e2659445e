//! The bare baseline: four sockets of smoltcp and one fixed answer.
//!
//! It knows of HTTP only where a request's head ends, so its flash and RAM are what the stack and
//! the board cost by themselves; whatever a real HTTP server adds is measured against it. A
//! request with a body is misunderstood on purpose: bodies are what the real server is for.

#![no_std]
#![no_main]

use core::mem::MaybeUninit;

use cortex_m_rt::entry;
use smoltcp::{
    iface::{SocketHandle, SocketSet, SocketStorage},
    socket::tcp::{Socket, SocketBuffer, State},
    time::Duration,
};
use wirenut_firmware::canned::{ANSWER, HeadEnd, KEEP_ALIVE_SECONDS, PEER_TIMEOUT_SECONDS};
use wirenut_firmware::{Board, FrameBuffers, info};

const PORT: u16 = 80;
const CONNECTIONS: usize = 4;
const BUFFER_LENGTH: usize = 1024;

#[entry]
fn main() -> ! {
    static mut FRAMES: FrameBuffers = FrameBuffers::new();
    static mut BOARD: MaybeUninit<Board> = MaybeUninit::uninit();
    static mut BUFFERS: [[[u8; BUFFER_LENGTH]; 2]; CONNECTIONS] = [[[0; BUFFER_LENGTH]; 2]; CONNECTIONS];
    // Written at the start and not here: an empty storage is not all zeros, so it would take as
    // much flash as RAM.
    static mut SOCKETS: MaybeUninit<[SocketStorage<'static>; CONNECTIONS]> = MaybeUninit::uninit();

    let board = BOARD.write(Board::start(FRAMES));
    let storage = SOCKETS.write([const { SocketStorage::EMPTY }; CONNECTIONS]);
    let mut sockets = SocketSet::new(&mut storage[..]);
    let mut connections = BUFFERS.each_mut().map(|[received, transmitted]| {
        let mut socket = Socket::new(SocketBuffer::new(&mut received[..]), SocketBuffer::new(&mut transmitted[..]));
        socket.set_timeout(Some(Duration::from_secs(PEER_TIMEOUT_SECONDS)));
        socket.set_keep_alive(Some(Duration::from_secs(KEEP_ALIVE_SECONDS)));
        Connection::new(sockets.add(socket))
    });

    info!("listening on port {=u16}", PORT);
    loop {
        board.poll(&mut sockets);
        for connection in &mut connections {
            connection.serve(sockets.get_mut(connection.handle));
        }
        board.sleep(&sockets);
    }
}

/// One socket and how much of the end of a head it has seen.
struct Connection {
    handle: SocketHandle,
    head_end: HeadEnd,
}

impl Connection {
    fn new(handle: SocketHandle) -> Self {
        Self { handle, head_end: HeadEnd::default() }
    }

    /// Does what the socket allows by now: listen, answer, close.
    fn serve(&mut self, socket: &mut Socket<'_>) {
        if !socket.is_open() {
            self.listen(socket);
        }
        self.answer(socket);
        if socket.state() == State::CloseWait && !socket.can_recv() {
            info!("the peer closed");
            socket.close();
        }
    }

    fn listen(&mut self, socket: &mut Socket<'_>) {
        self.head_end = HeadEnd::default();
        socket.listen(PORT).expect("a closed socket may listen on a port that is not 0");
    }

    /// One answer per head, as long as there is room: what does not fit waits in the socket.
    fn answer(&mut self, socket: &mut Socket<'_>) {
        while socket.can_recv() && has_room(socket) {
            let found = socket.recv(|received| match self.head_end.find(received) {
                Some(used) => (used, true),
                None => (received.len(), false),
            });
            if found == Ok(true) {
                // There is room for all of it, and a socket that cannot send any more has no
                // reader either.
                let _ = socket.send_slice(ANSWER);
            }
        }
    }
}

fn has_room(socket: &Socket<'_>) -> bool {
    socket.send_capacity() - socket.send_queue() >= ANSWER.len()
}
