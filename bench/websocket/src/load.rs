//! The load: a message on its way on each connection, from one thread; each echo is read to its end.

use std::io::{Read, Write};
use std::net::TcpStream;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Opens the connections, sends a tenth of the messages, says that it is warm and waits for a line, and sends the others.
pub fn run(address: &str, connections: usize, bytes: usize, messages: usize) {
    let mut streams: Vec<TcpStream> = (0..connections).map(|_| connect(address)).collect();
    let frame = masked_frame(bytes);
    exchange(&mut streams, &frame, bytes, messages / 10);
    println!("warm");
    std::io::stdin().read_line(&mut String::new()).expect("a line");
    exchange(&mut streams, &frame, bytes, messages);
    println!("done");
    std::io::stdin().read_line(&mut String::new()).expect("a line");
}

fn connect(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a server");
    stream.set_nodelay(true).expect("a socket");
    stream.write_all(REQUEST.as_bytes()).expect("a server");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("an answer");
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", head.escape_ascii());
    stream
}

fn masked_frame(bytes: usize) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![0x82];
    match bytes {
        0..=125 => frame.push(0x80 | bytes as u8),
        126..=65_535 => {
            frame.push(0x80 | 126);
            frame.extend((bytes as u16).to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((bytes as u64).to_be_bytes());
        }
    }
    frame.extend(key);
    frame.extend((0..bytes).map(|at| (at * 7) as u8 ^ key[at % 4]));
    frame
}

fn exchange(streams: &mut [TcpStream], frame: &[u8], bytes: usize, messages: usize) {
    let mut buffer = vec![0; bytes.max(4096) + 64];
    for _ in 0..messages / streams.len() {
        for stream in &mut *streams {
            stream.write_all(frame).expect("a server");
        }
        for stream in &mut *streams {
            receive(stream, bytes, &mut buffer);
        }
    }
}

/// Reads frames up to the final one.
fn receive(stream: &mut TcpStream, bytes: usize, buffer: &mut [u8]) {
    let (mut start, mut end, mut length) = (0, 0, 0);
    loop {
        // How long is the frame that begins here?
        let head = &buffer[start..end];
        let needed = match head.get(1) {
            None => None,
            Some(126) => head.get(2..4).map(|two| (4, usize::from(u16::from_be_bytes([two[0], two[1]])))),
            Some(127) => {
                head.get(6..10).map(|four| (10, u32::from_be_bytes([four[0], four[1], four[2], four[3]]) as usize))
            }
            Some(short) => Some((2, usize::from(*short))),
        };
        match needed {
            Some((header, payload)) if head.len() >= header + payload => {
                let is_final = head[0] & 0x80 != 0;
                length += payload;
                start += header + payload;
                if is_final {
                    assert_eq!((length, start), (bytes, end), "an echo");
                    return;
                }
            }
            _ => {
                buffer.copy_within(start..end, 0);
                (start, end) = (0, end - start);
                let count = stream.read(&mut buffer[end..]).expect("an echo");
                assert!(count > 0, "an echo");
                end += count;
            }
        }
    }
}
