//! Where it listens: the forms of a place, several places, and the URLs that are printed.

use std::net::TcpListener;
use std::path::Path;

use wirenut_tests::reserved::Reserved;

use crate::client::Client;
use crate::process::{Server, run, wirenut};
use crate::tree::Tree;

fn serve(directory: &Path, places: &[&str]) -> Server {
    let mut command = wirenut();
    command.arg("serve").arg(directory).arg("--quiet");
    for place in places {
        command.args(["--listen", place]);
    }
    Server::start(&mut command)
}

/// The addresses of the URLs that are printed, so many at least; nothing else is printed.
fn addresses(server: &Server, least: usize) -> Vec<core::net::SocketAddr> {
    Client::connect(server.address).get("/");
    let others = server.output.wait_for(least - 1);
    let others = others.iter().map(|url| {
        let place = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
        place.and_then(|place| place.parse().ok()).unwrap_or_else(|| panic!("no URL: {url}"))
    });
    [server.address].into_iter().chain(others).collect()
}

fn has_ipv6() -> bool {
    TcpListener::bind("[::1]:0").is_ok()
}

#[test]
fn each_url_that_is_printed_leads_to_the_server() {
    let tree = Tree::with(&[("small", "small")]);
    for place in ["127.0.0.1:0", "0", ":0", "0.0.0.0:0", "localhost:0", "[::]:0"] {
        if place.starts_with('[') && !has_ipv6() {
            eprintln!("not tested, this machine has no IPv6: {place}");
            continue;
        }
        let mut server = serve(&tree.public(), &[place]);
        let addresses = addresses(&server, 1);
        assert!(addresses[0].ip().is_loopback(), "{place}: {addresses:?}");
        for address in &addresses {
            assert!(!address.ip().is_unspecified(), "{place}: {addresses:?}");
            assert_eq!(Client::connect(*address).get("/small").text(), "small", "{place}: {address}");
        }
        let is_everywhere = matches!(place, ":0" | "0.0.0.0:0" | "[::]:0");
        assert!(is_everywhere || addresses.iter().all(|address| address.ip().is_loopback()), "{place}: {addresses:?}");
        server.signal("TERM");
        assert_eq!((server.end().code(), server.errors.all()), (Some(0), vec![]), "{place}");
    }
}

#[test]
fn everywhere_means_both_kinds_of_addresses() {
    if !has_ipv6() {
        eprintln!("not tested, this machine has no IPv6");
        return;
    }
    let tree = Tree::with(&[("small", "small")]);
    let server = serve(&tree.public(), &[":0"]);
    let port = server.address.port();
    for host in ["127.0.0.1", "::1"] {
        let address = core::net::SocketAddr::new(host.parse().unwrap(), port);
        assert_eq!(Client::connect(address).get("/small").text(), "small", "{host}");
        assert!(addresses(&server, 2).contains(&address), "{host}");
    }
}

#[test]
fn it_listens_at_each_place_and_ends_at_all() {
    let tree = Tree::with(&[("small", "small")]);
    for workers in ["1", "3"] {
        let mut command = wirenut();
        command.arg("serve").arg(tree.public()).args(["--quiet", "--workers", workers]);
        let mut server =
            Server::start(command.args(["--listen", "127.0.0.1:0", "--listen=0", "--listen", "127.0.0.2:0"]));
        let addresses = addresses(&server, 3);
        assert_eq!(addresses.len(), 3, "{addresses:?}");
        let mut clients: Vec<Client> = addresses.iter().map(|address| Client::connect(*address)).collect();
        for client in &mut clients {
            assert_eq!(client.get("/small").text(), "small");
        }
        server.signal("TERM");
        assert_eq!(server.end().code(), Some(0));
        assert!(clients.iter_mut().all(|client| client.rest() == 0));
        for address in addresses {
            assert!(std::net::TcpStream::connect(address).is_err(), "{address}");
        }
    }
}

/// A name and a port alone may stand for an address that was given already.
#[test]
fn an_address_that_is_given_twice_is_listened_at_once() {
    let tree = Tree::new();
    let reserved = Reserved::new();
    let free = reserved.address;
    let port = free.port().to_string();
    let server = serve(&tree.public(), &[&port, &free.to_string(), &format!("localhost:{port}")]);
    let addresses = addresses(&server, 1);
    assert_eq!(addresses[0], free);
    assert_eq!(addresses.iter().filter(|address| **address == free).count(), 1);
}

#[test]
fn one_place_that_fails_fails_all() {
    let tree = Tree::new();
    let public = tree.public();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (place, said) in [
        (taken.as_str(), format!("cannot listen on {taken}: Address already in use")),
        ("192.0.2.1:0", "cannot listen on 192.0.2.1:0: Cannot assign requested address".into()),
        ("no-such-host.invalid:80", "cannot look up no-such-host.invalid, service 80: ".into()),
    ] {
        let (status, output, errors) =
            run(&["serve", public.to_str().unwrap(), "--listen", "127.0.0.1:0", "--listen", place]);
        assert_eq!((status, output.as_str()), (Some(1), ""), "{place}");
        assert!(errors.starts_with(&format!("wirenut: {said}")), "{errors}");
        assert_eq!((errors.matches('\n').count(), errors.ends_with('\n')), (1, true), "{errors}");
    }
}
