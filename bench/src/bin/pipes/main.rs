//! Measures messages between two processes, and tasks of a pool of processes. `bench/pipes` runs it.

mod ipc;
mod ours;
mod python;

use std::time::Instant;

use python::Python;

/// How often each is measured, in turns: the fastest counts.
const ROUNDS: usize = 4;

/// What failed. A benchmark ends with it.
type Failure = Box<dyn core::error::Error>;

/// Does something so many times, with that size.
type Run = fn(usize, usize) -> Result<(), Failure>;

/// What is measured: how it is called, in Python's peer, and how often it is done in one turn there.
struct Row {
    title: &'static str,
    name: &'static str,
    /// The length of messages, or the number of workers.
    size: usize,
    pythons: usize,
    /// How often it is done in one turn by the others.
    count: usize,
    ours: Run,
    ipc: Option<Run>,
}

#[rustfmt::skip]
const ROWS: [Row; 8] = [
    Row { title: "messages of 64 bytes", name: "stream", size: 64, pythons: 50_000, count: 200_000, ours: ours::stream, ipc: Some(ipc::stream) },
    Row { title: "messages of 4,096 bytes", name: "stream", size: 4096, pythons: 50_000, count: 200_000, ours: ours::stream, ipc: Some(ipc::stream) },
    Row { title: "messages of 100,000 bytes", name: "stream", size: 100_000, pythons: 5_000, count: 20_000, ours: ours::stream, ipc: Some(ipc::stream) },
    Row { title: "round trips of 64 bytes", name: "round_trip", size: 64, pythons: 10_000, count: 30_000, ours: ours::round_trip, ipc: Some(ipc::round_trip) },
    Row { title: "tasks, one after the other", name: "apply", size: 2, pythons: 2_000, count: 10_000, ours: ours::apply, ipc: None },
    Row { title: "tasks of a map, one by one, 2 workers", name: "map_single", size: 2, pythons: 10_000, count: 30_000, ours: ours::map_single, ipc: None },
    Row { title: "the same, 4 workers", name: "map_single", size: 4, pythons: 10_000, count: 30_000, ours: ours::map_single, ipc: None },
    Row { title: "tasks of a map, in chunks", name: "map_default", size: 2, pythons: 400_000, count: 2_000_000, ours: ours::map_default, ipc: None },
];

fn main() -> Result<(), Failure> {
    let command: Vec<String> = std::env::args().skip(1).collect();
    let mut python = Python::start(&command)?;
    println!("| thousands per second | **ours** | ipc-channel | multiprocessing |\n|---|---:|---:|---:|");
    for row in &ROWS {
        let (mut ours, mut ipc, mut theirs) = (0.0_f64, None, 0.0_f64);
        for _ in 0..ROUNDS {
            ours = ours.max(rate(row.count, || (row.ours)(row.count, row.size))?);
            if let Some(run) = row.ipc {
                let rate = rate(row.count, || run(row.count, row.size))?;
                ipc = Some(ipc.map_or(rate, |best: f64| best.max(rate)));
            }
            theirs = theirs.max(python.rate(row.name, row.pythons, row.size)?);
        }
        let cell = |rate: f64| format!("{:.1} ({:.1})", rate / 1e3, ours / rate);
        let ipc = ipc.map_or_else(|| "–".to_owned(), cell);
        println!("| {} | {:.1} | {ipc} | {} |", row.title, ours / 1e3, cell(theirs));
    }
    Ok(())
}

/// How often in a second. What it takes to begin and end is a small part of a turn.
fn rate(count: usize, run: impl FnOnce() -> Result<(), Failure>) -> Result<f64, Failure> {
    let start = Instant::now();
    run()?;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}
