//! Requests through a proxy; which proxy it is, is tested where the rules are.

use alloc::sync::Arc;
use std::sync::Mutex;

use wirenut_client::{Client, Detour, Observed, Phase, Proxies, Proxy};

use crate::lab::{Server, builder};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

pub(crate) fn through(proxy: &str) -> Client {
    builder().proxies(Proxies::all(&Proxy::parse(proxy).unwrap())).build()
}

#[test]
fn a_request_names_its_host_to_the_proxy() {
    let proxy = Server::answering(OK);
    let client = through(&format!("http://u:p@{}", proxy.address()));
    for url in ["http://one.invalid/a?b", "http://two.invalid:81/"] {
        let response = client.get(url).send().unwrap();
        assert_eq!(response.peer(), format!("the proxy {}", proxy.address()));
        assert_eq!(response.text(10).unwrap(), "ok");
    }
    assert_eq!(proxy.lines(), ["GET http://one.invalid/a?b HTTP/1.1", "GET http://two.invalid:81/ HTTP/1.1"]);
    let head = &proxy.heads()[1];
    assert!(head.contains("\r\nHost: two.invalid:81\r\n"), "{head}");
    assert!(head.contains("\r\nProxy-Authorization: Basic dTpw\r\n"), "{head}");
}

/// What is not reached is the proxy, and not the host of the URL.
#[test]
fn a_proxy_that_is_not_reached_is_named_as_one() {
    let closed = "127.0.0.1:1";
    for (proxy, phase, line) in [
        (closed.to_string(), Phase::Connect, format!("cannot connect to the proxy {closed}: Connection refused")),
        (format!("{}:80", "x".repeat(64)), Phase::LookUp, format!("cannot look up the proxy {}: ", "x".repeat(64))),
    ] {
        for url in ["http://one.invalid/", "https://one.invalid/"] {
            let error = through(&proxy).get(url).send().unwrap_err();
            assert!(error.is_of_proxy() && error.phase() == phase, "{error}");
            assert!(error.to_string().starts_with(&line), "{error}");
        }
    }
    let error = builder().build().get(format!("http://{closed}/")).send().unwrap_err();
    assert!(!error.is_of_proxy() && !error.to_string().contains("proxy"), "{error}");
}

/// Addresses that are given count for proxies, too, and a connection names both its ends.
#[test]
fn a_host_whose_addresses_are_given_is_not_looked_up() {
    let server = Server::answering(OK);
    let port = server.address().port();
    let given = |name: &str| builder().resolve(name, port, &["127.0.0.1".parse().unwrap()]);
    let proxies = Proxies::all(&Proxy::parse(&format!("Proxy.invalid:{port}")).unwrap());
    for (client, url, target) in [
        (given("One.invalid").build(), format!("http://one.invalid:{port}/a"), "GET /a HTTP/1.1"),
        (given("*").build(), format!("http://two.invalid:{port}/b"), "GET /b HTTP/1.1"),
        (
            given("proxy.invalid").proxies(proxies).build(),
            "http://three.invalid/c".into(),
            "GET http://three.invalid/c HTTP/1.1",
        ),
    ] {
        let ends = Arc::new(Mutex::new(Vec::new()));
        for _ in 0..2 {
            let noted = Arc::clone(&ends);
            let observer = move |observed: &Observed<'_>| {
                if let Observed::LookedUp(addresses) = observed {
                    assert_eq!(*addresses, [([127, 0, 0, 1], port).into()]);
                }
                if let Observed::Between { local, peer } = observed {
                    noted.lock().unwrap().push((*local, *peer));
                }
            };
            assert_eq!(client.get(&url).observe(observer).send().unwrap().text(10).unwrap(), "ok");
        }
        assert_eq!(server.lines().last().unwrap(), target);
        // The second request used the same connection.
        let ends = ends.lock().unwrap();
        assert!(ends.len() == 2 && ends[0] == ends[1] && ends[0].1 == server.address(), "{ends:?}");
    }
    // Another port is another place, and no resolver takes this name.
    let long = "x".repeat(64);
    let error = given(&long).build().get(format!("http://{long}:1/")).send().unwrap_err();
    assert_eq!(error.phase(), Phase::LookUp);
}

/// Only the place changes to which is connected; a proxy is asked for a tunnel there.
#[test]
fn a_detour_leads_elsewhere_and_changes_no_name() {
    let detour = |to_host: &str, to_port| Detour {
        from_host: Some("One.invalid".into()),
        from_port: Some(80),
        to_host: Some(to_host.into()),
        to_port: Some(to_port),
    };
    let server = Server::answering(OK);
    let port = server.address().port();
    let looked_up =
        builder().connect_to(detour("Two.invalid", port)).resolve("two.invalid", port, &[server.address().ip()]);
    for client in [builder().connect_to(detour("127.0.0.1", port)).build(), looked_up.build()] {
        assert_eq!(client.get("http://one.invalid/a").send().unwrap().text(10).unwrap(), "ok");
        let head = server.heads().pop().unwrap();
        assert!(head.starts_with("GET /a HTTP/1.1\r\n") && head.contains("\r\nHost: one.invalid\r\n"), "{head}");
    }
    let proxies = Proxies::all(&Proxy::parse(&server.address().to_string()).unwrap());
    let client = builder().connect_to(detour("::1", 81)).proxies(proxies).build();
    let _ = client.get("http://one.invalid/b").send();
    assert!(server.lines().contains(&"CONNECT [::1]:81 HTTP/1.1".to_owned()), "{:?}", server.lines());
    assert_eq!(client.get("http://one.invalid:8080/c").send().unwrap().text(10).unwrap(), "ok");
    assert_eq!(server.lines().last().unwrap(), "GET http://one.invalid:8080/c HTTP/1.1");
}

#[test]
fn an_excepted_host_is_reached_without() {
    let server = Server::answering(OK);
    let proxies = Proxies::all(&Proxy::parse("127.0.0.1:9").unwrap()).except("127.0.0.0/8");
    let client = builder().proxies(proxies).build();
    assert_eq!(client.get(server.url("/")).send().unwrap().text(10).unwrap(), "ok");
}
