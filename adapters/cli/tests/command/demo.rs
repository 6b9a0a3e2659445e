//! `wirenut demo`: that it is the reference service. What that answers is tested where it lives.

use crate::client::{Client, post};
use crate::process::{Server, wirenut};

#[test]
fn demo_runs_the_reference_service() {
    let mut server = Server::start(wirenut().args(["demo", "--listen", "127.0.0.1:0"]));
    let mut client = Client::connect(server.address);
    let page = client.get("/");
    assert_eq!(page.status, 200);
    assert!(page.field("Content-Type").unwrap().starts_with("text/html"));
    assert!(page.text().contains("<h1>Wirenut</h1>"));
    assert!(client.get("/reading").text().starts_with(r#"{"celsius":"#));
    client.send(post("/upload", "123456789"));
    assert!(client.response().text().contains(r#""crc32":"cbf43926""#));
    assert_eq!(client.get("/download?bytes=100000").body.len(), 100_000);
    assert_eq!(client.get("/slow?ms=20").text().trim_end(), "done");
    assert_eq!(client.get("/missing").status, 404);
    client.send("nonsense\r\n\r\n");
    assert_eq!(client.response().status, 400);
    let line = server.errors.wait_for(1)[0].clone();
    assert!(line.starts_with("wirenut: 127.0.0.1:"), "{line}");
    server.signal("INT");
    assert_eq!(server.end().code(), Some(0));
    assert!(server.output.all().is_empty());
}

/// A device is one, wherever it is asked.
#[test]
fn demo_is_the_same_at_each_address() {
    let server = Server::start(wirenut().args(["demo", "--listen", "0", "--listen", "127.0.0.2:0"]));
    let other = server.output.wait_for(1)[0].clone();
    let other = other.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    let (mut one, mut two) = (Client::connect(server.address), Client::connect(other));
    for number in 0..4 {
        let client = if number % 2 == 0 { &mut one } else { &mut two };
        let expected = format!(r#""requests":{number}"#);
        let reading = client.get("/reading");
        assert!(reading.text().contains(&expected), "{} {expected}", reading.text());
    }
}
