//! A client that checks nothing and hides nothing.

use core::net::SocketAddr;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::process::PATIENCE;

/// A response: its status, its head, its body.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The value of a field, as its name is written by the server.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn length(&self) -> u64 {
        self.field("Content-Length").unwrap().parse().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        core::str::from_utf8(&self.body).unwrap()
    }
}

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn end_sending(&mut self) {
        self.stream.get_mut().shutdown(Shutdown::Write).unwrap();
    }

    pub(crate) fn get(&mut self, target: &str) -> Response {
        self.send(get(target));
        self.response()
    }

    /// The response to HEAD.
    pub(crate) fn head_of(&mut self, target: &str) -> Response {
        self.send(get(target).replacen("GET", "HEAD", 1));
        self.head()
    }

    pub(crate) fn response(&mut self) -> Response {
        let response = self.head();
        let length = response.length();
        self.body(response, length)
    }

    /// The response with its body.
    pub(crate) fn body(&mut self, mut response: Response, length: u64) -> Response {
        response.body = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut response.body).unwrap();
        response
    }

    /// The head alone.
    pub(crate) fn head(&mut self) -> Response {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.stream.read_line(&mut head).unwrap(), 0, "ended in {head:?}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response { status, head, body: Vec::new() }
    }

    /// So many bytes of a body, given out in pieces of at most `most`.
    pub(crate) fn take(&mut self, length: u64, most: usize, mut piece: impl FnMut(u64, &[u8])) {
        let mut buffer = vec![0; most];
        let mut taken = 0;
        while taken < length {
            let wanted = most.min(usize::try_from(length - taken).unwrap_or(most));
            self.stream.read_exact(&mut buffer[..wanted]).unwrap();
            piece(taken, &buffer[..wanted]);
            taken += wanted as u64;
        }
    }

    /// How many bytes still come before the end, in order or by a reset.
    pub(crate) fn rest(&mut self) -> u64 {
        let mut buffer = vec![0; 1 << 16];
        let mut rest = 0;
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return rest,
                Ok(read) => rest += read as u64,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return rest,
                Err(error) => panic!("{error} after {rest} bytes"),
            }
        }
    }
}

pub(crate) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")
}

pub(crate) fn post(target: &str, body: &str) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
