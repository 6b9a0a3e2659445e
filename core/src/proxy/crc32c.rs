//! CRC32C (RFC 9260 appendix A), without a table: a device has no room for one of 1,024 bytes, and headers are short.

use crc::{CRC_32_ISCSI, Crc, NoTable};

static CRC32C: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISCSI);

/// Of all these pieces.
pub(super) fn crc32c(pieces: &[&[u8]]) -> u32 {
    let mut digest = CRC32C.digest();
    pieces.iter().for_each(|piece| digest.update(piece));
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::crc32c;

    /// Those of RFC 3720 §B.4, and the usual check value.
    #[test]
    fn checksums_that_others_know() {
        let ascending: [u8; 32] = core::array::from_fn(|at| at as u8);
        let descending: [u8; 32] = core::array::from_fn(|at| 31 - at as u8);
        let cases: [(&[u8], u32); 6] = [
            (b"123456789", 0xe306_9283),
            (&[0; 32], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (&ascending, 0x46dd_794e),
            (&descending, 0x113f_db5c),
            (b"", 0),
        ];
        for (bytes, expected) in cases {
            assert_eq!(crc32c(&[bytes]), expected, "{bytes:x?}");
        }
    }
}
