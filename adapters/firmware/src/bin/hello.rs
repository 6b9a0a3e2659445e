//! The canned answer again, now from an HTTP server: the difference in flash and RAM is what HTTP costs.

#![no_std]
#![no_main]

use core::{convert::Infallible, mem::MaybeUninit};

use cortex_m_rt::entry;
use smoltcp::{
    iface::{SocketSet, SocketStorage},
    socket::tcp::{Socket, SocketBuffer},
};
use wirenut::{
    http::service::{Responder, Service, Step},
    http::{Field, FieldFilter, Limits, RequestHead, Response, Status, WriteError},
    readiness::{Policy, WhenFull},
};
use wirenut_firmware::{Board, FrameBuffers, info, warn};
use wirenut_smoltcp::Server;

const PORT: u16 = 80;
const CONNECTIONS: usize = 4;
const BUFFER_LENGTH: usize = 1024;
/// Holds a response.
const SCRATCH_LENGTH: usize = 160;
/// The service asks for no field, so what is kept of a head is its first line.
const FILTER: FieldFilter = FieldFilter { names: &[], bytes: 109 };
const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
const STORE: usize = LIMITS.store_bytes();
const POLICY: Policy = Policy { slots: 4, when_full: WhenFull::Refuse, ..Policy::DEFAULT };

/// Says hello to whatever is asked.
struct Hello;

impl Service for Hello {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        let fields = [Field::new("Content-Type", "text/plain")];
        responder.send(&Response::new(Status::OK).with_fields(&fields), b"Hello, world\n")?;
        Ok(((), Step::Done))
    }
}

#[entry]
fn main() -> ! {
    static mut FRAMES: FrameBuffers = FrameBuffers::new();
    static mut BOARD: MaybeUninit<Board> = MaybeUninit::uninit();
    static mut BUFFERS: [[[u8; BUFFER_LENGTH]; 2]; CONNECTIONS] = [[[0; BUFFER_LENGTH]; 2]; CONNECTIONS];
    static mut SCRATCH: [u8; SCRATCH_LENGTH] = [0; SCRATCH_LENGTH];
    // These are written at the start and not here: what is not all zeros would take as much flash as RAM.
    static mut SOCKETS: MaybeUninit<[SocketStorage<'static>; CONNECTIONS]> = MaybeUninit::uninit();
    static mut SERVER: MaybeUninit<Server<Hello, CONNECTIONS, STORE>> = MaybeUninit::uninit();

    let board = BOARD.write(Board::start(FRAMES));
    let storage = SOCKETS.write([const { SocketStorage::EMPTY }; CONNECTIONS]);
    let mut sockets = SocketSet::new(&mut storage[..]);
    let handles = BUFFERS.each_mut().map(|[received, transmitted]| {
        sockets.add(Socket::new(SocketBuffer::new(&mut received[..]), SocketBuffer::new(&mut transmitted[..])))
    });
    let server = SERVER.write(Server::new(handles, PORT, &LIMITS, POLICY));

    info!("listening on port {=u16}", PORT);
    loop {
        board.poll(&mut sockets);
        let now = board.clock.now();
        while let Some(error) = server.poll(now, None, &mut sockets, &Hello, SCRATCH) {
            warn!("{} at byte {=u64}", error.rule, error.offset);
        }
        let deadline = server.poll_timeout(now, board.interface.poll_at(now, &sockets));
        board.sleep_until(deadline);
    }
}
