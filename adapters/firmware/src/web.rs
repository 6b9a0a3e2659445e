//! A server over smoltcp, with the board around it: what the firmwares that only differ in their service share.

use core::convert::Infallible;
use core::mem::MaybeUninit;

use smoltcp::iface::{SocketSet, SocketStorage};
use smoltcp::socket::tcp::{Socket, SocketBuffer};
use wirenut::http::Limits;
use wirenut::http::service::Service;
use wirenut::readiness::{Policy, WhenFull};
use wirenut_smoltcp::Server;

use crate::{Board, FrameBuffers, info, warn};

const PORT: u16 = 80;
const CONNECTIONS: usize = 4;
const BUFFER_LENGTH: usize = 1024;
const POLICY: Policy = Policy { slots: 4, when_full: WhenFull::Refuse, ..Policy::DEFAULT };

/// All the memory of a firmware that serves `S` on four sockets with rings of 1 KiB. Responses are made in `SCRATCH`
/// bytes; `STORE` is that of [`Server`].
///
/// It is made of zeros, and what is more is written at the start: otherwise it would take as much flash as RAM.
pub struct Memory<S: Service<Source = Infallible>, const STORE: usize, const SCRATCH: usize> {
    frames: FrameBuffers,
    board: MaybeUninit<Board>,
    buffers: [[[u8; BUFFER_LENGTH]; 2]; CONNECTIONS],
    scratch: [u8; SCRATCH],
    sockets: MaybeUninit<[SocketStorage<'static>; CONNECTIONS]>,
    server: MaybeUninit<Server<S, CONNECTIONS, STORE>>,
}

impl<S: Service<Source = Infallible>, const STORE: usize, const SCRATCH: usize> Memory<S, STORE, SCRATCH> {
    /// Memory of zeros.
    pub const ZEROED: Self = Self {
        frames: FrameBuffers::new(),
        board: MaybeUninit::uninit(),
        buffers: [[[0; BUFFER_LENGTH]; 2]; CONNECTIONS],
        scratch: [0; SCRATCH],
        sockets: MaybeUninit::uninit(),
        server: MaybeUninit::uninit(),
    };

    /// Starts the board and serves on port 80 for ever.
    pub fn serve(&'static mut self, service: &S, limits: &'static Limits) -> ! {
        let board = self.board.write(Board::start(&mut self.frames));
        let storage = self.sockets.write([const { SocketStorage::EMPTY }; CONNECTIONS]);
        let mut sockets = SocketSet::new(&mut storage[..]);
        let handles = self.buffers.each_mut().map(|[received, transmitted]| {
            sockets.add(Socket::new(SocketBuffer::new(&mut received[..]), SocketBuffer::new(&mut transmitted[..])))
        });
        let server = self.server.write(Server::new(handles, PORT, limits, POLICY));

        info!("listening on port {=u16}", PORT);
        loop {
            board.poll(&mut sockets);
            let now = board.clock.now();
            while let Some(error) = server.poll(now, None, &mut sockets, service, &mut self.scratch) {
                warn!("{} at byte {=u64}", error.rule, error.offset);
            }
            let deadline = server.poll_timeout(board.interface.poll_at(now, &sockets));
            board.sleep_until(deadline);
        }
    }
}
