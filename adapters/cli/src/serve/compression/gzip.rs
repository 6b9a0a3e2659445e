//! From bytes to gzip (RFC 1952).

use core::cell::RefCell;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Status};

/// zlib's own default. What is compressed is remembered, so that it may take its time; above, texts hardly become shorter.
const LEVEL: i32 = 6;

/// A window of 32 KiB, and the frame of gzip around it.
const WINDOW_BITS: i32 = 15 + 16;

thread_local! {
    /// Each thread has one for all files: to make one takes 270 KiB of fresh memory, which costs as much as to compress some
    /// KiB. It goes with the thread.
    static DEFLATE: RefCell<Deflate> = RefCell::new(Deflate::new_with_config(DeflateConfig {
        window_bits: WINDOW_BITS,
        ..DeflateConfig::new(LEVEL)
    }));
}

/// The whole as one member, without a name and without a time: the same bytes each time. `None`: the library fails, which it
/// does for want of memory only.
pub(super) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    DEFLATE.with_borrow_mut(|deflate| {
        deflate.reset();
        compress_by(deflate, bytes)
    })
}

fn compress_by(deflate: &mut Deflate, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut compressed = vec![0; bytes.len() / 2 + 64];
    loop {
        let (taken, given) = (deflate.total_in() as usize, deflate.total_out() as usize);
        match deflate.compress(&bytes[taken..], &mut compressed[given..], DeflateFlush::Finish) {
            Ok(Status::StreamEnd) => break,
            // More room is all that it can want.
            Ok(Status::Ok | Status::BufError) => compressed.resize(compressed.len() * 2, 0),
            Err(_) => return None,
        }
    }
    compressed.truncate(deflate.total_out() as usize);
    compressed.shrink_to_fit();
    Some(compressed)
}

/// A name for what [`compress`] makes of bytes: the checksum of what it makes of some.
pub(super) fn variant() -> String {
    let mut sample = Vec::new();
    for number in 0..2000_u32 {
        sample.extend_from_slice(
            format!("{number} {} {:x};\n", number % 17, number.wrapping_mul(0x9e37_79b9)).as_bytes(),
        );
    }
    let checksum = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&compress(&sample).unwrap_or_default());
    format!("gzip-{checksum:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use zlib_rs::{Inflate, InflateFlush};

    fn expand(compressed: &[u8], length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length + 1];
        let mut inflate = Inflate::new(true, 15 + 16);
        let end = inflate.decompress(compressed, &mut bytes, InflateFlush::Finish).unwrap();
        assert_eq!((end, inflate.total_in()), (Status::StreamEnd, compressed.len() as u64));
        bytes.truncate(inflate.total_out() as usize);
        bytes
    }

    #[test]
    fn what_is_compressed_can_be_expanded() {
        let mut noise = 1_u32;
        let mut random = || {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        };
        for bytes in
            [vec![], vec![7], vec![0; 3 << 20], (0..100_000).map(|_| random()).collect(), b"text ".repeat(9999)]
        {
            let compressed = compress(&bytes).unwrap();
            assert!(expand(&compressed, bytes.len()) == bytes, "{} bytes", bytes.len());
            assert_eq!(Some(&compressed), compress(&bytes).as_ref());
            assert_eq!(compressed[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "neither a name nor a time");
        }
        assert_eq!(variant(), variant());
        assert_eq!(variant().len(), 13);
    }
}
