//! Fetches a URL over smoltcp: content of any length, through a ring of 1 KiB.

#![no_std]
#![no_main]

use core::mem::MaybeUninit;

use cortex_m_rt::entry;
use smoltcp::{
    iface::{SocketSet, SocketStorage},
    socket::tcp::{Socket, SocketBuffer},
};
use wirenut::http::{ClientEvent, Status, WriteError};
use wirenut_firmware::fetch::{Content, LIMITS, Url, command_line, fail};
use wirenut_firmware::{Board, FrameBuffers};
use wirenut_smoltcp::Client;

const RECEIVE_RING: usize = 1024;
/// Holds the head of the request.
const TRANSMIT_RING: usize = 1024;
/// What is kept of a head.
const STORE: usize = LIMITS.store_bytes();
/// The first of the dynamic ones (RFC 6335, section 6). There is one connection, so it is free.
const LOCAL_PORT: u16 = 49_152;

#[entry]
fn main() -> ! {
    static mut FRAMES: FrameBuffers = FrameBuffers::new();
    static mut BOARD: MaybeUninit<Board> = MaybeUninit::uninit();
    static mut RECEIVED: [u8; RECEIVE_RING] = [0; RECEIVE_RING];
    static mut TRANSMITTED: [u8; TRANSMIT_RING] = [0; TRANSMIT_RING];

    let board = BOARD.write(Board::start(FRAMES));
    let mut storage = [SocketStorage::EMPTY];
    let mut sockets = SocketSet::new(&mut storage[..]);
    let socket = Socket::new(SocketBuffer::new(&mut RECEIVED[..]), SocketBuffer::new(&mut TRANSMITTED[..]));
    let handle = sockets.add(socket);
    let line = command_line();
    let url = Url::of(&line);
    let socket = sockets.get_mut::<Socket<'_>>(handle);
    socket.connect(board.interface.context(), url.server, LOCAL_PORT).unwrap_or_else(|error| fail(error));
    let mut client = Client::<STORE>::new(board.clock.now(), handle, &LIMITS);
    let (mut is_asked, mut content) = (false, Content::EMPTY);
    loop {
        board.poll(&mut sockets);
        let now = board.clock.now();
        if !is_asked {
            match client.request(now, &mut sockets, &url.request()) {
                Ok(()) => is_asked = true,
                // The connection is not open yet.
                Err(WriteError::Full) => {}
                Err(error) => fail(error),
            }
        }
        let polled = client.poll(now, &mut sockets, |event| match event {
            ClientEvent::Head(head) if head.status != Status::OK => fail(head.status.code()),
            ClientEvent::Body(piece) => content.add(piece),
            ClientEvent::End(_) => content.tell(),
            ClientEvent::Head(_)
            | ClientEvent::Interim(_)
            | ClientEvent::NeedMore
            | ClientEvent::Paused
            | ClientEvent::Closed => {}
        });
        polled.unwrap_or_else(|error| fail(error));
        let deadline = client.poll_timeout(now, board.interface.poll_at(now, &sockets));
        board.sleep_until(deadline);
    }
}
