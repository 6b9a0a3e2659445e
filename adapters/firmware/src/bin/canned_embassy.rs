//! The bare baseline on embassy: what `canned` is on smoltcp alone.

#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_net::tcp::{Error, TcpSocket};
use embassy_net::{Runner, Stack, StackResources};
use embassy_time::Duration;
use static_cell::StaticCell;
use wirenut_firmware::board::device::EthernetDevice;
use wirenut_firmware::board::embassy;
use wirenut_firmware::canned::{ANSWER, HeadEnd, KEEP_ALIVE_SECONDS, PEER_TIMEOUT_SECONDS};
use wirenut_firmware::{FrameBuffers, info};

const PORT: u16 = 80;
const CONNECTIONS: usize = 4;
const BUFFER_LENGTH: usize = 1024;

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
    let (mut received, mut transmitted) = ([0; BUFFER_LENGTH], [0; BUFFER_LENGTH]);
    loop {
        // A new socket each time: it listens at once, whatever became of the one before.
        let mut socket = TcpSocket::new(stack, &mut received, &mut transmitted);
        socket.set_timeout(Some(Duration::from_secs(PEER_TIMEOUT_SECONDS)));
        socket.set_keep_alive(Some(Duration::from_secs(KEEP_ALIVE_SECONDS)));
        socket.accept(PORT).await.expect("a new socket may listen on a port that is not 0");
        let Err(_) = answer(&mut socket).await;
        socket.close();
        // Who is gone need not hear the end.
        let _ = socket.flush().await;
    }
}

/// One answer per head, until the peer ends.
async fn answer(socket: &mut TcpSocket<'_>) -> Result<core::convert::Infallible, Error> {
    let mut head_end = HeadEnd::default();
    loop {
        let is_found = socket.read_with(|received| match head_end.find(received) {
            Some(used) => (used, true),
            None => (received.len(), false),
        });
        if is_found.await? {
            let mut rest = ANSWER;
            while !rest.is_empty() {
                let written = socket.write(rest).await?;
                rest = &rest[written..];
            }
        }
    }
}
