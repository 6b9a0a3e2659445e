//! Reads heads with our connection and with its peers, and compares. `bench/heads` runs it and counts instructions.
//!
//! Ours takes every decision that framing needs and makes no table of fields; the peers make a table and take none.
//! `wirenut` is the pass alone, as the peers are; `connection` is a connection that is made and receives a head.

mod fixed;
mod inputs;
#[cfg(feature = "picohttpparser")]
mod picohttpparser;
mod plain_nom;

use core::hint::black_box;
use core::mem::MaybeUninit;
use core::time::Duration;
use std::sync::LazyLock;
use std::time::Instant;

use inputs::Input;
use wirenut::http::{
    ClientConnection, ClientEvent, Context, Limits, Method, Request, RequestHead, ResponseHead, ServerConnection,
    ServerEvent,
};

const USAGE: &str = "\
Usage: heads                        compares all parsers on all inputs, in time; takes about half a minute
       heads --count INPUT PARSER N reads an input N times with one parser, for a program that counts instructions";

/// What reads one head, and returns something of it.
type Read = fn(&[u8]) -> usize;

struct Parser {
    name: &'static str,
    request: Read,
    response: Read,
}

impl Parser {
    fn read_of(&self, input: &Input) -> Read {
        if input.are_responses { self.response } else { self.request }
    }
}

const PARSERS: &[Parser] = &[
    Parser { name: "httparse", request: read_httparse, response: read_httparse_response },
    Parser { name: "wirenut", request: read_wirenut, response: read_wirenut_response },
    Parser { name: "connection", request: read_connection, response: read_connection_response },
    Parser { name: "nom", request: read_nom, response: read_nom_response },
    #[cfg(feature = "picohttpparser")]
    Parser { name: "picohttpparser", request: picohttpparser::read, response: picohttpparser::read_response },
];

/// How many times each input is read by each parser, in turns.
const ROUNDS: usize = 400;

/// How long one turn takes, about.
const TURN: Duration = Duration::from_micros(500);

fn main() {
    wirenut_bench::with_arguments(USAGE, |arguments| match *arguments {
        [] => {
            compare();
            Some(())
        }
        ["--count", input, parser, count] => count_reads(input, parser, count),
        _ => None,
    });
}

fn count_reads(input: &str, parser: &str, count: &str) -> Option<()> {
    let input = inputs::all().into_iter().find(|known| known.name == input)?;
    let parser = PARSERS.iter().find(|known| known.name == parser)?;
    read_all(&input, parser.read_of(&input), count.parse().ok()?);
    Some(())
}

#[inline(never)]
fn read_all(input: &Input, read: Read, times: usize) {
    for _ in 0..times {
        for head in &input.heads {
            black_box(read(black_box(head)));
        }
    }
}

/// Prints the table: nanoseconds per head and, in parentheses, times httparse.
fn compare() {
    print!("| input | bytes |");
    PARSERS.iter().for_each(|parser| print!(" {} |", parser.name));
    print!("\n|---|---:|");
    PARSERS.iter().for_each(|_| print!("---:|"));
    println!();
    let mut logarithms = vec![0.0; PARSERS.len()];
    let inputs = inputs::all();
    for input in &inputs {
        let best = measure(input);
        print!("| {} | {} |", input.name, input.bytes());
        for (nanoseconds, sum) in best.iter().zip(&mut logarithms) {
            let ratio = nanoseconds / best[0];
            *sum += ratio.ln();
            print!(" {nanoseconds:.1} ({ratio:.2}) |");
        }
        println!();
    }
    print!("| *geometric mean* | |");
    logarithms.iter().for_each(|sum| print!(" ({:.2}) |", (sum / inputs.len() as f64).exp()));
    println!();
}

