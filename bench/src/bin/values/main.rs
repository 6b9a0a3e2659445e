//! Compares readers and writers of values: see the usage, and `bench/values` for what is compared.

mod allocations;
mod cookies;
mod credentials;
mod dates;
mod forms;
mod media_types;
mod row;
mod structured;
mod uris;

use core::hint::black_box;
use std::time::Instant;

use row::{Contestant, Row};

const USAGE: &str = "\
Usage: values                            compares all, in time; takes some seconds
       values --list                     the rows, each with its bytes and its contestants, ours first
       values --count ROW CONTESTANT N   does the same N times, for a program that counts instructions";

/// How many times each contestant takes its turn, and how many bytes it goes through in each.
const ROUNDS: usize = 400;
const BYTES: usize = 20_000;

fn rows() -> impl Iterator<Item = &'static Row> {
    let rows =
        [dates::ROWS, cookies::ROWS, forms::ROWS, structured::ROWS, media_types::ROWS, credentials::ROWS, uris::ROWS];
    rows.into_iter().flatten()
}

fn main() {
    wirenut_bench::with_arguments(USAGE, |arguments| match *arguments {
        [] => {
            compare();
            Some(())
        }
        ["--list"] => {
            for row in rows() {
                let names: Vec<_> = row.contestants.iter().map(|contestant| contestant.name).collect();
                println!("{}\t{}\t{}", row.name, row.input.len(), names.join("\t"));
            }
            Some(())
        }
        ["--count", row, contestant, count] => count_turns(row, contestant, count),
        _ => None,
    });
}

fn count_turns(row: &str, contestant: &str, count: &str) -> Option<()> {
    let row = rows().find(|known| known.name == row)?;
    let contestant = row.contestants.iter().find(|known| known.name == contestant)?;
    for _ in 0..count.parse().ok()? {
        turn(row, contestant);
    }
    Some(())
}

fn turn(row: &Row, contestant: &Contestant) -> u64 {
    (contestant.run)(black_box(row.input))
}

/// Prints the table: nanoseconds per byte of each, the ratio, and how often each allocates.
fn compare() {
    println!("| value | bytes | peer | wirenut ns/byte | peer ns/byte | ratio | allocations | of the peer |");
    println!("|---|---:|---|---:|---:|---:|---:|---:|");
    for row in rows() {
        let results: Vec<_> = row.contestants.iter().map(|contestant| turn(row, contestant)).collect();
        assert!(results.iter().all(|result| *result == results[0]), "{}: not the same: {results:?}", row.name);
        let times = times(row);
        let allocations: Vec<_> =
            row.contestants.iter().map(|contestant| allocations::of(|| turn(row, contestant))).collect();
        for (at, peer) in row.contestants.iter().enumerate().skip(1) {
            let (ours, theirs) = (times[0], times[at]);
            println!(
                "| {} | {} | {} | {ours:.2} | {theirs:.2} | {:.2} | {} | {} |",
                row.name,
                row.input.len(),
                peer.name,
                ours / theirs,
                allocations[0],
                allocations[at]
            );
        }
    }
}

/// The best time of each contestant, in nanoseconds per byte.
fn times(row: &Row) -> Vec<f64> {
    let turns = (BYTES / row.input.len()).max(1);
    let mut best = vec![f64::INFINITY; row.contestants.len()];
    for _ in 0..ROUNDS {
        for (contestant, best) in row.contestants.iter().zip(&mut best) {
            let start = Instant::now();
            for _ in 0..turns {
                black_box(turn(row, contestant));
            }
            *best = best.min(start.elapsed().as_nanos() as f64 / (turns * row.input.len()) as f64);
        }
    }
    best
}
