//! `stack`, and a server of one connection on it, with the service of `service`.
#![no_std]
#![no_main]

use core::hint::black_box;

use smoltcp::iface::SocketStorage;
use wirenut::readiness::{Policy, WhenFull};
use wirenut_size_probes::service::Hello;
use wirenut_size_probes::stack::{PORT, Wire, interface, now, socket};
use wirenut_size_probes::{BUFFER, LIMITS, STORE, keep};
use wirenut_smoltcp::Server;

const POLICY: Policy = Policy { slots: 1, when_full: WhenFull::Refuse, ..Policy::DEFAULT };

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut storage, mut rings) = ([SocketStorage::EMPTY], [[0; BUFFER]; 2]);
    let mut scratch = [0; BUFFER];
    let mut interface = interface();
    let (mut sockets, handle) = socket(&mut storage, &mut rings);
    let mut server: Server<Hello, 1, STORE> = Server::new([handle], PORT, &LIMITS, POLICY);
    keep(&server);
    loop {
        interface.poll(now(), &mut Wire, &mut sockets);
        while let Some(error) = server.poll(now(), None, &mut sockets, &Hello, &mut scratch) {
            black_box(error);
        }
        black_box(server.poll_timeout(now(), interface.poll_at(now(), &sockets)));
    }
}
