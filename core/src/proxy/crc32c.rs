//! CRC32C (RFC 9260 appendix A), by half bytes: a table of 64 bytes, for a device has no room for one of 1,024.

/// The polynomial, its bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

static TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let (mut at, mut value) = (0_usize, 0_u32);
    while at < table.len() {
        let (mut crc, mut bit) = (value, 0);
        while bit < 4 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
        {
            table[at] = crc;
        }
        at += 1;
        value += 1;
    }
    table
};

/// Of all these bytes.
pub(super) fn crc32c<'b>(bytes: impl Iterator<Item = &'b u8>) -> u32 {
    let half = |crc: u32| (crc >> 4) ^ TABLE.get(usize::try_from(crc & 15).unwrap_or(0)).copied().unwrap_or(0);
    !bytes.fold(u32::MAX, |crc, byte| half(half(crc ^ u32::from(*byte))))
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
            assert_eq!(crc32c(bytes.iter()), expected, "{bytes:x?}");
        }
    }
}
