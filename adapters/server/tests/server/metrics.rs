//! What is told of a server while it runs, and in the end.

use core::num::NonZeroUsize;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use wirenut::http::Limits;
use wirenut::readiness::WhenFull;
use wirenut::time::{Duration, Pace};
use wirenut_server::{Config, Connections, Model, Report};

use crate::client::{Client, get, post};
use crate::lab::{Running, wait_until};

fn classes(report: &Report) -> [u64; 5] {
    let requests = report.requests;
    [requests.informational, requests.successful, requests.redirection, requests.client_error, requests.server_error]
}

fn states(connections: Connections) -> [u64; 4] {
    [connections.reading, connections.idle, connections.busy, connections.lingering]
}

/// Each request is counted once, whoever answers it: the service at once or later, the connection before it or in its place.
#[test]
fn answers_are_counted_by_class() {
    const CLASSES: [(&str, u16, usize); 8] = [
        ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200, 2),
        ("GET /wait/1 HTTP/1.1\r\nHost: a\r\n\r\n", 200, 2),
        ("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n", 100, 2),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 200, 2),
        ("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 404, 4),
        ("broken\r\n\r\n", 400, 4),
        ("GET /silent HTTP/1.1\r\nHost: a\r\n\r\n", 500, 5),
        ("POST /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400, 4),
    ];
    let server = Running::start(Config::DEFAULT);
    let mut expected = [0; 5];
    for (request, status, class) in CLASSES {
        let mut client = Client::connect(server.address);
        client.send(request);
        assert_eq!(client.head().status, status, "{request}");
        if status == 100 {
            client.send("x");
            assert_eq!(client.head().status, 200);
        }
        expected[class - 1] += 1;
        wait_until(request, || classes(&server.metrics.read()) == expected);
    }
    let report = server.finish();
    assert_eq!((classes(&report), report.accepted), (expected, 8));
}

#[test]
fn pipelined_requests_are_counted_one_by_one() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    client.send(get("/hello").repeat(40) + &get("/nowhere").repeat(2));
    for number in 0..42 {
        assert_eq!(client.response().status, if number < 40 { 200 } else { 404 });
    }
    assert_eq!(classes(&server.finish()), [0, 40, 0, 2, 0]);
}

#[test]
fn bytes_are_counted_heads_and_transfers_included() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    let (head, body) = (post("/echo", 100_000), vec![b'e'; 100_000]);
    client.send(&head);
    client.send(&body);
    let answer = client.response();
    assert_eq!(answer.body, body);
    client.ask("/big/3000000");
    let big = client.response();
    assert_eq!(big.body.len(), 3_000_000);
    let report = server.finish();
    assert_eq!(report.received, (head.len() + body.len() + get("/big/3000000").len()) as u64);
    // Heads, and the frames of chunks.
    let sent = (answer.head.len() + big.head.len() + 100_000 + 3_000_000) as u64;
    assert!((sent..sent + 10_000).contains(&report.sent), "{} {sent}", report.sent);
}

