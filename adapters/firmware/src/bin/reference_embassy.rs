//! The reference service on the board again, over embassy: a task for each connection.

#![no_std]
#![no_main]

use core::cell::RefCell;

use embassy_executor::Spawner;
use embassy_net::tcp::TcpSocket;
use embassy_net::{Runner, Stack, StackResources};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, with_timeout};
use static_cell::StaticCell;
use wirenut::readiness::{Admission, Link, Policy, Verdict, WhenFull};
use wirenut_embedded_io::{Buffers, Clock, ConnectionObserver, EmbassyTimer, Error, Server, Shutdown};
use wirenut_firmware::board::device::EthernetDevice;
use wirenut_firmware::board::embassy;
use wirenut_firmware::{FrameBuffers, info, warn};
use wirenut_reference::{DEVICE_LIMITS, MemoryDevice, Reference};

const PORT: u16 = 80;
/// A browser opens six connections at once.
const CONNECTIONS: usize = 7;
const RECEIVE_RING: usize = 256;
const TRANSMIT_RING: usize = 2048;
const INPUT: usize = 128;
/// Heads are larger than that: what is kept of one.
const STORE: usize = DEVICE_LIMITS.store_bytes();
const OUTPUT: usize = 416;

/// The seventh connection is for telling whoever else comes that we are full.
const POLICY: Policy = Policy { slots: 6, when_full: WhenFull::Refuse, ..Policy::DEFAULT };

/// What a connection is told for which there is no slot.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A peer that does not acknowledge anything for so long is gone; also in the middle of a handshake.
const PEER_TIMEOUT: Duration = Duration::from_micros(DEVICE_LIMITS.head.as_micros());
const LINGER: Duration = Duration::from_micros(DEVICE_LIMITS.linger.as_micros());

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut FRAMES: FrameBuffers = FrameBuffers::new();
    static RESOURCES: StaticCell<StackResources<CONNECTIONS>> = StaticCell::new();
    static SERVICE: StaticCell<Reference<MemoryDevice>> = StaticCell::new();
    static DOOR: StaticCell<Door> = StaticCell::new();

    let resources = RESOURCES.init_with(StackResources::new);
    let (stack, runner) = embassy_net::new(embassy::start(FRAMES), embassy::config(), resources, embassy::RANDOM_SEED);
    let service = SERVICE.init_with(|| Reference { device: MemoryDevice::new() });
    let door = DOOR.init_with(Door::new);
    embassy::run(|spawner: Spawner| {
        spawner.spawn(network(runner).expect("one network"));
        for number in 0..CONNECTIONS {
            spawner.spawn(connections(number, stack, service, door).expect("as many tasks as connections"));
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
async fn connections(
    number: usize,
    stack: Stack<'static>,
    service: &'static Reference<MemoryDevice>,
    door: &'static Door,
) -> ! {
    let (mut received, mut transmitted) = ([0; RECEIVE_RING], [0; TRANSMIT_RING]);
    let (mut input, mut store, mut output) = ([0; INPUT], [0; STORE], [0; OUTPUT]);
    loop {
        // A new socket each time: it listens at once, whatever became of the one before.
        let mut socket = TcpSocket::new(stack, &mut received, &mut transmitted);
        socket.set_timeout(Some(PEER_TIMEOUT));
        socket.accept(PORT).await.expect("a new socket may listen on a port that is not 0");
        let Some(place) = door.enter(number).await else {
            refuse(&mut socket).await;
            continue;
        };
        let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
        let connection = Server::new(&DEVICE_LIMITS, buffers).with_observer(&place);
        match connection.serve(&mut socket, service, &EmbassyTimer).await {
            Ok(()) => {}
            Err(Error::Protocol(error)) => warn!("{} at byte {=u64}", error.rule, error.offset),
            Err(_) => warn!("the connection was lost"),
        }
    }
}

/// Says that we are full, and waits until the peer has heard it.
async fn refuse(socket: &mut TcpSocket<'_>) {
    // Who is gone need not be told.
    let _ = socket.write(REFUSAL).await;
    let farewell = async {
        let _ = socket.shutdown_write().await;
        while let Ok(1..) = socket.read(&mut [0; 64]).await {}
    };
    let _ = with_timeout(LINGER, farewell).await;
}

/// Who is served, and who has to go for somebody else.
struct Door {
    admission: RefCell<Admission<[Link; CONNECTIONS]>>,
    /// This connection is to end.
    retired: [Signal<NoopRawMutex, ()>; CONNECTIONS],
    /// A connection has ended.
    released: Signal<NoopRawMutex, ()>,
}

impl Door {
    fn new() -> Self {
        let admission = RefCell::new(Admission::new(POLICY, [Link::NEW; CONNECTIONS]));
        Self { admission, retired: [const { Signal::new() }; CONNECTIONS], released: Signal::new() }
    }

    /// A place for this connection, as soon as there is one; `None` if it is to be refused.
    async fn enter(&self, number: usize) -> Option<Place<'_>> {
        loop {
            let verdict = self.admission.borrow_mut().arrive(EmbassyTimer.now());
            match verdict {
                Verdict::Admit => {
                    self.retired[number].reset();
                    return Some(Place { door: self, number });
                }
                // There is one more connection than there are places, so nobody else waits for this.
                Verdict::Evict(idle) => {
                    self.retired[idle as usize].signal(());
                    self.released.wait().await;
                }
                Verdict::Queue | Verdict::Refuse | Verdict::Close => return None,
            }
        }
    }
}

/// A connection that is served, until it is dropped.
struct Place<'d> {
    door: &'d Door,
    number: usize,
}

impl ConnectionObserver for Place<'_> {
    fn set_idle(&self, is_idle: bool) {
        let mut admission = self.door.admission.borrow_mut();
        match is_idle {
            true => admission.set_idle(self.number as u32, EmbassyTimer.now()),
            false => admission.set_busy(self.number as u32),
        }
    }

    async fn retired(&self) {
        self.door.retired[self.number].wait().await;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.door.admission.borrow_mut().release(self.number as u32);
        self.door.released.signal(());
    }
}
