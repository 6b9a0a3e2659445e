//! `stack`, and a client on it.
#![no_std]
#![no_main]

use core::hint::black_box;

use smoltcp::iface::SocketStorage;
use smoltcp::socket::tcp::Socket;
use smoltcp::wire::IpAddress;
use wirenut_size_probes::client::REQUEST;
use wirenut_size_probes::stack::{PORT, Wire, interface, now, socket};
use wirenut_size_probes::{BUFFER, LIMITS, STORE, keep};
use wirenut_smoltcp::Client;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut storage, mut rings) = ([SocketStorage::EMPTY], [[0; BUFFER]; 2]);
    let mut interface = interface();
    let (mut sockets, handle) = socket(&mut storage, &mut rings);
    let server = (IpAddress::v4(192, 0, 2, 2), PORT);
    let _ = sockets.get_mut::<Socket<'_>>(handle).connect(interface.context(), server, 50_000);
    let mut client = Client::<STORE>::new(now(), handle, &LIMITS);
    keep(&client);
    loop {
        interface.poll(now(), &mut Wire, &mut sockets);
        if client.connection().is_idle() && client.request(now(), &mut sockets, black_box(&REQUEST)).is_ok() {
            let _ = client.send_body(now(), &mut sockets, b"23");
            let _ = client.finish(now(), &mut sockets);
        }
        let polled = client.poll(now(), &mut sockets, |event| {
            black_box(&event);
        });
        black_box(polled.is_err());
        black_box(client.poll_timeout(now(), interface.poll_at(now(), &sockets)));
    }
}
