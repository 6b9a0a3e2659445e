//! `wirenut ws`, against servers that behave and some that do not.

use alloc::sync::Arc;
use core::time::Duration;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;

use tungstenite::Message;
use wirenut::http::service::routes;
use wirenut::websocket::handshake::{DeflateSupport, ServerHandshake};
use wirenut::websocket::{CloseCode, InPieces, MessageHandler, Next, Outbox, Piece, PieceHandler, Upgrade, upgrade};
use wirenut_deflate::PerMessageDeflate;
use wirenut_server::{Config, Server, Stopper};

use crate::process::wirenut;

/// Sends back what comes.
struct Echo;

impl PieceHandler for Echo {
    const ROOM: usize = 14;

    fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
        outbox.piece(piece.kind, piece.bytes, piece.is_last).into()
    }
}

/// Says what it was made with, and closes with a code and a reason.
struct Farewell(Vec<String>, CloseCode, &'static str);

impl MessageHandler for Farewell {
    const ROOM: usize = 1024;
    const PUSHES: bool = true;

    fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next {
        for text in &self.0 {
            outbox.text(text).unwrap();
        }
        match outbox.close(self.1, self.2) {
            Ok(()) => Next::More,
            Err(_) => Next::Close(self.1),
        }
    }
}

const COMPRESSED: Upgrade<'static> = Upgrade {
    handshake: ServerHandshake {
        deflate: Some(DeflateSupport::DEFAULT),
        subprotocols: &["b", "a"],
        ..ServerHandshake::DEFAULT
    },
    ..Upgrade::DEFAULT
};

/// A server, in a thread of its own until the test ends.
struct Served {
    url: String,
    stopper: Stopper,
    thread: Option<thread::JoinHandle<()>>,
}

