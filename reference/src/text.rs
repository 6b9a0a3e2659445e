//! Short texts made on the stack, without the formatting machinery of `core::fmt`, which a firmware would pay for.

/// A text of at most [`CAPACITY`] bytes. What does not fit is left out; no text of this crate is longer.
pub(crate) struct Text {
    bytes: [u8; CAPACITY],
    length: usize,
}

/// The longest reading takes 71 bytes.
const CAPACITY: usize = 72;

impl Text {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; CAPACITY], length: 0 }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    pub(crate) fn put(&mut self, text: &str) {
        self.put_bytes(text.as_bytes());
    }

    pub(crate) fn put_decimal(&mut self, number: u64) {
        self.put_number(number, 10, 1);
    }

    /// Eight hexadecimal digits.
    pub(crate) fn put_hex(&mut self, number: u32) {
        self.put_number(u64::from(number), 16, 8);
    }

    /// A number of tenths, as a number with one digit behind the point.
    pub(crate) fn put_tenths(&mut self, tenths: i32) {
        if tenths < 0 {
            self.put("-");
        }
        let tenths = u64::from(tenths.unsigned_abs());
        self.put_decimal(tenths / 10);
        self.put(".");
        self.put_decimal(tenths % 10);
    }

    /// Not inlined: it is called from many places.
    #[inline(never)]
    fn put_bytes(&mut self, bytes: &[u8]) {
        let free = self.bytes.get_mut(self.length..).unwrap_or(&mut []);
        if let Some(place) = free.get_mut(..bytes.len()) {
            place.copy_from_slice(bytes);
            self.length = self.length.saturating_add(bytes.len());
        }
    }

    fn put_number(&mut self, number: u64, base: u64, least_digits: usize) {
        let mut digits = [0; 20];
        let mut rest = number;
        let mut count: usize = 0;
        for place in digits.iter_mut().rev() {
            if rest == 0 && count >= least_digits {
                break;
            }
            let digit = rest.checked_rem(base).and_then(|digit| usize::try_from(digit).ok()).unwrap_or(0);
            *place = b"0123456789abcdef".get(digit).copied().unwrap_or(b'?');
            rest = rest.checked_div(base).unwrap_or(0);
            count = count.saturating_add(1);
        }
        self.put_bytes(digits.get(digits.len().saturating_sub(count)..).unwrap_or(&[]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(put: impl FnOnce(&mut Text), expected: &str) {
        let mut text = Text::new();
        put(&mut text);
        assert_eq!(text.as_bytes(), expected.as_bytes());
    }

    #[test]
    fn numbers() {
        check(|text| text.put_decimal(0), "0");
        check(|text| text.put_decimal(u64::MAX), "18446744073709551615");
        check(|text| text.put_hex(0), "00000000");
        check(|text| text.put_hex(0xdead_beef), "deadbeef");
        check(|text| text.put_tenths(215), "21.5");
        check(|text| text.put_tenths(-3), "-0.3");
        check(|text| text.put_tenths(i32::MIN), "-214748364.8");
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let most = "x".repeat(CAPACITY);
        check(
            |text| {
                text.put(&most);
                text.put("y");
            },
            &most,
        );
    }
}
