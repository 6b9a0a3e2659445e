//! Counts the instructions of reading a request head: by our connection, which takes every decision that framing needs,
//! and by httparse, which takes none and fills a table of fields.
//!
//! For QEMU with `-icount shift=0`: there an instruction takes a nanosecond, and the counts come out the same each
//! time. Prints a line for each head: name, bytes, instructions of httparse, instructions of ours.

#![no_std]
#![no_main]

#[path = "../../../../bench/src/bin/heads/fixed.rs"]
mod fixed;

use core::{hint::black_box, mem::MaybeUninit};

use cortex_m::{
    Peripherals, asm,
    peripheral::{SYST, syst::SystClkSource},
};
use cortex_m_rt::entry;
use semihosting::{eprintln, println, process};
use wirenut::{
    http::{Context, ServerConnection, ServerEvent},
    time::Instant,
};
// The panic handler.
use wirenut_firmware as _;
use wirenut_reference::DEVICE_LIMITS;

/// SysTick runs at 25 MHz.
const INSTRUCTIONS_PER_TICK: u32 = 40;
/// SysTick counts down through 24 bits.
const TICKS: u32 = 1 << 24;
/// How often each head is read: so often that a tick is a small part of an instruction.
const READINGS: u32 = 1_000;
const LONGEST_HEAD: usize = 4096;
const FIELDS: usize = 64;

/// Reads a head, and returns its length, or 0 if there is none. Ours needs a store.
type Parser = fn(&[u8], &mut [u8]) -> usize;

#[entry]
fn main() -> ! {
    static mut BUFFER: [u8; LONGEST_HEAD] = [0; LONGEST_HEAD];
    static mut STORE: [u8; DEVICE_LIMITS.store_bytes()] = [0; DEVICE_LIMITS.store_bytes()];
    let mut timer = Peripherals::take().expect("this runs once").SYST;
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(TICKS - 1);
    timer.clear_current();
    timer.enable_counter();

    if !ticks_are_instructions() {
        eprintln!("the clock does not count instructions: is it QEMU with -icount shift=0?");
        process::exit(1);
    }
    for (name, lines) in fixed::FIXED {
        let head = with_carriage_returns(lines, BUFFER);
        let [httparse, wirenut] = [read_httparse, read_wirenut].map(|parser: Parser| {
            if parser(head, STORE) != head.len() {
                eprintln!("a parser does not read '{name}'");
                process::exit(1);
            }
            instructions(head, STORE, parser)
        });
        println!("{name} {} {httparse} {wirenut}", head.len());
    }
    process::exit(0)
}

/// Whether a loop of known length takes the time that it should.
fn ticks_are_instructions() -> bool {
    const ROUNDS: u32 = 1_000_000;
    let start = SYST::get_current();
    // A round is two instructions: subtract, and branch.
    asm::delay(ROUNDS);
    ticks_since(start).abs_diff(2 * ROUNDS / INSTRUCTIONS_PER_TICK) <= 1
}

fn with_carriage_returns<'b>(lines: &str, buffer: &'b mut [u8]) -> &'b [u8] {
    let mut length = 0;
    for byte in lines.bytes() {
        if byte == b'\n' {
            buffer[length] = b'\r';
            length += 1;
        }
        buffer[length] = byte;
        length += 1;
    }
    &buffer[..length]
}

/// Instructions per reading, without the loop around it.
fn instructions(head: &[u8], store: &mut [u8], parser: Parser) -> u32 {
    let ticks = ticks_of_readings(head, store, parser) - ticks_of_readings(head, store, |head, _| head.len());
    (ticks * INSTRUCTIONS_PER_TICK + READINGS / 2) / READINGS
}

#[inline(never)]
fn ticks_of_readings(head: &[u8], store: &mut [u8], parser: Parser) -> u32 {
    let start = SYST::get_current();
    for _ in 0..READINGS {
        black_box(black_box(parser)(black_box(head), store));
    }
    ticks_since(start)
}

fn ticks_since(start: u32) -> u32 {
    start.wrapping_sub(SYST::get_current()) % TICKS
}

fn read_wirenut(bytes: &[u8], store: &mut [u8]) -> usize {
    let cx = Context { now: black_box(Instant::START), limits: &DEVICE_LIMITS, date: None };
    let mut connection = ServerConnection::new(&cx);
    match connection.receive(&cx, bytes, store) {
        Ok((used, ServerEvent::Head(ref head))) => {
            black_box(head);
            used
        }
        _ => 0,
    }
}

fn read_httparse(bytes: &[u8], _: &mut [u8]) -> usize {
    let mut fields = [const { MaybeUninit::uninit() }; FIELDS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut fields) {
        Ok(httparse::Status::Complete(used)) => {
            black_box(&request);
            used
        }
        _ => 0,
    }
}