impl Served {
    fn start() -> Self {
        let server = Server::bind("127.0.0.1:0", Config::DEFAULT).unwrap();
        let (url, stopper) = (format!("ws://{}", server.address()), server.stopper());
        let thread = thread::spawn(move || {
            let app = routes!(
                (),
                get("/echo", |_, request, responder| {
                    let accepted = COMPRESSED.accept(request, responder)?;
                    let codec = accepted.deflate.as_ref().map(PerMessageDeflate::of_server);
                    COMPRESSED.begin_with::<_, _, InPieces>(&accepted, responder, Echo, codec)
                }),
                get("/about", |_, request, responder| {
                    let field =
                        |name| String::from_utf8_lossy(request.fields.get(name).unwrap_or_default()).into_owned();
                    let about = ["Origin", "X-One", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"].map(field);
                    upgrade(request, responder, Farewell(about.into(), CloseCode::NORMAL, ""))
                }),
                get("/fail", |_, request, responder| {
                    upgrade(request, responder, Farewell(vec![], CloseCode::INTERNAL_ERROR, "out of order\u{1b}"))
                }),
            );
            server.run(&app).unwrap();
        });
        Self { url, stopper, thread: Some(thread) }
    }

    fn ws(&self, path: &str, options: &[&str], input: &[u8]) -> (Option<i32>, Vec<u8>, String) {
        ws(&[&[format!("{}{path}", self.url).as_str()], options].concat(), input)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stopper.stop();
        let _ = self.thread.take().unwrap().join();
    }
}

/// Runs the command with this on its standard input: its status, what it printed, and what it complained about.
fn ws(arguments: &[&str], input: &[u8]) -> (Option<i32>, Vec<u8>, String) {
    let mut command = wirenut();
    command.arg("ws").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    // A child that has ended does not take it.
    let typing = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    typing.join().unwrap();
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn lines_are_sent_and_answers_printed() {
    let served = Served::start();
    for (options, input, output) in [
        (&[][..], &b"hello\nw\xc3\xb6rld\r\n\nlast"[..], &b"hello\nw\xc3\xb6rld\n\nlast\n"[..]),
        (&["--no-compression"], b"hello\n", b"hello\n"),
        (&["--hex"], b"00 fF\n\n7f7f\n", b"00 ff\n\n7f 7f\n"),
        (&["--binary"], b"\x00\xff\nabc\n", b"\x00\xff\nabc\n"),
        (&[], b"", b""),
    ] {
        assert_eq!(served.ws("/echo", options, input), (Some(0), output.to_vec(), String::new()), "{options:?}");
    }
}

#[test]
fn many_lines_and_long_ones_come_back_in_order() {
    let served = Served::start();
    let lines: String = (0..20_000).map(|n| format!("{n} {}\n", "x".repeat(n % 50))).collect();
    let long = format!("{}\n", (0..60_000).map(|n| format!("{n},")).collect::<String>());
    // More than the buffers of both sockets hold: the client must read what comes back while it sends.
    let longest = format!("{}\n", "x".repeat(12_000_000));
    for input in [lines, long, longest] {
        for options in [&[][..], &["--no-compression"]] {
            let (status, output, errors) = served.ws("/echo", options, input.as_bytes());
            assert_eq!((status, errors.as_str()), (Some(0), ""));
            assert!(output == input.as_bytes(), "{} bytes of {}", output.len(), input.len());
        }
    }
}

#[test]
fn lines_that_cannot_be_sent_are_named_and_others_are_sent() {
    let served = Served::start();
    for (options, input, output, complaint) in [
        (
            &["--hex"][..],
            &b"00\n0g\n01\n"[..],
            &b"00\n01\n"[..],
            "line 2 was not sent: it is not pairs of hexadecimal digits",
        ),
        (&[], b"a\xff\nb\n", b"b\n", "line 1 was not sent: it is not UTF-8 (use --binary)"),
        (&["--limit", "3"], b"abc\nabcd\n", b"abc\n", "line 2 was not sent: it is longer than --limit"),
    ] {
        let (status, printed, errors) = served.ws("/echo", options, input);
        assert_eq!((status, &printed[..]), (Some(1), output), "{options:?}");
        assert_eq!(errors, format!("wirenut: {complaint}\nwirenut: a line was not sent\n"));
    }
}

#[test]
fn the_server_is_told_what_the_options_say() {
    let served = Served::start();
    let options = ["--header", "X-One: 1", "--subprotocol", "a", "--subprotocol", "b", "--no-compression"];
    let origin = served.url.replace("ws:", "http:");
    let (status, output, errors) = served.ws("/about", &[&options[..], &["--origin", &origin]].concat(), b"");
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert_eq!(String::from_utf8(output).unwrap(), format!("{origin}\n1\na, b\n\n"));
    let (_, output, _) = served.ws("/about", &[], b"");
    assert!(
        output.ends_with(b"permessage-deflate; client_max_window_bits, permessage-deflate\n"),
        "{}",
        output.escape_ascii()
    );
}

#[test]
fn how_the_server_ends_decides_the_status() {
    let served = Served::start();
    // Standard input stays open: the server closes first.
    for (path, status, complaint) in
        [("/about", Some(0), ""), ("/fail", Some(1), "wirenut: the server closed with 1011: out of order\\x1b\n")]
    {
        let url = format!("{}{path}", served.url);
        let mut command = wirenut();
        command.args(["ws", &url]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _open = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), str::from_utf8(&output.stderr).unwrap()), (status, complaint));
    }
}

#[test]
fn a_message_longer_than_the_limit_ends_it() {
    let served = Served::start();
    let (status, _, errors) = served.ws("/about", &["--limit", "10"], b"");
    assert_eq!(status, Some(1));
    assert_eq!(errors, "wirenut: closed the connection: the server sent a message that is longer than --limit\n");
}

/// A server that answers each connection with these bytes, and ends it; without any it stays silent.
fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        if answer.is_empty() {
            // Until the client has left.
            let _ = stream.read(&mut request);
        }
        let _ = stream.write_all(answer);
    });
    url
}

#[test]
fn failures_name_the_phase() {
    let (_socket, closed) = crate::process::nobody();
    for (url, complaint) in [
        (format!("ws://{closed}/"), format!("cannot connect to {closed}: Connection refused (os error 111); is the server running?")),
        (answering(b""), "cannot open a WebSocket: the server does not answer".into()),
        (answering(b"HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n"), "cannot open a WebSocket: the server answered 302".into()),
        (answering(b"HTTP/1.1 404 Not"), "cannot open a WebSocket: the server hung up before it had answered".into()),
        (
            answering(b"HTTP/1.1 101 A\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: a\r\n\r\n"),
            "cannot open a WebSocket: the server sent a Sec-WebSocket-Accept that does not answer the key (RFC 6455 4.1)".into(),
        ),
    ] {
        // Only who never answers is waited for until the time is over.
        let limit = if complaint.ends_with("does not answer") { "1" } else { "30" };
        let (status, output, errors) = ws(&[&url, "--timeout", limit], b"");
        assert_eq!((status, output.as_slice()), (Some(1), &b""[..]), "{errors}");
        assert_eq!(errors, format!("wirenut: {complaint}\n"));
    }
    let (status, _, errors) = ws(&[&answering(b"SSH-2.0-a\r\n")], b"");
    assert_eq!(status, Some(1));
    assert!(errors.starts_with("wirenut: cannot open a WebSocket: the answer is not HTTP/1.1: "), "{errors}");
}

