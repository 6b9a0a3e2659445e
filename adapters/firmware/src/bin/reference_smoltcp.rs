//! The reference service on the board: the same source that a Linux server runs, over smoltcp.

#![no_std]
#![no_main]

use core::mem::MaybeUninit;

use cortex_m_rt::entry;
use smoltcp::{
    iface::{SocketSet, SocketStorage},
    socket::tcp::{Socket, SocketBuffer},
};
use wirenut::readiness::{Policy, WhenFull};
use wirenut_firmware::{Board, FrameBuffers, info, warn};
use wirenut_reference::{DEVICE_LIMITS, MemoryDevice, Reference};
use wirenut_smoltcp::Server;

const PORT: u16 = 80;
/// A browser opens six connections at once.
const CONNECTIONS: usize = 7;
const RECEIVE_RING: usize = 256;
const TRANSMIT_RING: usize = 2048;
/// Heads are larger than the ring: what is kept of one.
const STORE: usize = DEVICE_LIMITS.store_bytes();
/// Responses are made in it.
const SCRATCH_LENGTH: usize = 512;

/// The seventh socket is for telling whoever else comes that we are full.
const POLICY: Policy = Policy { slots: 6, when_full: WhenFull::Refuse, ..Policy::DEFAULT };

#[entry]
fn main() -> ! {
    static mut FRAMES: FrameBuffers = FrameBuffers::new();
    static mut BOARD: MaybeUninit<Board> = MaybeUninit::uninit();
    static mut RECEIVED: [[u8; RECEIVE_RING]; CONNECTIONS] = [[0; RECEIVE_RING]; CONNECTIONS];
    static mut TRANSMITTED: [[u8; TRANSMIT_RING]; CONNECTIONS] = [[0; TRANSMIT_RING]; CONNECTIONS];
    static mut SCRATCH: [u8; SCRATCH_LENGTH] = [0; SCRATCH_LENGTH];
    // These are written at the start and not here: what is not all zeros would take as much flash as RAM.
    static mut SOCKETS: MaybeUninit<[SocketStorage<'static>; CONNECTIONS]> = MaybeUninit::uninit();
    static mut SERVER: MaybeUninit<Server<Reference<MemoryDevice>, CONNECTIONS, STORE>> = MaybeUninit::uninit();

    let board = BOARD.write(Board::start(FRAMES));
    let storage = SOCKETS.write([const { SocketStorage::EMPTY }; CONNECTIONS]);
    let mut sockets = SocketSet::new(&mut storage[..]);
    let mut rings = RECEIVED.iter_mut().zip(TRANSMITTED);
    let handles = [(); CONNECTIONS].map(|()| {
        let (received, transmitted) = rings.next().expect("as many of each");
        sockets.add(Socket::new(SocketBuffer::new(&mut received[..]), SocketBuffer::new(&mut transmitted[..])))
    });
    let server = SERVER.write(Server::new(handles, PORT, &DEVICE_LIMITS, POLICY));
    let service = Reference { device: MemoryDevice::new() };

    info!("listening on port {=u16}", PORT);
    loop {
        board.poll(&mut sockets);
        let now = board.clock.now();
        while let Some(error) = server.poll(now, None, &mut sockets, &service, SCRATCH) {
            warn!("{} at byte {=u64}", error.rule, error.offset);
        }
        let deadline = server.poll_timeout(now, board.interface.poll_at(now, &sockets));
        board.sleep_until(deadline);
    }
}
