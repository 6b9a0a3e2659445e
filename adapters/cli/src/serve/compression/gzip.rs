//! From bytes to gzip (RFC 1952).

use core::cell::RefCell;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Status};

/// The knee of the curve for HTML, CSS, JavaScript, JSON and prose: level 6 takes 1.2 to 1.4 times the CPU time of level 5 for 0.3
/// to 2 % fewer bytes, and level 4 saves 10 to 18 % of the time for 1 to 6 % more bytes. `bench/compression` has the table.
const LEVEL: i32 = 5;

/// A window of 32 KiB, and the frame of gzip around it.
const WINDOW_BITS: i32 = 15 + 16;

thread_local! {
    /// Each thread has one for all files: a new one takes 370 KiB of fresh memory, which costs as much as to compress some
    /// KiB. It goes with the thread.
    static DEFLATE: RefCell<Deflate> = RefCell::new(Deflate::new_with_config(DeflateConfig {
        window_bits: WINDOW_BITS,
        ..DeflateConfig::new(LEVEL)
    }));
}

/// What is being compressed, to one member without a name and without a time: the same pieces give the same bytes each time.
pub(super) struct Member<'d> {
    deflate: &'d mut Deflate,
    bytes: Vec<u8>,
}

/// Compresses what `write` adds to the member, about `length` bytes; as long as the member is shorter than that, it takes no more
/// than twice as much memory. `None`: `write` returned that, or the library failed, which it does only for want of memory.
pub(super) fn compress(length: usize, write: impl FnOnce(&mut Member<'_>) -> Option<()>) -> Option<Vec<u8>> {
    DEFLATE.with_borrow_mut(|deflate| {
        deflate.reset();
        let mut member = Member { deflate, bytes: vec![0; (length / 4).max(256)] };
        write(&mut member)?;
        member.finish()
    })
}

impl Member<'_> {
    /// Adds a piece. `None`: the library failed.
    pub(super) fn add(&mut self, piece: &[u8]) -> Option<()> {
        self.push(piece, DeflateFlush::NoFlush)
    }

    fn finish(mut self) -> Option<Vec<u8>> {
        self.push(&[], DeflateFlush::Finish)?;
        self.bytes.truncate(self.deflate.total_out() as usize);
        self.bytes.shrink_to_fit();
        Some(self.bytes)
    }

    fn push(&mut self, piece: &[u8], flush: DeflateFlush) -> Option<()> {
        let start = self.deflate.total_in();
        loop {
            let rest = &piece[(self.deflate.total_in() - start) as usize..];
            if rest.is_empty() && flush == DeflateFlush::NoFlush {
                return Some(());
            }
            let given = self.deflate.total_out() as usize;
            match self.deflate.compress(rest, &mut self.bytes[given..], flush) {
                Ok(Status::StreamEnd) => return Some(()),
                Ok(Status::Ok | Status::BufError) => {}
                Err(_) => return None,
            }
            if self.deflate.total_out() as usize == self.bytes.len() {
                self.bytes.resize(2 * self.bytes.len(), 0);
            }
        }
    }
}

/// A name for what [`compress`] makes of bytes: the checksum of what it makes of some.
pub(super) fn variant() -> String {
    let mut sample = Vec::new();
    for number in 0..2000_u32 {
        sample.extend_from_slice(
            format!("{number} {} {:x};\n", number % 17, number.wrapping_mul(0x9e37_79b9)).as_bytes(),
        );
    }
    let compressed = compress(sample.len(), |member| member.add(&sample)).unwrap_or_default();
    let checksum = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&compressed);
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

    fn compress_whole(bytes: &[u8]) -> Option<Vec<u8>> {
        compress(bytes.len(), |member| member.add(bytes))
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
            let compressed = compress_whole(&bytes).unwrap();
            assert!(expand(&compressed, bytes.len()) == bytes, "{} bytes", bytes.len());
            assert_eq!(Some(&compressed), compress_whole(&bytes).as_ref());
            let in_pieces = compress(0, |member| bytes.chunks(777).try_for_each(|piece| member.add(piece))).unwrap();
            assert!(expand(&in_pieces, bytes.len()) == bytes, "{} bytes in pieces", bytes.len());
            assert_eq!(compressed[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "neither a name nor a time");
        }
        assert!(compress(5, |_| None).is_none());
        assert_eq!(variant(), variant());
        assert_eq!(variant().len(), 13);
    }
}
