//! `smoltcp_server`, for heads that are larger than the ring of the socket: with a store.
#![no_std]
#![no_main]

use core::hint::black_box;

use smoltcp::iface::SocketStorage;
use wirenut::readiness::{Policy, WhenFull};
use wirenut_features::service::Hello;
use wirenut_features::stack::{PORT, Wire, interface, now, socket};
use wirenut_features::{BUFFER, INTEREST, STORE_LIMITS, keep};
use wirenut_smoltcp::Server;

const POLICY: Policy = Policy { slots: 1, evict_idle: true, when_full: WhenFull::Refuse };

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut storage, mut rings) = ([SocketStorage::EMPTY], [[0; BUFFER]; 2]);
    let mut scratch = [0; BUFFER];
    let mut interface = interface();
    let (mut sockets, handle) = socket(&mut storage, &mut rings);
    let mut server: Server<Hello, 1, { INTEREST.buffer_bytes() }> =
        Server::with_stores([handle], PORT, STORE_LIMITS, POLICY);
    keep(&server);
    loop {
        interface.poll(now(), &mut Wire, &mut sockets);
        while let Some(error) = server.poll(now(), None, &mut sockets, &Hello, &mut scratch) {
            black_box(error);
        }
        black_box(server.poll_timeout(interface.poll_at(now(), &sockets)));
    }
}
