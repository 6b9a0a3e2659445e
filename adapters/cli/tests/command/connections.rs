//! Connections: kept, shared by many requests, many at a time, and more than there are descriptors for.

use std::fs::File;
use std::process::Command;
use std::thread;

use crate::client::{Client, get};
use crate::process::{Server, wirenut};
use crate::tree::Tree;

#[test]
fn requests_in_one_piece_are_answered_in_order() {
    let names: Vec<String> = (0..200).map(|number| format!("file-{number}.txt")).collect();
    let tree = Tree::new();
    for name in &names {
        tree.write(name, name);
    }
    tree.write_blocks("large", 20);
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let requests: String = names.iter().map(|name| get(&format!("/{name}"))).collect();
    client.send(requests.clone() + &get("/large") + &requests);
    for name in &names {
        assert_eq!(client.response().text(), name);
    }
    assert_eq!(client.response().body.len(), 20 << 16);
    for name in &names {
        assert_eq!(client.response().text(), name);
    }
    let lines = server.output.wait_for_requests(401);
    assert_eq!((lines[0].as_str(), lines[200].as_str()), ("GET /file-0.txt 200 10", "GET /large 200 1310720"));
}

#[test]
fn a_request_may_come_byte_by_byte_and_a_last_one_says_so() {
    let tree = Tree::with(&[("small", "small")]);
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    for byte in get("/small").bytes() {
        client.send([byte]);
    }
    assert_eq!(client.response().text(), "small");
    client.send("GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(client.response().field("Connection"), Some("close"));
    assert_eq!(client.rest(), 0);
    let mut old = Client::connect(server.address);
    old.send("GET /small HTTP/1.0\r\n\r\n");
    assert_eq!((old.response().text(), old.rest()), ("small", 0));
}

#[test]
fn who_has_said_all_still_gets_the_answer() {
    let tree = Tree::with(&[("small", "small")]);
    tree.write_blocks("large", 300);
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    client.send(get("/large") + &get("/small"));
    client.end_sending();
    assert_eq!(client.response().body.len(), 300 << 16);
    assert_eq!((client.response().text(), client.rest()), ("small", 0));
    assert_eq!(server.errors.all(), [""; 0]);
}

#[test]
fn a_hundred_connections_are_served_at_a_time() {
    const EACH: usize = 10;
    let tree = Tree::with(&[("small", "small")]);
    let server = Server::serve(&tree.public());
    let mut clients: Vec<Client> = (0..100).map(|_| Client::connect(server.address)).collect();
    thread::scope(|scope| {
        for client in &mut clients {
            scope.spawn(|| {
                for _ in 0..EACH {
                    let response = client.get("/small");
                    assert_eq!((response.status, response.text()), (200, "small"));
                }
            });
        }
    });
    let lines = server.output.wait_for_requests(100 * EACH);
    assert!(lines.iter().all(|line| line == "GET /small 200 5"));
}

#[test]
fn without_descriptors_the_answer_is_503_until_there_are_some() {
    let tree = Tree::with(&[("small", "small")]);
    File::create(tree.public().join("sparse")).unwrap().set_len(1 << 40).unwrap();
    let command = r#"ulimit -n 48 && exec "$0" serve "$1" --listen 127.0.0.1:0"#;
    let server =
        Server::start(Command::new("sh").args(["-c", command]).arg(wirenut().get_program()).arg(tree.public()));
    let mut clients: Vec<Client> = (0..25).map(|_| Client::connect(server.address)).collect();
    for client in &mut clients {
        assert_eq!(client.get("/small").status, 200);
    }
    // Each download keeps its file open, and the connections are all there already.
    let mut refused = Vec::new();
    let mut downloads = Vec::new();
    for mut client in clients {
        client.send(get("/sparse"));
        let head = client.head();
        if head.status == 503 {
            client.take(head.length(), 64, |_, _| ());
            refused.push(client);
        } else {
            assert_eq!(head.status, 200);
            downloads.push(client);
        }
    }
    assert!(!refused.is_empty() && !downloads.is_empty());
    assert!(server.errors.wait_for(1)[0].ends_with(": sparse: no file descriptor or memory left"));
    drop(downloads);
    let done = |lines: &[String]| lines.iter().filter(|line| line.contains(" GET /sparse 200 ")).count();
    while done(&server.output.all()) == 0 {
        thread::yield_now();
    }
    for client in &mut refused {
        assert_eq!(client.get("/small").text(), "small");
    }
}
