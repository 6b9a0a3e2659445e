//! Reads heads with our connection and with its peers, and compares. `bench/heads` runs it and counts instructions.
//!
//! Ours takes every decision that framing needs and makes no table of fields; the peers make a table and take none.

mod fixed;
mod inputs;
#[cfg(feature = "picohttpparser")]
mod picohttpparser;
mod plain_nom;

use core::hint::black_box;
use core::mem::MaybeUninit;
use core::time::Duration;
use std::time::Instant;

use inputs::Input;
use wirenut::http::{Context, Event, Limits, ServerConnection};

const USAGE: &str = "\
Usage: heads                        compares all parsers on all inputs, in time; takes about half a minute
       heads --count INPUT PARSER N reads an input N times with one parser, for a program that counts instructions";

/// A parser reads one head, and returns something of it.
type Parser = fn(&[u8]) -> usize;

const PARSERS: &[(&str, Parser)] = &[
    ("httparse", read_httparse),
    ("wirenut", read_wirenut),
    ("nom", read_nom),
    #[cfg(feature = "picohttpparser")]
    ("picohttpparser", picohttpparser::read),
];

/// How many times each input is read by each parser, in turns.
const ROUNDS: usize = 400;

/// How long one turn takes, about.
const TURN: Duration = Duration::from_micros(500);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [] => {
            compare();
            true
        }
        ["--count", input, parser, count] => count_reads(input, parser, count).is_some(),
        _ => false,
    };
    if !done {
        eprintln!("{USAGE}");
        std::process::exit(2);
    }
}

fn count_reads(input: &str, parser: &str, count: &str) -> Option<()> {
    let input = inputs::all().into_iter().find(|known| known.name == input)?;
    let (_, parser) = PARSERS.iter().find(|known| known.0 == parser)?;
    read_all(&input, *parser, count.parse().ok()?);
    Some(())
}

#[inline(never)]
fn read_all(input: &Input, parser: Parser, times: usize) {
    for _ in 0..times {
        for head in &input.heads {
            black_box(parser(black_box(head)));
        }
    }
}

/// Prints the table: nanoseconds per head and, in parentheses, times httparse.
fn compare() {
    print!("| input | bytes |");
    PARSERS.iter().for_each(|(name, _)| print!(" {name} |"));
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
    let times: Vec<usize> = PARSERS.iter().map(|(_, parser)| times_of_a_turn(input, *parser)).collect();
    let mut best = vec![f64::INFINITY; PARSERS.len()];
    for _ in 0..ROUNDS {
        for (((_, parser), times), best) in PARSERS.iter().zip(&times).zip(&mut best) {
            let start = Instant::now();
            read_all(input, *parser, *times);
            let heads = (times * input.heads.len()) as f64;
            *best = best.min(start.elapsed().as_nanos() as f64 / heads);
        }
    }
    best
}

fn times_of_a_turn(input: &Input, parser: Parser) -> usize {
    let mut times = 1;
    loop {
        let start = Instant::now();
        read_all(input, parser, times);
        if start.elapsed() >= TURN {
            return times;
        }
        times *= 2;
    }
}

fn read_wirenut(bytes: &[u8]) -> usize {
    let cx = Context { now: black_box(wirenut::time::Instant::START), limits: &Limits::DEFAULT, date: None };
    let mut connection = ServerConnection::new(&cx);
    match connection.receive(&cx, bytes) {
        Ok((used, Event::Head(ref head))) => {
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

fn read_nom(bytes: &[u8]) -> usize {
    match plain_nom::head(bytes) {
        Ok((rest, head)) => {
            black_box((head.method, head.target, head.minor, &head.fields, head.field_count));
            bytes.len() - rest.len()
        }
        Err(_) => panic!("no head"),
    }
}