/// Nanoseconds per head for each parser: the minimum of many turns, in which all parsers take part one after the other.
fn measure(input: &Input) -> Vec<f64> {
    let reads = PARSERS.iter().map(|parser| parser.read_of(input));
    let turns: Vec<(Read, usize)> = reads.map(|read| (read, times_of_a_turn(input, read))).collect();
    let mut best = vec![f64::INFINITY; PARSERS.len()];
    for _ in 0..ROUNDS {
        for (&(read, times), best) in turns.iter().zip(&mut best) {
            let start = Instant::now();
            read_all(input, read, times);
            let heads = (times * input.heads.len()) as f64;
            *best = best.min(start.elapsed().as_nanos() as f64 / heads);
        }
    }
    best
}

fn times_of_a_turn(input: &Input, read: Read) -> usize {
    let mut times = 1;
    loop {
        let start = Instant::now();
        read_all(input, read, times);
        if start.elapsed() >= TURN {
            return times;
        }
        times *= 2;
    }
}

fn context() -> Context<'static> {
    Context { now: black_box(wirenut::time::Instant::START), limits: &Limits::DEFAULT, date: None }
}

/// All of these heads are usual ones, so that none needs a store.
fn read_wirenut(bytes: &[u8]) -> usize {
    match RequestHead::parse(&Limits::DEFAULT, bytes, &mut []) {
        Ok(Some((used, ref head))) => {
            black_box(head);
            used
        }
        _ => panic!("no head"),
    }
}

fn read_wirenut_response(bytes: &[u8]) -> usize {
    match ResponseHead::parse(&Limits::DEFAULT, &Request::new(Method::Get, "/", "a"), bytes, &mut []) {
        Ok(Some((used, ref head))) => {
            black_box(head);
            used
        }
        _ => panic!("no head"),
    }
}

fn read_connection(bytes: &[u8]) -> usize {
    let cx = context();
    let mut connection = ServerConnection::new(&cx);
    match connection.receive(&cx, bytes, &mut []) {
        Ok((used, ServerEvent::Head(ref head))) => {
            black_box(head);
            used
        }
        _ => panic!("no head"),
    }
}

fn read_connection_response(bytes: &[u8]) -> usize {
    // One that has asked for something.
    static ASKED: LazyLock<ClientConnection> = LazyLock::new(|| {
        let cx = context();
        let mut connection = ClientConnection::new(&cx);
        let asked = connection.request(&cx, &Request::new(Method::Get, "/", "a"), &mut [0; 64]);
        asked.expect("it fits");
        connection
    });
    let cx = context();
    let mut connection = ASKED.clone();
    match connection.receive(&cx, bytes, &mut []) {
        Ok((used, ClientEvent::Head(ref head))) => {
            black_box(head);
            used
        }
        _ => panic!("no head"),
    }
}

fn read_httparse(bytes: &[u8]) -> usize {
    let mut fields = [const { MaybeUninit::uninit() }; plain_nom::FIELDS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut fields) {
        Ok(httparse::Status::Complete(used)) => {
            black_box(&request);
            used
        }
        _ => panic!("no head"),
    }
}

fn read_httparse_response(bytes: &[u8]) -> usize {
    let mut fields = [const { MaybeUninit::uninit() }; plain_nom::FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    match config.parse_response_with_uninit_headers(&mut response, bytes, &mut fields) {
        Ok(httparse::Status::Complete(used)) => {
            black_box(&response);
            used
        }
        _ => panic!("no head"),
    }
}

fn read_nom(bytes: &[u8]) -> usize {
    used_by_nom(bytes, plain_nom::request(bytes))
}

fn read_nom_response(bytes: &[u8]) -> usize {
    used_by_nom(bytes, plain_nom::response(bytes))
}

#[inline(always)]
fn used_by_nom(bytes: &[u8], read: nom::IResult<&[u8], plain_nom::Head<'_>>) -> usize {
    match read {
        Ok((rest, head)) => {
            black_box((head.start, &head.fields, head.field_count));
            bytes.len() - rest.len()
        }
        Err(_) => panic!("no head"),
    }
}
