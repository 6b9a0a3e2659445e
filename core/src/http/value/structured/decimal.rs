//! Decimals (RFC 9651 §3.3.2, §4.1.5), exact.

use core::fmt;

/// A number of up to twelve digits, and up to three behind the point. It is exact, unlike a float: a number of
/// thousandths.
///
/// ```
/// use wirenut::http::structured::Decimal;
/// let celsius = Decimal::rounded(213_750, 4).unwrap();
/// assert_eq!(celsius.thousandths(), 21_375);
/// assert_eq!(std::format!("{celsius}"), "21.375");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Decimal {
    thousandths: i64,
}

impl Decimal {
    /// The largest one.
    pub const MAX: Self = Self { thousandths: 999_999_999_999_999 };

    /// The smallest one.
    pub const MIN: Self = Self { thousandths: -999_999_999_999_999 };

    /// One that was read.
    pub(super) const fn new(thousandths: i64) -> Self {
        Self { thousandths }
    }

    /// So many thousandths; `None` beyond [`Self::MAX`] and [`Self::MIN`].
    #[must_use]
    pub const fn from_thousandths(thousandths: i64) -> Option<Self> {
        let is_right = Self::MIN.thousandths <= thousandths && thousandths <= Self::MAX.thousandths;
        if is_right { Some(Self { thousandths }) } else { None }
    }

    /// `number` with its last `places` digits behind the point, rounded to the nearest thousandth, and halfway to the even
    /// one, as RFC 9651 §4.1.5 wants. `None` if it is too large.
    ///
    /// ```
    /// use wirenut::http::structured::Decimal;
    /// assert_eq!(Decimal::rounded(15, 4), Decimal::from_thousandths(2));
    /// assert_eq!(Decimal::rounded(25, 4), Decimal::from_thousandths(2));
    /// assert_eq!(Decimal::rounded(-7, 0), Decimal::from_thousandths(-7_000));
    /// assert_eq!(Decimal::rounded(1_000_000_000_000, 0), None);
    /// ```
    #[must_use]
    pub fn rounded(number: i64, places: u32) -> Option<Self> {
        let Some(surplus) = places.checked_sub(3) else {
            let scale = [1_000, 100, 10].into_iter().nth(usize::try_from(places).ok()?)?;
            return Self::from_thousandths(number.checked_mul(scale)?);
        };
        // Of 20 places and more, nothing is left.
        let unit = 10_i128.checked_pow(surplus).unwrap_or(i128::MAX);
        let (quotient, rest) = (i128::from(number).checked_div(unit)?, i128::from(number).checked_rem(unit)?);
        let to_half = rest.unsigned_abs().saturating_mul(2).cmp(&unit.unsigned_abs());
        let is_up = to_half.is_gt() || (to_half.is_eq() && quotient.checked_rem(2)? != 0);
        let rounded = quotient.checked_add(i128::from(is_up).checked_mul(i128::from(number.signum()))?)?;
        Self::from_thousandths(i64::try_from(rounded).ok()?)
    }

    /// How many thousandths it is.
    #[must_use]
    pub const fn thousandths(self) -> i64 {
        self.thousandths
    }
}

/// As it is written in a field: without zeros at the end, but one behind the point.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.thousandths < 0 { "-" } else { "" };
        let (whole, fraction, places) = self.parts();
        write!(f, "{sign}{whole}.{fraction:0places$}")
    }
}

impl Decimal {
    /// What is before the point, what is behind it, and in how many places; without the sign.
    pub(super) const fn parts(self) -> (u64, u64, usize) {
        let thousandths = self.thousandths.unsigned_abs();
        let (whole, fraction) = (thousandths / 1_000, thousandths % 1_000);
        match (fraction % 100, fraction % 10) {
            (0, _) => (whole, fraction / 100, 1),
            (_, 0) => (whole, fraction / 10, 2),
            _ => (whole, fraction, 3),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn decimals_are_written_without_needless_zeros() {
        for (thousandths, text) in [
            (0, "0.0"),
            (1_000, "1.0"),
            (1_500, "1.5"),
            (1_050, "1.05"),
            (1_005, "1.005"),
            (1_250, "1.25"),
            (1_234, "1.234"),
            (-1, "-0.001"),
            (-999_999_999_999_999, "-999999999999.999"),
        ] {
            assert_eq!(Decimal::from_thousandths(thousandths).unwrap().to_string(), text);
        }
    }

    #[test]
    fn decimals_are_rounded_to_the_even_neighbour() {
        for (number, places, expected) in [
            (5, 4, Some(0)),
            (15, 4, Some(2)),
            (25, 4, Some(2)),
            (-15, 4, Some(-2)),
            (-25, 4, Some(-2)),
            (251, 5, Some(3)),
            (-251, 5, Some(-3)),
            (99_995, 4, Some(10_000)),
            (7, 3, Some(7)),
            (7, 2, Some(70)),
            (7, 1, Some(700)),
            (7, 0, Some(7_000)),
            (i64::MAX, 22, Some(1)),
            (i64::MAX, 60, Some(0)),
            (i64::MAX, u32::MAX, Some(0)),
            (i64::MIN, 0, None),
            (i64::MAX, 6, None),
            (1_000_000_000_000, 0, None),
            (999_999_999_999_999, 3, Some(999_999_999_999_999)),
            (9_999_999_999_999_995, 4, None),
        ] {
            let rounded = Decimal::rounded(number, places).map(Decimal::thousandths);
            assert_eq!(rounded, expected, "{number} with {places} places");
        }
    }
}