/// A server of tungstenite's over TLS, which sends back what comes, with a certificate for that name; and where that lies.
fn secure(name: &str) -> (String, tempfile::NamedTempFile) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key).unwrap());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(made.cert.pem().as_bytes()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let stream = rustls::StreamOwned::new(session, stream.unwrap());
            let Ok(mut socket) = tungstenite::accept(stream) else { continue };
            while let Ok(message) = socket.read() {
                if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
                    break;
                }
            }
        }
    });
    (url, file)
}

#[test]
fn a_websocket_over_tls_is_one() {
    let (url, certificate) = secure("localhost");
    let path = certificate.path().to_str().unwrap();
    let lines: String = (0..2_000).map(|n| format!("{n} {}\n", "x".repeat(n % 500))).collect();
    // More than the buffers of both sockets and of TLS hold: the client must read what comes back while it sends.
    let long = format!("{}\n", "x".repeat(12_000_000));
    for (options, input) in
        [(["--cacert", path], "hello\n"), (["--cacert", path], &lines), (["--timeout=20", "--insecure"], &long)]
    {
        let (status, output, errors) = ws(&[&[&*url], &options[..]].concat(), input.as_bytes());
        assert_eq!((status, errors.as_str()), (Some(0), ""), "{options:?}");
        assert!(output == input.as_bytes(), "{} bytes of {}", output.len(), input.len());
    }
}

#[test]
fn nobody_is_trusted_without_reason() {
    let (url, _) = secure("localhost");
    let (other, certificate) = secure("other.example");
    let path = certificate.path().to_str().unwrap();
    let plain = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n").replace("ws:", "wss:");
    for (arguments, complaint) in [
        (&[&*url][..], "trusted here (--cacert FILE"),
        (&[&*other, "--cacert", path], "is not for localhost, but for other.example ("),
        (&[&*plain, "-k"], "corrupt message"),
    ] {
        let (status, _, errors) = ws(arguments, b"");
        assert_eq!(status, Some(1));
        assert!(errors.starts_with("wirenut: cannot agree on TLS with 127.0.0.1:"), "{errors}");
        assert!(errors.contains(complaint) && errors.lines().count() == 1, "{errors}");
    }
    for (path, why) in [
        ("/nowhere", "No such file or directory (os error 2)"),
        ("/dev/null", "there is none in it (-----BEGIN CERTIFICATE-----)"),
    ] {
        let (status, _, errors) = ws(&[&url, "--cacert", path], b"");
        let expected = format!("wirenut: cannot read the certificates of '{path}': {why}\n");
        assert_eq!((status, errors), (Some(1), expected));
    }
}

/// What openssl-req(1) makes is the certificate of an authority, unless it is asked for another one.
#[test]
fn a_certificate_of_an_authority_is_none_of_a_server() {
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(certificate.pem().as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("//localhost:{}/", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            // The client refuses, and that is read here.
            let _ = rustls::StreamOwned::new(session, stream.unwrap()).read(&mut [0; 100]);
        }
    });
    for (command, scheme, status) in [("ws", "wss:", 1), ("get", "https:", 60)] {
        let (found, _, errors) =
            crate::process::run(&[command, "--cacert", path, "--noproxy=*", &format!("{scheme}{place}")]);
        assert_eq!(found, Some(status), "{errors}");
        assert!(errors.contains("the server's certificate is that of an authority (CA:TRUE)"), "{errors}");
        assert!(!errors.contains("CaUsedAsEndEntity") && errors.lines().count() == 1, "{errors}");
    }
}

