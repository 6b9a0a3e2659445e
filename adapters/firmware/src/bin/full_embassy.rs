//! All that a service may do, on embassy: the difference to `canned_embassy` is what the whole of HTTP costs there.

#![no_std]
#![no_main]

use embassy_net::{Runner, Stack, StackResources};
use static_cell::StaticCell;
use wirenut::readiness::Policy;
use wirenut_embedded_io::{Listener, Memory};
use wirenut_firmware::board::{device::EthernetDevice, embassy};
use wirenut_firmware::full::{Full, LIMITS};
use wirenut_firmware::{FrameBuffers, info};

/// The fourth is for whoever else comes, and waits until one of the others gives way.
const CONNECTIONS: usize = 4;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut FRAMES: FrameBuffers = FrameBuffers::new();
    static RESOURCES: StaticCell<StackResources<CONNECTIONS>> = StaticCell::new();
    static LISTENER: StaticCell<Listener<CONNECTIONS>> = StaticCell::new();

    let resources = RESOURCES.init_with(StackResources::new);
    let (stack, runner) = embassy_net::new(embassy::start(FRAMES), embassy::config(), resources, embassy::RANDOM_SEED);
    let listener = LISTENER.init_with(|| Listener::new(80, Policy { slots: 3, ..Policy::DEFAULT }));
    embassy::run(|spawner| {
        spawner.spawn(network(runner).expect("one network"));
        for _ in 0..CONNECTIONS {
            spawner.spawn(connections(listener, stack).expect("as many tasks as connections"));
        }
        info!("listening on port 80");
    })
}

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, EthernetDevice>) -> ! {
    runner.run().await
}

/// One connection after the other, in as much memory as one of `canned_embassy` has, and its output beside that.
#[embassy_executor::task(pool_size = CONNECTIONS)]
async fn connections(listener: &'static Listener<CONNECTIONS>, stack: Stack<'static>) {
    let (input, store, output) = ([0; 224], [0; LIMITS.store_bytes()], [0; 256]);
    let mut memory = Memory { received: [0; 1024], transmitted: [0; 512], input, store, output };
    listener.serve(stack, &LIMITS, &Full, &mut memory, embassy::report).await;
}
