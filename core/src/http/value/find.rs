//! Finding the bytes that end something, eight at a time where a register holds so many.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Index of the first byte that is one of `ends`, or the length.
#[inline(always)]
pub(super) fn find<const N: usize>(bytes: &[u8], ends: [u8; N]) -> usize {
    let mut rest = bytes;
    while cfg!(target_pointer_width = "64")
        && let Some((word, behind)) = rest.split_first_chunk()
    {
        let word = u64::from_le_bytes(*word);
        let marks = ends.into_iter().fold(0, |marks, end| marks | zeros(word ^ ONES.wrapping_mul(u64::from(end))));
        if marks != 0 {
            let step = usize::try_from(marks.trailing_zeros() / 8).unwrap_or(0);
            return bytes.len().wrapping_sub(rest.len()).wrapping_add(step);
        }
        rest = behind;
    }
    let step = rest.iter().position(|byte| ends.contains(byte)).unwrap_or(rest.len());
    bytes.len().wrapping_sub(rest.len()).wrapping_add(step)
}

/// Index of the first byte that is a quote, a backslash or no printable ASCII, or the length.
#[inline(always)]
pub(super) fn string_end(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while cfg!(target_pointer_width = "64")
        && let Some((word, behind)) = rest.split_first_chunk()
    {
        let word = u64::from_le_bytes(*word);
        let quotes = zeros(word ^ ONES.wrapping_mul(0x22)) | zeros(word ^ ONES.wrapping_mul(0x5c));
        // Below a space; DEL, which one makes 0x80, and above it.
        let controls = word.wrapping_sub(ONES.wrapping_mul(0x20)) | word.wrapping_add(ONES) | word;
        let marks = quotes | (controls & HIGHS);
        if marks != 0 {
            let step = usize::try_from(marks.trailing_zeros() / 8).unwrap_or(0);
            return bytes.len().wrapping_sub(rest.len()).wrapping_add(step);
        }
        rest = behind;
    }
    let is_end = |byte: &u8| !matches!(byte, b' '..=b'!' | b'#'..=b'[' | b']'..=b'~');
    let step = rest.iter().position(is_end).unwrap_or(rest.len());
    bytes.len().wrapping_sub(rest.len()).wrapping_add(step)
}

/// The high bit of each byte that is zero. Above the first of them there may be others.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at every place, behind and before those that end nothing.
    #[test]
    fn strings_end_where_they_do() {
        for place in 0..20 {
            for byte in 0..=u8::MAX {
                for other in *b" !#[]~" {
                    let mut bytes = [other; 20];
                    bytes[place] = byte;
                    let is_end = !matches!(byte, 0x20..=0x7e) || byte == b'"' || byte == b'\\';
                    assert_eq!(string_end(&bytes), if is_end { place } else { 20 }, "{byte} at {place}");
                }
            }
        }
    }

    /// Every byte at every place, behind those that differ from it in one bit.
    #[test]
    fn the_first_one_is_found() {
        for length in 0..28 {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    for other in [byte ^ 1, byte ^ 0x80, byte ^ 0x40] {
                        let mut bytes = [other; 28];
                        bytes[place] = byte;
                        let bytes = &bytes[..length];
                        assert_eq!(find(bytes, [byte]), place);
                        assert_eq!(find(&bytes[place + 1..], [byte]), length - place - 1);
                        assert_eq!(find(bytes, [byte ^ 2, byte]), place);
                    }
                }
            }
        }
    }
}
