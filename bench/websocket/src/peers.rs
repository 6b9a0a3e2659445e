//! The peers: a task for each connection, all on one thread of tokio's. The handshake is the same for all, with the answer to
//! the one key that the load has: it is not measured.

use fastwebsockets::{FragmentCollector, OpCode, Role as FastRole, WebSocket};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use wtx::collection::Vector;
use wtx::rng::Xorshift64;
use wtx::web_socket::{OpCode as WtxOpCode, WebSocketBuffer, WebSocketOwned, WebSocketPayloadOrigin};

/// Accepts the key of the load.
pub const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

pub fn serve(name: &str) {
    let name = name.to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    let tasks = tokio::task::LocalSet::new();
    runtime.block_on(tasks.run_until(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("{}", listener.local_addr().expect("an address"));
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let name = name.clone();
            tokio::task::spawn_local(async move {
                stream.set_nodelay(true).expect("a socket");
                let stream = shake_hands(stream).await;
                match name.as_str() {
                    "tungstenite" => tungstenite(stream).await,
                    "fastwebsockets" => fastwebsockets(stream).await,
                    "wtx" => wtx(stream).await,
                    _ => panic!("no such peer"),
                }
            });
        }
    }));
}

async fn shake_hands(mut stream: TcpStream) -> TcpStream {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut request).await.is_ok_and(|count| count > 0), "a request");
    }
    stream.write_all(ANSWER.as_bytes()).await.expect("a client");
    stream
}

async fn tungstenite(stream: TcpStream) {
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn fastwebsockets(stream: TcpStream) {
    let mut socket = FragmentCollector::new(WebSocket::after_handshake(stream, FastRole::Server));
    while let Ok(frame) = socket.read_frame().await {
        if matches!(frame.opcode, OpCode::Text | OpCode::Binary) && socket.write_frame(frame).await.is_err() {
            return;
        }
    }
}

async fn wtx(stream: TcpStream) {
    let buffer = WebSocketBuffer::default();
    let mut socket: WebSocketOwned<(), _, _, false> =
        WebSocketOwned::new((), false, Xorshift64::from(1), stream, buffer);
    let mut message = Vector::new();
    loop {
        let (mut common, mut reader, mut writer) = socket.split_mut();
        let Ok(mut frame) = reader.read_frame(&mut message, &mut common, WebSocketPayloadOrigin::Adaptive).await else {
            return;
        };
        let is_message = matches!(frame.op_code(), WtxOpCode::Text | WtxOpCode::Binary);
        if is_message && writer.write_frame(&mut common, &mut frame).await.is_err() {
            return;
        }
        message.clear();
    }
}
