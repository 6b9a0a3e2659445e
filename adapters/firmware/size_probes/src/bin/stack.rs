//! A bare stack of smoltcp, with one socket of TCP that answers the same to whatever comes.
#![no_std]
#![no_main]

use smoltcp::iface::SocketStorage;
use smoltcp::socket::tcp::Socket;
use wirenut_size_probes::stack::{PORT, Wire, interface, now, socket};
use wirenut_size_probes::{BUFFER, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut storage, mut rings) = ([SocketStorage::EMPTY], [[0; BUFFER]; 2]);
    let mut interface = interface();
    let (mut sockets, handle) = socket(&mut storage, &mut rings);
    loop {
        interface.poll(now(), &mut Wire, &mut sockets);
        let socket = sockets.get_mut::<Socket<'_>>(handle);
        if !socket.is_open() {
            let _ = socket.listen(PORT);
        }
        if socket.can_recv() && socket.can_send() {
            let _ = socket.recv(|received| (send(received), ()));
            let _ = socket.send_slice(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
        if !socket.may_recv() {
            socket.close();
        }
        core::hint::black_box(interface.poll_at(now(), &sockets));
    }
}
