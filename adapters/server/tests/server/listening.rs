//! Where a server listens, and who reaches it there.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::thread;

use wirenut_server::{Config, Server};

use crate::client::Client;
use crate::lab::Lab;

/// Asks a server that listens at the first address at each of the others. True if this machine has such an address.
fn is_reached(listening: SocketAddr, asked: &[IpAddr]) -> bool {
    let Ok(server) = Server::bind(listening, Config::DEFAULT) else { return false };
    let (port, stopper) = (server.local_addr().unwrap().port(), server.stopper());
    let running = thread::spawn(move || server.run(&Lab::new(None).0));
    for address in asked {
        assert_eq!(Client::connect((*address, port).into()).get("/hello").status, 200, "{listening} by {address}");
    }
    stopper.stop();
    assert_eq!(running.join().unwrap().unwrap().accepted, asked.len() as u64);
    true
}

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

#[test]
fn every_address_is_reached_and_the_wildcard_of_ipv6_by_both_kinds() {
    assert!(is_reached((Ipv4Addr::LOCALHOST, 0).into(), &[V4]));
    assert!(is_reached((Ipv4Addr::UNSPECIFIED, 0).into(), &[V4]));
    // Not every machine has IPv6.
    if is_reached((Ipv6Addr::LOCALHOST, 0).into(), &[V6]) {
        assert!(is_reached((Ipv6Addr::UNSPECIFIED, 0).into(), &[V4, V6]));
        assert!(is_reached((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), 0).into(), &[V4]));
    }
}

#[test]
fn of_several_addresses_the_first_that_is_free_is_taken() {
    let first = Server::bind("127.0.0.1:0", Config::DEFAULT).unwrap();
    let taken = first.local_addr().unwrap();
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let second = Server::bind(&[taken, any][..], Config::DEFAULT).unwrap();
    assert_ne!(first.local_addr().unwrap(), second.local_addr().unwrap());
    let nothing: &[SocketAddr] = &[];
    let error = Server::bind(nothing, Config::DEFAULT).unwrap_err();
    assert_eq!(error.to_string(), "cannot listen on []: could not resolve to any addresses");
}
