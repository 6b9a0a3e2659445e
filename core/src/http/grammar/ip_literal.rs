//! An IPv6 address in brackets (RFC 3986 §3.2.2), byte by byte: each is refused as soon as no address can go on with it.
//!
//! IPvFuture and zones are refused: nobody serves them, and parsers differ about them.

/// What was read of an address, in 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct IpLiteral {
    /// Groups that are complete, below the flags.
    groups: u8,
    /// Digits of the group, or of the octet, that is read.
    digits: u8,
    /// Octets of an IPv4 address that are complete.
    octets: u8,
    /// The value of what is read, if it can be an octet.
    octet: u8,
}

/// `::` has come.
const ELLIPSIS: u8 = 0x80;
/// One colon came last.
const COLON: u8 = 0x40;
/// What is read is no octet.
const NO_OCTET: u8 = 0x20;
const GROUPS: u8 = 0x0f;

impl IpLiteral {
    pub(super) const fn from_bits(bits: u32) -> Self {
        let [groups, digits, octets, octet] = bits.to_le_bytes();
        Self { groups, digits, octets, octet }
    }

    pub(super) const fn bits(self) -> u32 {
        u32::from_le_bytes([self.groups, self.digits, self.octets, self.octet])
    }

    const fn has(self, flag: u8) -> bool {
        self.groups & flag != 0
    }

    const fn count(self) -> u8 {
        self.groups & GROUPS
    }

    /// How many groups there may be: `::` stands for one at least.
    const fn most(self) -> u8 {
        if self.has(ELLIPSIS) { 7 } else { 8 }
    }

    /// What it is behind `byte`: a hexadecimal digit, a colon, a full stop, or the closing bracket. `None`: that cannot
    /// stand here.
    pub(super) fn after(self, byte: u8) -> Option<Self> {
        match byte {
            b':' => self.colon(),
            b'.' => self.dot(),
            b']' => self.is_complete().then_some(self),
            _ => self.digit(byte),
        }
    }

    fn digit(mut self, byte: u8) -> Option<Self> {
        let is_first = self.digits == 0;
        // One colon at the very beginning wants a second one.
        if is_first && self.has(COLON) && self.count() == 0 && !self.has(ELLIPSIS) {
            return None;
        }
        if (is_first && self.octets == 0 && self.count() >= self.most()) || self.digits >= 4 {
            return None;
        }
        if is_first {
            self.groups &= !(COLON | NO_OCTET);
            self.octet = 0;
        }
        let value = byte.wrapping_sub(b'0');
        let grown = self.octet.checked_mul(10).and_then(|tens| tens.checked_add(value));
        match grown {
            Some(octet) if value <= 9 && (is_first || self.octet > 0) && !self.has(NO_OCTET) => self.octet = octet,
            // Behind a full stop there are octets only.
            _ if self.octets > 0 => return None,
            _ => self.groups |= NO_OCTET,
        }
        self.digits = self.digits.wrapping_add(1);
        Some(self)
    }

    fn colon(mut self) -> Option<Self> {
        if self.octets > 0 {
            return None;
        }
        if self.digits > 0 {
            self.digits = 0;
            self.groups = self.groups.wrapping_add(1) | COLON;
            // Another group, or a second colon, must be able to follow.
            return (self.count() < self.most()).then_some(self);
        }
        if self.has(COLON) {
            if self.has(ELLIPSIS) {
                return None;
            }
            self.groups = self.groups & !COLON | ELLIPSIS;
            return Some(self);
        }
        // At the very beginning.
        if self.groups != 0 {
            return None;
        }
        self.groups = COLON;
        Some(self)
    }

    fn dot(mut self) -> Option<Self> {
        // An IPv4 address stands for the last two groups.
        let has_place = if self.has(ELLIPSIS) { self.count() <= 5 } else { self.count() == 6 };
        if self.digits == 0 || self.has(NO_OCTET) || self.octets == 3 || (self.octets == 0 && !has_place) {
            return None;
        }
        self.octets = self.octets.wrapping_add(1);
        (self.digits, self.octet) = (0, 0);
        Some(self)
    }