/// A proxy that opens tunnels; and the heads that it got.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, heads) = (listener.local_addr().unwrap().to_string(), Arc::new(Mutex::new(Vec::new())));
    let noted = Arc::clone(&heads);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut client = stream.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let mut server = TcpStream::connect(head.split(' ').nth(1).unwrap()).unwrap();
            noted.lock().unwrap().push(head);
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
            let _ = std::io::copy(&mut server, &mut client);
            let _ = client.shutdown(std::net::Shutdown::Write);
        }
    });
    (address, heads)
}

#[test]
fn a_proxy_is_asked_for_a_tunnel() {
    let (served, (secure, _file), (proxy, heads)) = (Served::start(), secure("localhost"), proxy());
    let plain = format!("{}/echo", served.url);
    let option = format!("http://me:secret@{proxy}");
    for url in [&plain, &secure] {
        let (status, output, errors) = ws(&[url, "-k", "--proxy", &option], b"hello\n");
        assert_eq!((status, errors.as_str(), &output[..]), (Some(0), "", &b"hello\n"[..]));
    }
    // The environment names it, and an option does without.
    for (options, is_through) in [(&[][..], true), (&["--noproxy", "127.0.0.1"], false), (&["--proxy", ""], false)] {
        heads.lock().unwrap().clear();
        let mut command = wirenut();
        command.args(["ws", &plain]).args(options).env("http_proxy", &proxy).stdin(Stdio::null());
        assert!(command.status().unwrap().success());
        assert_eq!(heads.lock().unwrap().len(), usize::from(is_through), "{options:?}");
    }
    heads.lock().unwrap().clear();
    let _ = ws(&[&secure, "-k", "--proxy", &option], b"");
    let head = heads.lock().unwrap().remove(0);
    assert!(head.starts_with("CONNECT localhost:") && head.contains("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
}

/// Python's `websockets` as the server: what it sends and understands is what others do.
const PYTHON: &str = r#"
import asyncio, sys
from websockets.asyncio.server import serve
async def echo(socket):
    async for message in socket:
        await socket.send(message)
async def main():
    async with serve(echo, "127.0.0.1", 0, max_size=None) as server:
        print("ws://127.0.0.1:%d/" % server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
"#;

#[test]
#[ignore = "needs Python's websockets: .ci/run peers"]
fn it_speaks_with_websockets_of_python() {
    let mut python = std::process::Command::new("python3");
    let mut python = python.args(["-c", PYTHON]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(python.stdout.take().unwrap()), &mut url).unwrap();
    let lines: String = (0..2_000).map(|n| format!("{n} {}\n", "word ".repeat(n % 200))).collect();
    let results = [&[][..], &["--no-compression"]].map(|options: &[&str]| {
        let mut command = wirenut();
        command.args(["ws", url.trim_end()]).args(options).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        // Python drops what it has not answered when a Close comes: so the input ends behind the last answer.
        let mut answers = vec![0; lines.len()];
        thread::scope(|scope| {
            let typing = scope.spawn(|| stdin.write_all(lines.as_bytes()));
            stdout.read_exact(&mut answers).unwrap();
            typing.join().unwrap().unwrap();
        });
        drop(stdin);
        (child.wait().unwrap().code(), answers)
    });
    python.kill().unwrap();
    python.wait().unwrap();
    for (status, answers) in results {
        assert_eq!(status, Some(0));
        assert!(answers == lines.as_bytes(), "other answers");
    }
}

/// Messages of all lengths at which something changes, from a server that is not ours.
#[test]
fn what_tungstenite_sends_comes_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut socket = tungstenite::accept(stream).unwrap();
        for length in [0, 1, 125, 126, 65_535, 65_536, 100_000] {
            let text: String = "äbc水".chars().cycle().take(length / 4).collect();
            for message in [Message::text(text), Message::binary(vec![0xa5; length])] {
                socket.send(message.clone()).unwrap();
                assert!(socket.read().unwrap() == message, "{length} bytes");
            }
            socket.send(Message::Ping("alive".into())).unwrap();
            assert_eq!(socket.read().unwrap(), Message::Pong("alive".into()));
        }
        socket.close(None).unwrap();
        assert!(matches!(socket.read(), Ok(Message::Close(_))));
        assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
    });
    assert_eq!(ws(&[&url, "--echo"], b""), (Some(0), Vec::new(), String::new()));
    server.join().unwrap();
}
