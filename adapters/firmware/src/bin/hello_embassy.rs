//! The canned answer again, on embassy and from an HTTP server: the difference in flash and RAM is what HTTP costs there.

#![no_std]
#![no_main]

use core::convert::Infallible;

use embassy_executor::Spawner;
use embassy_net::tcp::TcpSocket;
use embassy_net::{Runner, Stack, StackResources};
use embassy_time::Duration;
use static_cell::StaticCell;
use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Field, FieldFilter, Limits, RequestHead, Response, Status, WriteError};
use wirenut_embedded_io::{Buffers, EmbassyTimer, Error, Server};
use wirenut_firmware::board::device::EthernetDevice;
use wirenut_firmware::board::embassy;
use wirenut_firmware::{FrameBuffers, info, warn};

const PORT: u16 = 80;
const CONNECTIONS: usize = 4;
/// Together the 2 KiB that a connection of `canned_embassy` has.
const RECEIVE_RING: usize = 1024;
const TRANSMIT_RING: usize = 512;
/// What is taken out of the ring at once.
const INPUT: usize = 224;
/// What is kept of a head.
const STORE: usize = LIMITS.store_bytes();
const OUTPUT: usize = 160;

/// The service asks for no field, so that is the first line.
const FILTER: FieldFilter = FieldFilter { names: &[], bytes: 109 };
const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };

/// A peer that does not acknowledge anything for so long is gone; also in the middle of a handshake.
const PEER_TIMEOUT: Duration = Duration::from_micros(LIMITS.head.as_micros());

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

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut FRAMES: FrameBuffers = FrameBuffers::new();
    static RESOURCES: StaticCell<StackResources<CONNECTIONS>> = StaticCell::new();

    let resources = RESOURCES.init_with(StackResources::new);
    let (stack, runner) = embassy_net::new(embassy::start(FRAMES), embassy::config(), resources, embassy::RANDOM_SEED);
    embassy::run(|spawner: Spawner| {
        spawner.spawn(network(runner).expect("one network"));
        for _ in 0..CONNECTIONS {
            spawner.spawn(connections(stack).expect("as many tasks as connections"));
        }
        info!("listening on port {=u16}", PORT);
    })
}

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, EthernetDevice>) -> ! {
    runner.run().await
}

/// One connection after the other.
#[embassy_executor::task(pool_size = CONNECTIONS)]
async fn connections(stack: Stack<'static>) -> ! {
    let (mut received, mut transmitted) = ([0; RECEIVE_RING], [0; TRANSMIT_RING]);
    let (mut input, mut store, mut output) = ([0; INPUT], [0; STORE], [0; OUTPUT]);
    loop {
        // A new socket each time: it listens at once, whatever became of the one before.
        let mut socket = TcpSocket::new(stack, &mut received, &mut transmitted);
        socket.set_timeout(Some(PEER_TIMEOUT));
        socket.accept(PORT).await.expect("a new socket may listen on a port that is not 0");
        let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
        match Server::new(&LIMITS, buffers).serve(&mut socket, &Hello, &EmbassyTimer).await {
            Ok(()) => {}
            Err(Error::Protocol(error)) => warn!("{} at byte {=u64}", error.rule, error.offset),
            Err(_) => warn!("the connection was lost"),
        }
    }
}
