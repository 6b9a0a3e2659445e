//! What becomes of those who wait in the queue of a listener that closes: why servers share one socket.

use core::net::{Ipv4Addr, SocketAddr};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use wirenut_linux::socket::{Family, Mode, Socket, TcpListener};

const CLIENTS: usize = 64;

fn listen(address: SocketAddr) -> TcpListener {
    let socket = Socket::tcp(Family::V4).unwrap();
    socket.set_reuse_port(true).unwrap();
    socket.bind(&address).unwrap();
    socket.listen(128).unwrap()
}

/// Clients connect and ask; then one of two listeners closes, and the other one answers all who come to it. How many are answered.
fn answered(leaving: TcpListener, staying: TcpListener) -> usize {
    let address = staying.local_address().unwrap();
    let connect = |_| {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"?").unwrap();
        client
    };
    let clients: Vec<_> = (0..CLIENTS).map(connect).collect();
    drop(leaving);
    staying.set_mode(Mode::NonBlocking).unwrap();
    let server = thread::spawn(move || {
        while let Some((stream, _)) = staying.accept(Mode::Blocking).unwrap().done() {
            (&stream).write_all(b"!").unwrap();
        }
    });
    let is_answered = |mut client: TcpStream| client.read_exact(&mut [0]).is_ok();
    let answered = clients.into_iter().filter_map(|client| is_answered(client).then_some(())).count();
    server.join().unwrap();
    answered
}

/// With SO_REUSEPORT each listener has a queue of its own. Where nothing moves it to another one (`net.ipv4.tcp_migrate_req`), it
/// is lost with its listener.
#[test]
fn a_queue_of_its_own_is_lost_and_a_shared_one_is_not() {
    let one = listen((Ipv4Addr::LOCALHOST, 0).into());
    let other = listen(one.local_address().unwrap());
    let migrates = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_migrate_req").is_ok_and(|text| text.trim() != "0");
    let left = answered(one, other);
    assert!(migrates || (1..CLIENTS).contains(&left), "{left} of {CLIENTS}");

    let shared = listen((Ipv4Addr::LOCALHOST, 0).into());
    assert_eq!(answered(shared.try_clone().unwrap(), shared), CLIENTS);
    println!("answered after one of two listeners closed: {left} of {CLIENTS}; of a shared one, all");
}
