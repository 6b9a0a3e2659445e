//! Decimal numbers from bytes: digits alone, at least one.

/// The number that these digits write, if they are digits and it is at most `maximum`.
pub(crate) fn parse(digits: &[u8], maximum: u64) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut number: u64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
        if number > maximum {
            return None;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn digits_alone_and_not_too_many() {
        assert_eq!(parse(b"0", 9), Some(0));
        assert_eq!(parse(b"007", 9), Some(7));
        assert_eq!(parse(b"18446744073709551615", u64::MAX), Some(u64::MAX));
        for wrong in [&b""[..], b"10", b"+1", b"-1", b" 1", b"1 ", b"1.0", b"/", b":", b"\xff"] {
            assert_eq!(parse(wrong, 9), None, "{}", wrong.escape_ascii());
        }
        assert_eq!(parse(b"18446744073709551616", u64::MAX), None);
    }
}
