//! Fetches a URL over embassy: content of any length, through a ring of 1 KiB.

#![no_std]
#![no_main]

use embassy_net::tcp::TcpSocket;
use embassy_net::{Runner, Stack, StackResources};
use static_cell::StaticCell;
use wirenut::http::Status;
use wirenut_embedded_io::{Buffers, Client, EmbassyTimer};
use wirenut_firmware::FrameBuffers;
use wirenut_firmware::board::{device::EthernetDevice, embassy};
use wirenut_firmware::fetch::{Content, LIMITS, Url, command_line, fail};

const RECEIVE_RING: usize = 1024;
const TRANSMIT_RING: usize = 256;
const INPUT: usize = 256;
/// What is kept of a head.
const STORE: usize = LIMITS.store_bytes();
/// Holds the head of the request.
const OUTPUT: usize = 1024;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut FRAMES: FrameBuffers = FrameBuffers::new();
    static RESOURCES: StaticCell<StackResources<1>> = StaticCell::new();

    let resources = RESOURCES.init_with(StackResources::new);
    let (stack, runner) = embassy_net::new(embassy::start(FRAMES), embassy::config(), resources, embassy::RANDOM_SEED);
    embassy::run(|spawner| {
        spawner.spawn(network(runner).expect("one network"));
        spawner.spawn(fetch(stack).expect("one client"));
    })
}

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, EthernetDevice>) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn fetch(stack: Stack<'static>) -> ! {
    let (mut received, mut transmitted) = ([0; RECEIVE_RING], [0; TRANSMIT_RING]);
    let (mut input, mut store, mut output) = ([0; INPUT], [0; STORE], [0; OUTPUT]);
    let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
    let line = command_line();
    let url = Url::of(&line);
    let mut socket = TcpSocket::new(stack, &mut received, &mut transmitted);
    if socket.connect(url.server).await.is_err() {
        fail("there is no connection");
    }
    let mut client = Client::new(&mut socket, &EmbassyTimer, &LIMITS, buffers);
    match client.send(&url.request(), &[][..], |head| head.status).await {
        Ok(status) if status != Status::OK => fail(status.code()),
        Ok(_) => {}
        Err(error) => fail(error),
    }
    let (mut content, mut piece) = (Content::EMPTY, [0; INPUT]);
    loop {
        match client.read(&mut piece).await {
            Ok(0) => content.tell(),
            Ok(count) => content.add(&piece[..count]),
            Err(error) => fail(error),
        }
    }
}
