//! Short texts made on the stack, without the formatting machinery of `core::fmt`, which a firmware would pay for.

/// A text in a place of the caller. What does not fit is left out, with all that is put behind it.
pub(crate) struct Text<'p> {
    place: &'p mut [u8],
    length: usize,
    is_cut: bool,
}

impl<'p> Text<'p> {
    pub(crate) const fn new(place: &'p mut [u8]) -> Self {
        Self::behind(place, 0)
    }

    /// Goes on behind the first `length` bytes of `place`, which are of the text.
    pub(crate) const fn behind(place: &'p mut [u8], length: usize) -> Self {
        Self { place, length, is_cut: false }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.place.get(..self.length).unwrap_or(&[])
    }

    /// Was something left out?
    pub(crate) const fn is_cut(&self) -> bool {
        self.is_cut
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

    /// A control, as JSON writes it.
    pub(crate) fn put_control(&mut self, control: u8) {
        self.put("\\u");
        self.put_number(u64::from(control), 16, 4);
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
    pub(crate) fn put_bytes(&mut self, bytes: &[u8]) {
        let free = self.place.get_mut(self.length..).unwrap_or(&mut []);
        match free.get_mut(..bytes.len()) {
            Some(place) if !self.is_cut => {
                place.copy_from_slice(bytes);
                self.length = self.length.saturating_add(bytes.len());
            }
            _ => self.is_cut = true,
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

    const CAPACITY: usize = 72;

    fn check(put: impl FnOnce(&mut Text<'_>), expected: &str) {
        let mut place = [0; CAPACITY];
        let mut text = Text::new(&mut place);
        put(&mut text);
        assert_eq!(text.as_bytes(), expected.as_bytes());
    }

    #[test]
    fn numbers() {
        check(|text| text.put_decimal(0), "0");
        check(|text| text.put_decimal(u64::MAX), "18446744073709551615");
        check(|text| text.put_hex(0), "00000000");
        check(|text| text.put_hex(0xdead_beef), "deadbeef");
        check(|text| text.put_control(0x1f), "\\u001f");
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
                assert!(!text.is_cut());
                text.put("y");
                assert!(text.is_cut());
            },
            &most,
        );
    }
}