    /// Is the address complete?
    fn is_complete(self) -> bool {
        if self.octets > 0 {
            return self.octets == 3 && self.digits > 0;
        }
        let groups = self.count().wrapping_add(u8::from(self.digits > 0));
        if self.has(ELLIPSIS) { groups <= 7 && !self.has(COLON) } else { groups == 8 && self.digits > 0 }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::String;
    use core::net::Ipv6Addr;

    fn read(text: &str) -> Result<IpLiteral, usize> {
        text.bytes().enumerate().try_fold(IpLiteral::default(), |ip, (at, byte)| {
            ip.after(byte).map(|ip| IpLiteral::from_bits(ip.bits())).ok_or(at)
        })
    }

    fn check(text: &str) {
        let got = read(text).is_ok_and(IpLiteral::is_complete);
        assert_eq!(got, text.parse::<Ipv6Addr>().is_ok(), "[{text}]: {:?}", read(text));
    }

    #[test]
    fn addresses_are_those_of_the_standard_library() {
        for text in [
            "::",
            ":",
            "",
            ":::",
            "::1",
            "::1::2",
            "12345::1",
            "1::",
            "1:",
            ":1",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1::3:4:5:6:7:8",
            "1:2:3:4:5:6:7::8",
            "::1.2.3.4",
            "::256.2.3.4",
            "::01.2.3.4",
            "::1.2.3",
            "::1.2.3.",
            "::1.2.3.4.5",
            "1.2.3.4",
            "1:2:3:4:5:6:1.2.3.4",
            "1:2:3:4:5:1.2.3.4",
            "1:2:3:4:5:6:7:1.2.3.4",
            "1::5:1.2.3.4",
            "1:2:3:4:5::1.2.3.4",
            "1:2:3:4:5:6::1.2.3.4",
            "::a.2.3.4",
            "::1a.2.3.4",
            "::1.2.3.a",
            "::1.2:3",
            "::0.0.0.0",
            "::00.0.0.0",
            "0:0:0:0:0:0:0:0",
            "ffff::FFFF",
            "::ffff:255.255.255.255",
            "1:2:3:4:5:6:7:8::",
        ] {
            check(text);
        }
    }

    /// All texts of up to seven of these bytes, which reach every rule but the number of groups; and random longer ones.
    #[test]
    fn every_short_text_and_many_long_ones_are_judged_alike() {
        const BYTES: &[u8] = b"0a:.";
        for length in 0..=7 {
            for number in 0..BYTES.len().pow(length) {
                let mut rest = number;
                let text: String = (0..length)
                    .map(|_| {
                        let byte = BYTES[rest % BYTES.len()];
                        rest /= BYTES.len();
                        char::from(byte)
                    })
                    .collect();
                check(&text);
            }
        }
        const PARTS: [&str; 10] = ["1", ":", "::", "ab", ".", "255", "256", "0", "12345", "fffe:"];
        let mut seed = 1_u32;
        for _ in 0..200_000 {
            let mut text = String::new();
            for _ in 0..16 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if seed >> 28 == 0 && text.len() > 6 {
                    break;
                }
                text.push_str(PARTS[(seed >> 16) as usize % PARTS.len()]);
                if (seed >> 8) & 3 != 0 {
                    text.push(':');
                }
            }
            check(&text);
        }
    }

    /// What was not refused can be gone on with, so that no byte is refused late.
    #[test]
    fn what_is_not_refused_can_become_an_address() {
        const BYTES: &[u8] = b"09a:.";
        fn grows(text: &mut String, depth: u32) -> bool {
            if read(text).is_ok_and(IpLiteral::is_complete) {
                return true;
            }
            if depth == 0 {
                return false;
            }
            for more in [
                "::",
                ":",
                "1",
                "1.1.1.1",
                ".1",
                ":1",
                ":1:1:1:1:1:1:1",
                "1:1:1:1:1:1:1",
                ":1:1:1:1:1:1",
                "1:1:1:1:1:1",
            ] {
                let length = text.len();
                text.push_str(more);
                let found = read(text).is_ok() && grows(text, depth - 1);
                text.truncate(length);
                if found {
                    return true;
                }
            }
            false
        }
        for length in 0..=6 {
            for number in 0..BYTES.len().pow(length) {
                let mut rest = number;
                let mut text: String = (0..length)
                    .map(|_| {
                        let byte = BYTES[rest % BYTES.len()];
                        rest /= BYTES.len();
                        char::from(byte)
                    })
                    .collect();
                if read(&text).is_ok() {
                    assert!(grows(&mut text, 5), "[{text}");
                }
            }
        }
    }
}
