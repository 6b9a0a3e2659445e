//! `--metrics`: what a service does, and whether it is to end, under models of threads and of processes.

use core::net::SocketAddr;

use crate::client::{Client, get};
use crate::passing::ask;
use crate::process::{Server, wirenut};
use crate::tree::Tree;

const MODELS: [&str; 4] = ["multiplexed", "threading", "forking", "pre-forked"];

/// The reference service, and where it is told what that does.
fn start(model: &str, options: &[&str]) -> (Server, SocketAddr) {
    let mut command = wirenut();
    command.args(["demo", "--listen", "127.0.0.1:0", "--model", model, "--metrics", "127.0.0.1:0"]).args(options);
    let server = Server::start(&mut command);
    let line = server.output.wait_for(1)[0].clone();
    let place = line.strip_prefix("metrics http://").and_then(|line| line.strip_suffix("/metrics"));
    let place = place.unwrap_or_else(|| panic!("{line}")).parse().unwrap();
    (server, place)
}

/// The value of a metric.
fn value(page: &str, name: &str) -> u64 {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).parse().unwrap()
}

#[test]
fn what_all_threads_and_processes_do_is_told() {
    for model in MODELS {
        let (mut server, monitor) = start(model, &["--workers", "3"]);
        let mut clients: Vec<Client> = (0..3).map(|_| Client::connect(server.address)).collect();
        for client in &mut clients {
            assert_eq!(client.get("/reading").status, 200);
            assert_eq!(client.get("/missing").status, 404);
        }
        let mut watcher = Client::connect(monitor);
        let response = watcher.get("/metrics");
        assert!(response.field("Content-Type").unwrap().starts_with("text/plain; version=0.0.4"), "{}", response.head);
        let page = response.text();
        assert_eq!(value(page, "wirenut_requests_total{code=\"2xx\"}"), 3, "{model}");
        assert_eq!(value(page, "wirenut_requests_total{code=\"4xx\"}"), 3, "{model}");
        assert_eq!((watcher.get("/health").text().trim(), watcher.get("/").status), ("ok", 404));
        server.signal("TERM");
        assert_eq!((server.end().code(), server.errors.all()), (Some(0), vec![]), "{model}");
        assert_eq!(watcher.rest(), 0);
    }
}

/// Whoever asks for its health sends nobody more, before anybody is turned away.
#[test]
fn a_service_that_is_to_end_says_so_before_it_ends() {
    for model in MODELS {
        let (mut server, monitor) = start(model, &["--drain-delay", "60"]);
        let mut kept = Client::connect(server.address);
        assert_eq!(kept.get("/reading").field("Connection"), None);
        let mut watcher = Client::connect(monitor);
        assert_eq!(watcher.get("/health").status, 200);
        server.signal("TERM");
        while watcher.get("/health").status == 200 {}
        assert_eq!(watcher.get("/health").status, 503);
        // What was asked before it was told is answered as before.
        while kept.get("/reading").field("Connection") != Some("close") {}
        assert_eq!(kept.rest(), 0, "{model}");
        let mut new = Client::connect(server.address);
        assert_eq!(new.get("/reading").field("Connection"), Some("close"), "{model}: who comes is still answered");
        // A second signal ends the delay, and a third would end the rest.
        server.signal("TERM");
        assert_eq!(server.end().code(), Some(0), "{model}");
    }
}

#[test]
fn a_path_will_do() {
    let tree = Tree::with(&[("small", "small")]);
    let path = tree.path().join("metrics.sock");
    let place = format!("unix:{}", path.display());
    let mut server = Server::serve_with(&tree.public(), &["--metrics", &place]);
    assert_eq!(server.output.wait_for(1), [format!("metrics {place}")]);
    let mut client = Client::connect(server.address);
    client.send(get("/small"));
    assert_eq!(client.response().text(), "small");
    assert!(ask(&path, "/metrics").contains("\nwirenut_requests_total{code=\"2xx\"} 1\n"));
    server.signal("TERM");
    assert_eq!((server.end().code(), path.exists()), (Some(0), false));
}
