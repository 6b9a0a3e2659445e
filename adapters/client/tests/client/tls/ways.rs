//! Proxies, tunnels and redirects.

use alloc::sync::Arc;
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::{io, thread};

use wirenut_client::{Cause, Phase, Proxies, Proxy, Redirects};

use super::{Authority, OK, secure, text, url};
use crate::lab::{Peer, Server, builder};
use crate::proxies::through;

/// A proxy that opens a tunnel to whatever CONNECT names.
fn tunnels() -> Server {
    Server::new(|_, peer| {
        let target = peer.head().unwrap().split(' ').nth(1).unwrap().to_owned();
        peer.say("HTTP/1.1 200 Connection established\r\n\r\n");
        relay(peer, &target);
    })
}

#[test]
fn a_session_goes_through_the_tunnel_of_a_proxy() {
    let authority = Authority::new();
    let server =
        secure(authority.server("localhost", |_| {}), |peer| while peer.head().is_some_and(|_| peer.say(OK)) {});
    let proxy = tunnels();
    let through = Proxies::all(&Proxy::parse(&format!("u:p@{}", proxy.address())).unwrap());
    let client = builder().proxies(through).add_root_certificates(authority.pem.as_bytes()).only_added_roots().build();
    for _ in 0..2 {
        assert_eq!(text(&client, &url(&server)).unwrap(), "ok");
    }
    let port = server.address().port();
    assert_eq!(proxy.lines(), [format!("CONNECT localhost:{port} HTTP/1.1")]);
    assert!(proxy.heads()[0].contains("\r\nProxy-Authorization: Basic dTpw\r\n"));
}

/// A tunnel is one's own: neither does the server learn what the proxy was told, nor does another get in by it.
#[test]
fn what_a_proxy_is_told_is_not_for_the_server() {
    let authority = Authority::new();
    let server = secure(authority.server("localhost", |_| {}), |peer| {
        while let Some(head) = peer.head() {
            let length = if head.contains("Proxy-") { "1" } else { "2" };
            peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nok"));
        }
    });
    let proxy = tunnels();
    let through = Proxies::all(&Proxy::parse(&format!("u:p@{}", proxy.address())).unwrap());
    let client = builder().proxies(through).add_root_certificates(authority.pem.as_bytes()).only_added_roots().build();
    for own in [Some("Basic b3du"), None, Some("Basic b3du"), Some("Bearer x")] {
        let request = client.get(url(&server));
        let request = if let Some(own) = own { request.header("proxy-authorization", own) } else { request };
        assert_eq!(request.send().unwrap().text(10).unwrap(), "ok");
    }
    let told =
        |head: String| head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: ").map(str::to_owned));
    let told: Vec<_> = proxy.heads().into_iter().map(told).collect();
    assert_eq!(told, ["Basic b3du", "Basic dTpw", "Bearer x"].map(|value| Some(value.to_owned())));
}

#[test]
fn a_proxy_that_refuses_a_tunnel_is_the_cause() {
    let proxy = Server::answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    let client = through(&proxy.address().to_string());
    let error = client.get("https://host.invalid/").send().unwrap_err();
    assert_eq!(error.phase(), Phase::Proxy);
    assert!(matches!(error.cause(), Cause::Status(407)), "{error}");
    assert_eq!(proxy.lines(), ["CONNECT host.invalid:443 HTTP/1.1"]);
    assert!(proxy.heads()[0].contains("\r\nHost: host.invalid:443\r\n"));
}

/// Credentials do not leave TLS, nor does a request by itself.
#[test]
fn no_redirect_leaves_tls() {
    let authority = Authority::new();
    let server = secure(authority.server("localhost", |_| {}), |peer| {
        peer.head();
        peer.say("HTTP/1.1 302 Found\r\nLocation: http://localhost:9/\r\nContent-Length: 0\r\n\r\n");
    });
    let error = text(&authority.client(), &url(&server)).unwrap_err();
    assert_eq!(error.phase(), Phase::Redirect);
}

/// Each hop of a chain takes its own way: the proxy reads the first request, opens a tunnel for the second, and is not asked for
/// the third. No credentials cross.
#[test]
fn a_chain_of_redirects_goes_through_proxy_and_tunnel() {
    let authority = Authority::new();
    let direct = Server::answering(OK);
    let last = direct.url("/last");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let server = secure(authority.server("localhost", |_| {}), {
        let (seen, last) = (Arc::clone(&seen), last.clone());
        move |peer| {
            while let Some(head) = peer.head() {
                seen.lock().unwrap().push(head);
                peer.say(format!("HTTP/1.1 307 Elsewhere\r\nLocation: {last}\r\nContent-Length: 0\r\n\r\n"));
            }
        }
    });
    let location = url(&server);
    let proxy = Server::new(move |_, peer| {
        while let Some(head) = peer.head() {
            if let Some(target) = head.strip_prefix("CONNECT ") {
                peer.say("HTTP/1.1 200 Connection established\r\n\r\n");
                return relay(peer, target.split(' ').next().unwrap());
            }
            peer.say(format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"));
        }
    });
    let proxies = Proxies::all(&Proxy::parse(&format!("u:p@{}", proxy.address())).unwrap()).except("127.0.0.0/8");
    let builder = builder().proxies(proxies).add_root_certificates(authority.pem.as_bytes()).only_added_roots();
    let lax = Redirects { may_leave_tls: true, ..Redirects::DEFAULT };
    let client = builder.redirects(lax).build();
    let request = client.get("http://one.invalid/first").basic_auth("me", "secret").header("Cookie", "a=b");
    let response = request.send().unwrap();
    assert_eq!((response.redirects(), response.url().to_string()), (2, last));
    let port = server.address().port();
    assert_eq!(
        proxy.lines(),
        ["GET http://one.invalid/first HTTP/1.1".to_owned(), format!("CONNECT localhost:{port} HTTP/1.1")]
    );
    let names = |head: &str| {
        let names = ["Authorization", "Cookie", "Proxy-Authorization"];
        names.map(|name| head.contains(&format!("\r\n{name}: ")))
    };
    assert_eq!(
        proxy.heads().iter().map(|head| names(head)).collect::<Vec<_>>(),
        [[true, true, true], [false, false, true]]
    );
    assert_eq!(seen.lock().unwrap().iter().map(|head| names(head)).collect::<Vec<_>>(), [[false; 3]]);
    assert_eq!(direct.heads().iter().map(|head| names(head)).collect::<Vec<_>>(), [[false; 3]]);
}

/// Moves bytes both ways until both directions have ended.
fn relay(peer: &mut Peer, to: &str) {
    let mut server = TcpStream::connect(to).unwrap();
    let (mut from_client, mut to_client) = (peer.stream().try_clone().unwrap(), peer.stream().try_clone().unwrap());
    let mut to_server = server.try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Write);
        });
        let _ = io::copy(&mut server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    });
}
