//! Servers that are not ours.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;

use tungstenite::Message;

use super::ws;
use crate::process::wirenut;

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
