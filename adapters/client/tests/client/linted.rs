//! What the client sends, read by strict servers: ours, which refuses whatever two parsers could read in two ways, and nginx.

use alloc::sync::Arc;
use core::convert::Infallible;
use std::fs;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Fields, Method, RequestHead, Response, Status, WriteError};
use wirenut_client::{Body, Client, Proxies, Proxy, RequestBuilder};
use wirenut_server::{Config, Server};

use crate::lab::builder;
use crate::peers::{Program, comes_up};

const CONTENT: &[u8] = &[b'x'; 100_000];

/// Notes what it has understood: the request line, and the length of the content.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<(String, usize)>>>);

impl Service for Notes {
    type Exchange = (String, usize);
    type Source = Infallible;

    fn request(&self, head: &RequestHead<'_>, _: &mut Responder<'_>) -> Result<((String, usize), Step), WriteError> {
        let [method, target] = [head.method.as_bytes(), head.target.raw()].map(String::from_utf8_lossy);
        Ok(((format!("{method} {target}"), 0), Step::More))
    }

    fn body(
        &self,
        exchange: &mut (String, usize),
        piece: &[u8],
        _: &mut Responder<'_>,
    ) -> Result<(usize, Step), WriteError> {
        exchange.1 += piece.len();
        Ok((piece.len(), Step::More))
    }

