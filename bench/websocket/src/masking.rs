//! How many bytes are masked in a cycle: ours beside a loop over bytes.

use core::hint::black_box;
use std::time::Instant;

use wirenut::websocket::Mask;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Prints Markdown.
pub fn run() {
    let cycles_per_second = cycles_per_second();
    println!("| bytes | `Mask::apply` | a loop over bytes |\n|---:|---:|---:|");
    for length in [64, 1024, 16 * 1024] {
        let mut payload = vec![0x55; length];
        let ours = per_second(length, || Mask::new(KEY).apply(black_box(&mut payload)));
        let bytewise = per_second(length, || {
            for (at, byte) in black_box(&mut payload).iter_mut().enumerate() {
                *byte ^= black_box(KEY)[at % 4];
            }
        });
        println!("| {length} | {:.1} | {:.1} |", ours / cycles_per_second, bytewise / cycles_per_second);
    }
}

/// Bytes per second in the best of many short runs, which no other program has broken.
fn per_second(length: usize, mut mask: impl FnMut()) -> f64 {
    let times = (1 << 16) / length.max(64);
    let fastest = (0..2000)
        .map(|_| {
            let start = Instant::now();
            (0..times).for_each(|_| mask());
            start.elapsed()
        })
        .min()
        .expect("runs");
    (length * times) as f64 / fastest.as_secs_f64()
}

/// As the kernel says; under a hypervisor it is the nominal frequency.
fn cycles_per_second() -> f64 {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").expect("/proc/cpuinfo");
    let megahertz =
        cpu.lines().find_map(|line| line.strip_prefix("cpu MHz")?.split(':').nth(1)?.trim().parse::<f64>().ok());
    megahertz.expect("a frequency") * 1e6
}
