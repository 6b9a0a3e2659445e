//! Requests through a proxy; which proxy it is, is tested where the rules are.

use wirenut_client::{Client, Proxies, Proxy};

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
        assert_eq!(client.get(url).send().unwrap().text(10).unwrap(), "ok");
    }
    assert_eq!(proxy.lines(), ["GET http://one.invalid/a?b HTTP/1.1", "GET http://two.invalid:81/ HTTP/1.1"]);
    let head = &proxy.heads()[1];
    assert!(head.contains("\r\nHost: two.invalid:81\r\n"), "{head}");
    assert!(head.contains("\r\nProxy-Authorization: Basic dTpw\r\n"), "{head}");
}

#[test]
fn an_excepted_host_is_reached_without() {
    let server = Server::answering(OK);
    let proxies = Proxies::all(&Proxy::parse("127.0.0.1:9").unwrap()).except("127.0.0.0/8");
    let client = builder().proxies(proxies).build();
    assert_eq!(client.get(server.url("/")).send().unwrap().text(10).unwrap(), "ok");
}
