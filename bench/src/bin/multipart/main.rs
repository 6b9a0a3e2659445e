//! Compares readers of multipart/form-data: see the usage, and `bench/multipart` for what is compared.

mod inputs;
mod multer;

use core::hint::black_box;
use std::time::Instant;

use inputs::Input;
use wirenut::http::multipart::{Boundary, Event, Limits, Parser};

const USAGE: &str = "\
Usage: multipart                       compares the readers on all inputs, in time; takes some seconds
       multipart --count INPUT READER N reads an input N times, for a program that counts instructions";

/// Bytes in each piece: what a server reads at once, and what a packet holds.
const PIECES: [usize; 2] = [64 * 1024, 1460];

/// How many times each form is read by each reader, in turns.
const ROUNDS: usize = 60;

/// A reader reads a form in pieces of so many bytes, and returns how many bytes of content are in it.
type Reader = fn(&Input, usize) -> usize;

const READERS: &[(&str, Reader)] = &[("multer", multer::read), ("wirenut", read_wirenut)];

fn main() {
    wirenut_bench::with_arguments(USAGE, |arguments| match *arguments {
        [] => {
            compare();
            Some(())
        }
        ["--count", input, reader, count] => count_reads(input, reader, count),
        _ => None,
    });
}

fn count_reads(input: &str, reader: &str, count: &str) -> Option<()> {
    let input = inputs::all().into_iter().find(|known| known.name == input)?;
    let (_, reader) = READERS.iter().find(|known| known.0 == reader)?;
    for _ in 0..count.parse().ok()? {
        read(*reader, &input, PIECES[0]);
    }
    Some(())
}

/// Prints the table: nanoseconds per KiB of the form and, in parentheses, times the first reader.
fn compare() {
    print!("| form | pieces of |");
    READERS.iter().for_each(|(name, _)| print!(" {name} |"));
    print!("\n|---|---:|");
    READERS.iter().for_each(|_| print!("---:|"));
    println!();
    for input in inputs::all() {
        for size in PIECES {
            let mut best = [f64::INFINITY; READERS.len()];
            for _ in 0..ROUNDS {
                for ((_, reader), best) in READERS.iter().zip(&mut best) {
                    let start = Instant::now();
                    read(*reader, &input, size);
                    *best = best.min(start.elapsed().as_nanos() as f64);
                }
            }
            let kib = input.form.len() as f64 / 1024.0;
            print!("| {} | {size} |", input.name);
            best.iter().for_each(|time| print!(" {:.1} ({:.2}) |", time / kib, time / best[0]));
            println!();
        }
    }
}

fn read(reader: Reader, input: &Input, size: usize) {
    assert_eq!(reader(black_box(input), size), input.content, "{}", input.name);
}

/// Each part's name is looked at, and each piece of content; all in 1 KiB of the stack.
fn read_wirenut(input: &Input, size: usize) -> usize {
    let limits = Limits { parts: u32::MAX, ..Limits::DEFAULT };
    let mut parser = Parser::new(Boundary::new(inputs::BOUNDARY).expect("a boundary"));
    let (mut store, mut content) = ([0; 1024], 0);
    for piece in input.form.chunks(size) {
        let mut rest: &[u8] = piece;
        loop {
            let (used, event) = parser.receive(&limits, rest, &mut store).expect("a right form");
            match event {
                Event::NeedMore => break,
                Event::Part(part) => _ = black_box(part),
                Event::Body(piece) => content += black_box(piece).len(),
                Event::PartEnd => {}
            }
            rest = &rest[used..];
        }
    }
    parser.handle_eof().expect("a whole form");
    content
}
