//! The reference service on the board again, over embassy: a task for each connection.

#![no_std]
#![no_main]

use embassy_net::{Runner, Stack, StackResources};
use static_cell::StaticCell;
use wirenut::readiness::{Policy, WhenFull};
use wirenut_embedded_io::{Listener, Memory};
use wirenut_firmware::board::{device::EthernetDevice, embassy};
use wirenut_firmware::{FrameBuffers, info};
use wirenut_reference::{DEVICE_LIMITS, MemoryDevice, Reference};

const PORT: u16 = 80;
/// A browser opens six connections at once.
const CONNECTIONS: usize = 7;

/// The seventh connection is for telling whoever else comes that we are full.
const POLICY: Policy = Policy { slots: 6, when_full: WhenFull::Refuse, ..Policy::DEFAULT };

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut FRAMES: FrameBuffers = FrameBuffers::new();
    static RESOURCES: StaticCell<StackResources<CONNECTIONS>> = StaticCell::new();
    static SERVICE: StaticCell<Reference<MemoryDevice>> = StaticCell::new();
    static LISTENER: StaticCell<Listener<CONNECTIONS>> = StaticCell::new();

    let resources = RESOURCES.init_with(StackResources::new);
    let (stack, runner) = embassy_net::new(embassy::start(FRAMES), embassy::config(), resources, embassy::RANDOM_SEED);
    let service = SERVICE.init_with(|| Reference { device: MemoryDevice::new() });
    let listener = LISTENER.init_with(|| Listener::new(PORT, POLICY));
    embassy::run(|spawner| {
        spawner.spawn(network(runner).expect("one network"));
        for _ in 0..CONNECTIONS {
            spawner.spawn(connections(listener, stack, service).expect("as many tasks as connections"));
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
    listener: &'static Listener<CONNECTIONS>,
    stack: Stack<'static>,
    service: &'static Reference<MemoryDevice>,
) {
    let mut memory = Memory {
        received: [0; 256],
        transmitted: [0; 2048],
        input: [0; 128],
        // Heads are larger than that: what is kept of one.
        store: [0; DEVICE_LIMITS.store_bytes()],
        output: [0; 416],
    };
    listener.serve(stack, &DEVICE_LIMITS, service, &mut memory, embassy::report).await;
}
