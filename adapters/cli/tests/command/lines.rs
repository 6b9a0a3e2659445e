//! What is printed while it runs: one line for each request, one for each fault, and no client writes either.

use core::net::SocketAddr;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use wirenut_tests::tools::has;

use crate::client::{Client, get};
use crate::process::{Server, wirenut};
use crate::tree::Tree;

#[test]
fn each_request_has_one_line() {
    let tree = Tree::with(&[("small", "small"), ("dir/index.html", "")]);
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    client.get("/small?a=b");
    client.head_of("/small");
    client.get("/dir");
    client.get("/missing");
    client.get("/%0d%0a127.0.0.1:1%20GET%20/%20200");
    client.get("/%1b[2J");
    let expected = [
        "GET /small?a=b 200 5",
        "HEAD /small 200 0",
        "GET /dir 301 68",
        "GET /missing 404 96",
        "GET /%0d%0a127.0.0.1:1%20GET%20/%20200 404 96",
        "GET /%1b[2J 404 96",
    ];
    assert_eq!(server.output.wait_for_requests(6), expected);
    for line in server.output.all() {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words.len(), 6, "{line}");
        assert!(words[0].starts_with("127.0.0.1:") && words[5].ends_with("ms"), "{line}");
        assert!(line.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{line:?}");
    }
}

/// There need not be anything to be loaded anew.
#[test]
fn a_hangup_ends_nobody_who_has_no_terminal() {
    let tree = Tree::with(&[("small", "small")]);
    let mut server = Server::serve(&tree.public());
    server.signal("HUP");
    assert_eq!(Client::connect(server.address).get("/small").text(), "small");
    server.signal("TERM");
    assert_eq!((server.end().code(), server.errors.all()), (Some(0), vec![]));
}

/// Runs the command as the leader of a terminal, has a client ask, and closes the terminal.
const TERMINAL: &str = "
import os, pty, sys, urllib.request
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
line = b''
while not line.endswith(b'\\n'):
    line += os.read(terminal, 1)
urllib.request.urlopen(line.decode().strip(), timeout=30).read()
os.close(terminal)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
";

#[test]
fn the_end_of_its_terminal_is_its_own() {
    if !has("python3") {
        return;
    }
    let tree = Tree::with(&[("index.html", "")]);
    let mut python = Command::new("python3");
    let program = wirenut();
    python.args(["-c", TERMINAL]).arg(program.get_program()).args(["serve", "--listen", "127.0.0.1:0"]);
    let output = python.arg(tree.public()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// Whatever a client says of itself, its line has as many words, or quotes, as any other.
#[test]
fn no_client_writes_more_than_its_words() {
    const FORGED: &[u8] = b"/\" 200 5 \"-\" \"-\" \\\"\t\x80\xff\xc2\x85";
    let tree = Tree::with(&[("small", "small")]);
    let method_line = "G'!#$%&*+-.^_`|~ / HTTP/1.1";
    for (format, sign, count) in [("short", ' ', 5), ("common", '"', 2), ("combined", '"', 6)] {
        let server = Server::serve_with(&tree.public(), &["--log-format", format]);
        let mut client = Client::connect(server.address);
        for line in ["GET /small?'^`{|}-_200_5 HTTP/1.1", method_line, "GET /small?%22%0a HTTP/1.1"] {
            let line = line.as_bytes();
            let request = [line, b"\r\nHost: a\r\nReferer: ", FORGED, b"\r\nUser-Agent: ", FORGED, b"\r\n\r\n"];
            client.send(request.concat());
            client.response();
        }
        for line in server.output.wait_for(3) {
            assert_eq!(line.matches(sign).count(), count, "{line}");
            assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line:?}");
        }
    }
}

#[test]
fn bad_requests_are_answered_and_told() {
    let tree = Tree::with(&[("small", "small")]);
    let server = Server::serve(&tree.public());
    for (request, status, told) in [
        ("GET / HTTP/1.1\nHost: a\n\n", 400, "line feed without carriage return at byte 14 (RFC 9112 2.2)"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "missing Host field at byte 16 (RFC 9112 3.2)"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n",
            400,
            "white space before the colon of a field line at byte 26 (RFC 9112 5.1)",
        ),
        ("GET /\x1b[31m HTTP/1.1\r\n\r\n", 400, "invalid request target at byte 5 (RFC 9112 3.2)"),
        ("GET / HTTP/2.0\r\n\r\n", 505, "unsupported protocol version at byte 11 (RFC 9110 15.6.6)"),
    ] {
        let before = server.errors.all().len();
        let mut client = Client::connect(server.address);
        client.send(request);
        let response = client.response();
        assert_eq!((response.status, response.field("Connection")), (status, Some("close")), "{request:?}");
        assert_eq!(client.rest(), 0);
        let line = server.errors.wait_for(before + 1)[before].clone();
        assert!(line.starts_with("wirenut: 127.0.0.1:") && line.ends_with(&format!(": {told}")), "{line}");
    }
}

#[test]
fn quiet_prints_the_address_only() {
    let tree = Tree::with(&[("small", "small")]);
    let mut server = Server::start(wirenut().args(["serve", "--quiet", "--listen", "127.0.0.1:0"]).arg(tree.public()));
    let mut client = Client::connect(server.address);
    assert_eq!((client.get("/small").status, client.get("/missing").status), (200, 404));
    server.signal("TERM");
    assert!(server.end().success());
    assert_eq!((server.output.all(), server.errors.all()), (vec![], vec![]));
}

/// A server whose output nobody has read but its address, which is the last of these.
fn start(tree: &Tree, errors: Stdio) -> (Child, BufReader<ChildStdout>, SocketAddr) {
    let mut command = wirenut();
    command.arg("serve").arg(tree.public()).args(["--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
    let mut output = BufReader::with_capacity(64, child.stdout.take().unwrap());
    let mut address = String::new();
    output.read_line(&mut address).unwrap();
    let address = address.trim_end().trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    (child, output, address)
}

/// As with `wirenut serve | head -1`.
#[test]
fn an_output_that_is_closed_ends_nothing() {
    let tree = Tree::with(&[("small", "small")]);
    let (mut child, output, address) = start(&tree, Stdio::piped());
    drop((output, child.stderr.take()));
    for _ in 0..10 {
        let mut client = Client::connect(address);
        assert_eq!(client.get("/small").text(), "small");
        client.send("nonsense\r\n\r\n");
        assert_eq!(client.response().status, 400);
    }
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

/// More lines than fit into all that lies between a request and a pipe that nobody reads.
pub(crate) fn ask_much(client: &mut Client) {
    let long = format!("/{}", "a".repeat(900));
    for _ in 0..20 {
        client.send(get(&long).repeat(20));
        for _ in 0..20 {
            assert_eq!(client.response().status, 404);
        }
    }
}

/// A pipe that nobody reads: what does not fit is dropped, and nobody waits.
#[test]
fn an_output_that_is_not_read_holds_up_nobody() {
    let tree = Tree::with(&[("small", "small")]);
    let (mut child, _output, address) = start(&tree, Stdio::null());
    ask_much(&mut Client::connect(address));
    child.kill().unwrap();
    child.wait().unwrap();
}
