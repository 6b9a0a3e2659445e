//! Compresses a file by zlib-rs, as `wirenut serve --compress` does, at any level. `bench/compression` takes the time.

use std::fs;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Status};

fn main() {
    wirenut_bench::with_arguments("usage: gzip_levels FILE LEVEL TIMES", |arguments| {
        let [file, level, times] = arguments else { return None };
        let content = fs::read(file).ok()?;
        println!("{}", compress(&content, level.parse().ok()?, times.parse().ok()?));
        Some(())
    });
}

/// Compresses that often, and says how long it becomes.
fn compress(content: &[u8], level: i32, times: u32) -> u64 {
    // A window of 32 KiB, and the frame of gzip around it.
    let mut deflate = Deflate::new_with_config(DeflateConfig { window_bits: 15 + 16, ..DeflateConfig::new(level) });
    let mut compressed = vec![0; 2 * content.len() + 64];
    for _ in 0..times {
        deflate.reset();
        assert_eq!(deflate.compress(content, &mut compressed, DeflateFlush::Finish), Ok(Status::StreamEnd));
    }
    deflate.total_out()
}