    fn end(
        &self,
        exchange: &mut (String, usize),
        _: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step, WriteError> {
        // A success to CONNECT would begin a tunnel.
        let status = if exchange.0.starts_with("CONNECT") { Status::METHOD_NOT_ALLOWED } else { Status::OK };
        responder.send(&Response::new(status), b"ok")?;
        self.0.lock().unwrap().push(exchange.clone());
        Ok(Step::Done)
    }
}

/// What is done to a request, and how long its content is then.
type Change = (&'static str, usize, fn(RequestBuilder<'static>) -> RequestBuilder<'static>);

/// Each kind of content.
const BODIES: [Change; 9] = [
    ("none", 0, |request| request),
    ("empty", 0, |request| request.body("")),
    ("bytes", 100_000, |request| request.body(CONTENT)),
    ("a string", 5, |request| request.body(String::from("hello"))),
    ("chunks", 100_000, |request| request.body(Body::reader(CONTENT))),
    ("no chunk", 0, |request| request.body(Body::reader(&b""[..]))),
    ("a reader of that length", 100_000, |request| request.body(Body::reader_with_length(CONTENT, 100_000))),
    ("what can be read again", 100_000, |request| request.body(Body::seekable(Cursor::new(CONTENT)).unwrap())),
    ("after a 100", 100_000, |request| request.body(CONTENT).expect_continue(true)),
];

/// Each kind of field, and what else may be said of a request.
const FIELDS: [Change; 9] = [
    ("nothing", 0, |request| request),
    ("fields", 0, |request| request.header("X-One", "1").header("x-one", "").header("X-Two", "a, \"b\"\t")),
    ("bytes above ASCII", 0, |request| request.header("X-Name", "Zoë".as_bytes())),
    ("those that it adds otherwise", 0, |request| request.header("user-agent", "me").header("ACCEPT", "text/html")),
    ("a user", 0, |request| request.basic_auth("me", "päss:word")),
    ("a token", 0, |request| request.bearer_auth("abc.def-ghi_jkl~mno+pqr/stu=")),
    ("conditions", 0, |request| request.header("If-None-Match", "\"a\", W/\"b\"").header("Range", "bytes=0-1")),
    ("cookies", 0, |request| request.header("Cookie", "a=b; c=d").header("Cookie", "e=f")),
    ("many fields", 0, |request| (0..60).fold(request, |request, n| request.header(format!("X-{n}"), "y".repeat(60)))),
];

const TARGETS: [&str; 7] = ["/", "", "/a/../b", "?", "/a?b=c&d=%20e", "//a//b;c", "/%C3%BC~!$&'()*+,=:@"];

const METHODS: [Method<'static>; 8] = [
    Method::Get,
    Method::Head,
    Method::Post,
    Method::Put,
    Method::Delete,
    Method::Options,
    Method::Patch,
    Method::Connect,
];

/// Sends every kind of request, and returns how many; none of them is refused as malformed.
fn send_all(client: &Client, origin: &str, methods: &[Method<'static>]) -> usize {
    let mut count = 0;
    let mut ask = |what: &str, request: RequestBuilder<'_>| {
        let response = request.send().unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(matches!(response.status().code(), 200 | 405), "{what}: {}", response.status());
        count += 1;
    };
    for method in methods.iter().copied() {
        for (body, _, with_body) in BODIES {
            let what = format!("{} with {body}", String::from_utf8_lossy(method.as_bytes()));
            let is_connect = method == Method::Connect;
            // What is sent behind CONNECT is not HTTP.
            if !is_connect || body == "none" {
                ask(&what, with_body(client.request(method, format!("{origin}/body"))));
            }
        }
    }
    for (fields, _, with_fields) in FIELDS {
        ask(fields, with_fields(client.get(format!("{origin}/fields"))));
        ask(fields, with_fields(client.put(format!("{origin}/fields"))).body(Body::reader(CONTENT)));
    }
    for target in TARGETS {
        ask(target, client.get(format!("{origin}{target}")));
    }
    let with_user = origin.replace("http://", "http://me:p%40ss@");
    ask("a user in the URL", client.get(with_user));
    count
}

#[test]
fn our_server_takes_all_that_the_client_sends() {
    let notes = Notes::default();
    let server = Server::bind("127.0.0.1:0", Config::DEFAULT).unwrap();
    let (address, stopper) = (server.address().to_string(), server.stopper());
    let served = notes.clone();
    let running = thread::spawn(move || server.run(&served).unwrap());
    let origin = format!("http://{address}");
    // As an origin, and as a proxy: the target is a path, or a whole URL.
    let proxy = Proxies::all(&Proxy::parse(&format!("u:p@{address}")).unwrap());
    for (client, origin) in [(builder().build(), &*origin), (builder().proxies(proxy).build(), "http://host.invalid")] {
        notes.0.lock().unwrap().clear();
        let count = send_all(&client, origin, &METHODS);
        let seen = notes.0.lock().unwrap().clone();
        assert_eq!(seen.len(), count);
        let bodies: Vec<_> =
            seen.iter().filter(|(line, _)| line.ends_with("/body")).map(|(_, length)| *length).collect();
        let expected = METHODS.iter().filter(|method| **method != Method::Connect);
        let expected: Vec<_> = expected.flat_map(|_| BODIES.map(|(_, length, _)| length)).collect();
        assert_eq!(bodies, expected, "content was lost, or added");
    }
    stopper.stop();
    running.join().unwrap();
}

#[test]
fn nginx_takes_all_that_the_client_sends() {
    if !wirenut_tests::tools::has("nginx") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let path = folder.path().display();
    let configuration = format!(
        "daemon off; worker_processes 1; pid {path}/pid; error_log {path}/errors;
        events {{ }}
        http {{ access_log off; client_body_temp_path {path}; server {{ listen unix:{path}/socket; location / {{ return 200 ok; }} }} }}"
    );
    fs::write(folder.path().join("conf"), configuration).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-e").arg(folder.path().join("errors")).arg("-c").arg(folder.path().join("conf"));
    let _nginx = Program::start(command.stderr(Stdio::null()));
    let client = builder().unix_socket(folder.path().join("socket")).build();
    let is_there = || client.get("http://a/").send().is_ok();
    assert!(comes_up(is_there));
    // It reads CONNECT as a target that is no path.
    let methods = METHODS.into_iter().filter(|method| *method != Method::Connect).collect::<Vec<_>>();
    send_all(&client, "http://host.example", &methods);
}
