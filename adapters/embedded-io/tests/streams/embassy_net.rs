//! Sockets of embassy-net: two stacks, and between them a wire of memory.

use core::net::Ipv4Addr;

use embassy_net::driver::{HardwareAddress, LinkState};
use embassy_net::tcp::TcpSocket;
use embassy_net::{Config, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};
use embassy_net_driver_channel as channel;
use wirenut::http::{Method, Request};
use wirenut_embedded_io::{Client, EmbassyTimer, Error, Server};
use wirenut_reference::{DEVICE_LIMITS, MemoryDevice, Reference, pattern_byte};

use crate::space::Space;

const MTU: usize = 1514;
const LENGTH: usize = 100_000;

type Driver<'d> = channel::Device<'d, MTU>;
type Result<T> = core::result::Result<T, Error<embassy_net::tcp::Error>>;

/// A stack at `10.0.0.number`.
fn stack<'d>(
    number: u8,
    state: &'d mut channel::State<MTU, 4, 4>,
    resources: &'d mut StackResources<3>,
) -> (channel::Runner<'d, MTU>, Stack<'d>, Runner<'d, Driver<'d>>) {
    let (mut wire, device) = channel::new(state, HardwareAddress::Ip);
    wire.set_link_state(LinkState::Up);
    let address = Ipv4Cidr::new(Ipv4Addr::new(10, 0, 0, number), 24);
    let config = StaticConfigV4 { address, gateway: None, dns_servers: Default::default() };
    let (stack, runner) = embassy_net::new(device, Config::ipv4_static(config), resources, number.into());
    (wire, stack, runner)
}

/// Carries packets one way.
async fn carry(from: &mut channel::TxRunner<'_, MTU>, to: &mut channel::RxRunner<'_, MTU>) -> ! {
    loop {
        let packet = from.tx_buf().await;
        let length = packet.len();
        to.rx_buf().await[..length].copy_from_slice(packet);
        to.rx_done(length);
        from.tx_done();
    }
}

async fn serve(stack: Stack<'_>) -> Result<()> {
    let (mut received, mut sent) = ([0; 2048], [0; 2048]);
    let mut socket = TcpSocket::new(stack, &mut received, &mut sent);
    socket.accept(80).await.expect("a connection");
    let mut space = Space::<2048, 1024>::new();
    let service = Reference { device: MemoryDevice::new() };
    Server::new(&DEVICE_LIMITS, space.buffers()).serve(&mut socket, &service, &EmbassyTimer).await
}

async fn fetch(stack: Stack<'_>) -> Result<()> {
    let (mut received, mut sent) = ([0; 2048], [0; 2048]);
    let mut socket = TcpSocket::new(stack, &mut received, &mut sent);
    socket.connect((Ipv4Addr::new(10, 0, 0, 1), 80)).await.expect("a server");
    let mut space = Space::<2048, 512>::new();
    let mut client = Client::new(&mut socket, &EmbassyTimer, &DEVICE_LIMITS, space.buffers());
    let upload = Request::new(Method::Post, "/upload", "a").with_length(LENGTH as u64);
    assert_eq!(client.send(&upload, &[b'x'; LENGTH][..], |head| head.status.code()).await?, 200);
    let mut piece = [0; 500];
    while client.read(&mut piece).await? > 0 {}
    let download = Request::new(Method::Get, "/download?bytes=100000", "a").closing();
    assert_eq!(client.send(&download, &[][..], |head| head.status.code()).await?, 200);
    let mut content = Vec::new();
    loop {
        match client.read(&mut piece).await? {
            0 => break,
            count => content.extend(&piece[..count]),
        }
    }
    assert!((0..LENGTH as u64).map(pattern_byte).eq(content));
    client.close().await
}

#[test]
fn a_client_and_a_server_talk_over_embassy_net() {
    crate::tokio::run(async {
        let (mut state, mut resources) = (channel::State::new(), StackResources::new());
        let (wire, server, mut server_runner) = stack(1, &mut state, &mut resources);
        let (mut state, mut resources) = (channel::State::new(), StackResources::new());
        let (other_wire, client, mut client_runner) = stack(2, &mut state, &mut resources);
        let (_, mut server_in, mut server_out) = wire.split();
        let (_, mut client_in, mut client_out) = other_wire.split();
        let talk = async { tokio::join!(serve(server), fetch(client)) };
        let (served, fetched) = tokio::select! {
            ended = talk => ended,
            _ = carry(&mut server_out, &mut client_in) => unreachable!(),
            _ = carry(&mut client_out, &mut server_in) => unreachable!(),
            () = async { server_runner.run().await } => unreachable!(),
            () = async { client_runner.run().await } => unreachable!(),
        };
        assert_eq!((served, fetched), (Ok(()), Ok(())));
    });
}
