//! Compares decoders of the chunked transfer coding: see the usage, and `bench/chunked` for what is compared.

mod hyper;

use core::hint::black_box;
use std::time::Instant;

use wirenut::http::{Context, Limits, Response, ServerConnection, ServerEvent, Status};

const USAGE: &str = "\
Usage: chunked                       compares all readers in chunks of all sizes, in time; takes some seconds
       chunked --count SIZE READER N reads the same content N times, for a program that counts instructions";

/// Bytes of content in each request.
const CONTENT: usize = 128 * 1024;

/// Bytes of content in each chunk.
const SIZES: [usize; 5] = [1, 16, 256, 4 * 1024, 64 * 1024];

/// How many times each request is read by each reader, in turns.
const ROUNDS: usize = 300;

/// The same content in chunks, and with its length in front of it: a request's head and body.
struct Requests {
    chunked: Vec<u8>,
    /// Where the body begins that is chunked.
    body: usize,
    plain: Vec<u8>,
}

/// A reader reads one request, and returns how many bytes of content are in it.
type Reader = fn(&Requests) -> usize;

const READERS: &[(&str, Reader)] = &[
    ("httparse", |requests| read_httparse(&requests.chunked[requests.body..])),
    ("wirenut", |requests| read_wirenut(&requests.chunked)),
    ("hyper", |requests| hyper::read(&requests.chunked)),
    ("wirenut-plain", |requests| read_wirenut(&requests.plain)),
    ("hyper-plain", |requests| hyper::read(&requests.plain)),
];

fn main() {
    wirenut_bench::with_arguments(USAGE, |arguments| match *arguments {
        [] => {
            compare();
            Some(())
        }
        ["--count", size, reader, count] => count_reads(size, reader, count),
        _ => None,
    });
}

fn count_reads(size: &str, reader: &str, count: &str) -> Option<()> {
    let requests = requests(size.parse().ok().filter(|&size| size > 0)?);
    let (_, reader) = READERS.iter().find(|known| known.0 == reader)?;
    for _ in 0..count.parse().ok()? {
        read(*reader, &requests);
    }
    Some(())
}

/// Prints the table: nanoseconds per chunk and, in parentheses, times the first reader.
fn compare() {
    print!("| bytes in a chunk |");
    READERS.iter().for_each(|(name, _)| print!(" {name} |"));
    print!("\n|---:|");
    READERS.iter().for_each(|_| print!("---:|"));
    println!();
    for size in SIZES {
        let requests = requests(size);
        let mut best = [f64::INFINITY; READERS.len()];
        for _ in 0..ROUNDS {
            for ((_, reader), best) in READERS.iter().zip(&mut best) {
                let start = Instant::now();
                read(*reader, &requests);
                *best = best.min(start.elapsed().as_nanos() as f64);
            }
        }
        print!("| {size} |");
        best.iter().for_each(|time| print!(" {:.1} ({:.2}) |", time / (CONTENT / size) as f64, time / best[0]));
        println!();
    }
}

fn read(reader: Reader, requests: &Requests) {
    assert_eq!(reader(black_box(requests)), CONTENT);
}

fn requests(size: usize) -> Requests {
    let content = vec![b'x'; CONTENT];
    let mut chunked = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let body = chunked.len();
    for chunk in content.chunks(size) {
        chunked.extend(format!("{:x}\r\n", chunk.len()).bytes());
        chunked.extend(chunk);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    let mut plain = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {CONTENT}\r\n\r\n").into_bytes();
    plain.extend(content);
    Requests { chunked, body, plain }
}

/// A connection with one request, which is answered.
fn read_wirenut(mut unread: &[u8]) -> usize {
    let cx = Context { now: wirenut::time::Instant::START, limits: &Limits::DEFAULT, date: None };
    let mut connection = ServerConnection::new(&cx);
    let (mut content, mut store) = (0, [0; 1024]);
    loop {
        let (used, event) = connection.receive(&cx, unread, &mut store).expect("a right request");
        unread = &unread[used..];
        match event {
            ServerEvent::Head(head) => _ = black_box(head),
            ServerEvent::Body(piece) => {
                content += black_box(piece).len();
                connection.take_body(&cx, piece.len());
                unread = &unread[piece.len()..];
            }
            ServerEvent::End(_) => break,
            ServerEvent::NeedMore | ServerEvent::Paused | ServerEvent::Closed => panic!("a cut request"),
        }
    }
    let mut out = [0; 256];
    connection.respond(&cx, &Response::new(Status::OK), &mut out).expect("room");
    connection.finish(&cx).expect("complete");
    black_box(out);
    content
}

/// The loop that one writes around httparse: no bound, no trailer fields, no pieces.
fn read_httparse(mut unread: &[u8]) -> usize {
    let mut content = 0;
    loop {
        let Ok(httparse::Status::Complete((used, size))) = httparse::parse_chunk_size(unread) else {
            panic!("no chunk");
        };
        let size = usize::try_from(size).expect("a chunk that is here");
        let (chunk, rest) = unread[used..].split_at(size);
        content += black_box(chunk).len();
        unread = rest.strip_prefix(b"\r\n").expect("the end of a chunk");
        if size == 0 {
            return content;
        }
    }
}