/// Each connection is in one state, and in none when it is gone.
#[test]
fn connections_are_counted_by_what_they_do() {
    for workers in [1, 3] {
        let model = Model::Multiplexed { workers: NonZeroUsize::new(workers).unwrap() };
        let server = Running::start(Config { model, ..Config::DEFAULT });
        let wait = |what, expected: [u64; 4]| {
            wait_until(what, || states(server.metrics.read().connections) == expected);
        };
        wait("nobody", [0; 4]);
        let mut reading = Client::connect(server.address);
        reading.send("GET /he");
        wait("a head has begun", [1, 0, 0, 0]);
        let mut idle = Client::connect(server.address);
        assert_eq!(idle.get("/hello").status, 200);
        assert_eq!(idle.get("/hello").status, 200);
        wait("an answer is sent", [1, 1, 0, 0]);
        let mut busy = Client::connect(server.address);
        busy.ask("/never");
        wait("an exchange waits", [1, 1, 1, 0]);
        let mut lingering = Client::connect(server.address);
        lingering.send("broken\r\n\r\n");
        assert_eq!(lingering.response().status, 400);
        wait("the last answer is sent", [1, 1, 1, 1]);
        drop(lingering);
        wait("one is gone", [1, 1, 1, 0]);
        reading.send("llo HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(reading.response().status, 200);
        wait("its head has come", [0, 2, 1, 0]);
        drop(reading);
        wait("another one is gone", [0, 1, 1, 0]);
        server.stopper.stop_now();
        assert_eq!(states(server.join().connections), [0; 4]);
    }
}

#[test]
fn those_who_give_way_are_counted_no_more() {
    let config = Config { max_connections: 1, min_idle: Duration::default(), ..Config::DEFAULT };
    let server = Running::start(config);
    for _ in 0..3 {
        assert_eq!(Client::connect(server.address).get("/hello").status, 200);
    }
    let mut idle = Client::connect(server.address);
    assert_eq!(idle.get("/hello").status, 200);
    let mut other = Client::connect(server.address);
    assert_eq!(other.get("/hello").status, 200);
    idle.assert_closed();
    wait_until("one is there", || states(server.metrics.read().connections) == [0, 1, 0, 0]);
    let report = server.finish();
    assert_eq!((report.accepted, report.evicted, states(report.connections)), (5, 1, [0; 4]));
}

#[test]
fn who_is_refused_is_no_request() {
    let config = Config { max_connections: 1, evict_idle: false, when_full: WhenFull::Refuse, ..Config::DEFAULT };
    let server = Running::start(config);
    let mut first = Client::connect(server.address);
    assert_eq!(first.get("/hello").status, 200);
    let mut refused = Client::connect(server.address);
    assert_eq!(refused.response().status, 503);
    wait_until("it lingers", || states(server.metrics.read().connections) == [0, 1, 0, 1]);
    drop(refused);
    wait_until("it is gone", || states(server.metrics.read().connections) == [0, 1, 0, 0]);
    let report = server.finish();
    assert_eq!((report.accepted, report.refused, classes(&report)), (1, 1, [0, 1, 0, 0, 0]));
}

#[test]
fn deadlines_are_counted_by_name() {
    const SHORT: Duration = Duration::from_millis(30);
    const PACE: Pace = Pace { grace: SHORT, per_byte: Duration::from_micros(0) };
    /// What a client does after it has sent something.
    #[derive(PartialEq)]
    enum Then {
        Reads,
        ReadsAndStays,
        Stays,
    }
    // None, if this machine was too busy to send in time: then it is tried again.
    let try_to_run = |limits: Limits, send: &str, then: &Then| {
        let server = Running::start(Config { limits, ..Config::DEFAULT });
        let begun = Instant::now();
        let mut client = Client::connect(server.address);
        let sent = client.stream.get_mut().write_all(send.as_bytes());
        if begun.elapsed() >= core::time::Duration::from(SHORT) {
            return None;
        }
        sent.unwrap();
        if *then != Then::Stays {
            client.rest();
        }
        let _stays = (*then != Then::Reads).then_some(client);
        wait_until(send, || {
            let report = server.metrics.read();
            report.accepted == 1 && states(report.connections) == [0; 4]
        });
        let deadlines = server.finish().deadlines;
        Some([deadlines.head, deadlines.body, deadlines.write, deadlines.idle, deadlines.linger])
    };
    let run = |limits: Limits, send: &str, then: Then| {
        let counts = (0..50).find_map(|_| try_to_run(limits, send, &then));
        counts.expect("this machine was too busy each time")
    };
    let limits = Limits::DEFAULT;
    assert_eq!(run(Limits { head: SHORT, ..limits }, "GET / HT", Then::Reads), [1, 0, 0, 0, 0]);
    let idle = Limits { idle: SHORT, ..limits };
    assert_eq!(run(idle, &get("/hello"), Then::Reads), [0, 0, 0, 1, 0]);
    let body = Limits { body: PACE, ..limits };
    assert_eq!(run(body, &post("/sink", 10), Then::Reads), [0, 1, 0, 0, 0]);
    let write = Limits { write: PACE, ..limits };
    assert_eq!(run(write, &get("/big/1000000000"), Then::Stays), [0, 0, 1, 0, 0]);
    // Longer than a system waits before it acknowledges our end.
    let linger = Limits { linger: Duration::from_millis(300), ..limits };
    assert_eq!(run(linger, "broken\r\n\r\n", Then::ReadsAndStays), [0, 0, 0, 0, 1]);
}

/// Prints the samples of all families, with type, labels and value, after a check that each has a help.
const PARSER: &str = "
import sys
from prometheus_client.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.documentation and family.samples, family
    for sample in family.samples:
        labels = ','.join(f'{name}={value}' for name, value in sample.labels.items())
        print(family.type, sample.name, labels, int(sample.value))
";

#[test]
#[ignore = "needs python3 with prometheus_client: `.ci/run peers` brings it along"]
fn a_parser_of_prometheus_reads_the_metrics() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/hello").status, 200);
    assert_eq!(client.get("/nowhere").status, 404);
    wait_until("both are counted", || classes(&server.metrics.read()) == [0, 1, 0, 1, 0]);
    let mut text = String::new();
    server.metrics.write_prometheus(&mut text).unwrap();
    let mut parser =
        Command::new("python3").args(["-c", PARSER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    parser.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = parser.wait_with_output().unwrap();
    assert!(output.status.success());
    let read = String::from_utf8(output.stdout).unwrap();
    // All samples, in the words of the parser.
    let mut kind = "";
    let ours: Vec<String> = text
        .lines()
        .filter_map(|line| {
            if let Some(declared) = line.strip_prefix("# TYPE ") {
                kind = declared.split(' ').nth(1).unwrap();
            }
            let (sample, value) = line.rsplit_once(' ').filter(|_| !line.starts_with('#'))?;
            let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
            Some(format!("{kind} {name} {} {value}", labels.replace(['"', '}'], "")))
        })
        .collect();
    assert_eq!(read.lines().collect::<Vec<_>>(), ours);
    assert!(ours.contains(&"counter wirenut_requests_total code=4xx 1".to_owned()), "{ours:?}");
    server.finish();
}
