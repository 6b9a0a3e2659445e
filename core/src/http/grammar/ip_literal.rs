//! An IPv6 address in brackets (RFC 3986 §3.2.2): what the table cannot count. Each byte is refused as soon as no address
//! can go on with it.
//!
//! IPvFuture and zones are refused: nobody serves them, and parsers differ about them.
//!
//! While one is read, the upper half of [`Machine::total`] holds how many groups may still come, and [`ELLIPSIS`] once
//! `::` stands for those that do not; behind a full stop, how many do not come before it is complete. The lower half holds
//! [`NO_DIGITS`] and behind it the digits of the group, or of the octet, in four bits each.

use super::machine::Machine;
use crate::bytes;

const GROUPS: u64 = 8;

/// With this, or with nothing that may come, it is complete.
const ELLIPSIS: u64 = 16;

/// Behind the first of three full stops.
const FIRST_DOT: u64 = ELLIPSIS - 2;

const NO_DIGITS: u64 = 1;

impl Machine {
    fn set_ip(&mut self, left: u64) {
        self.total = left << 32 | NO_DIGITS;
    }

    const fn ip_left(&self) -> u64 {
        self.total >> 32
    }

    pub(super) fn begin_ip(&mut self) {
        self.set_ip(GROUPS);
    }

    /// The first digit of a group.
    pub(super) fn begin_group(&mut self, digit: u8) -> bool {
        let left = self.ip_left();
        self.set_ip(left.wrapping_sub(1));
        self.grow_ip(digit);
        left & (ELLIPSIS - 1) != 0
    }

    /// Another digit of a group, which has four at most.
    pub(super) fn grow_group(&mut self, digit: u8) -> bool {
        self.grow_ip(digit) < 0x2_0000
    }

    /// A digit of an octet behind a full stop.
    pub(super) fn grow_octet(&mut self, digit: u8) -> bool {
        self.grow_ip(digit);
        self.is_octet()
    }

    #[inline(never)]
    fn grow_ip(&mut self, digit: u8) -> u32 {
        let digits = self.digits() << 4 | u32::from(bytes::digit(digit));
        self.total = self.ip_left() << 32 | u64::from(digits);
        digits
    }

    fn digits(&self) -> u32 {
        u32::try_from(self.total & u64::from(u32::MAX)).unwrap_or(0)
    }

    /// Are the digits those of a decimal number up to 255, without a zero before it?
    #[inline(never)]
    fn is_octet(&self) -> bool {
        let digits = self.digits();
        // Six more carry out of one that is not decimal.
        let carries = digits.wrapping_add(0x666) ^ digits ^ 0x666;
        carries & 0x1110 == 0 && matches!(digits, 0x10..0x20 | 0x110..0x200 | 0x1100..=0x1255)
    }

    /// A colon behind a group: another one must be able to follow.
    pub(super) fn end_group(&mut self) -> bool {
        let left = self.ip_left();
        self.set_ip(left);
        left & (ELLIPSIS - 1) != 0
    }

    /// `::` stands for one group at least, and comes once.
    pub(super) fn note_ellipsis(&mut self) -> bool {
        let left = self.ip_left();
        self.set_ip(left.wrapping_add(ELLIPSIS - 1));
        left < ELLIPSIS
    }

    /// A full stop behind the first octet: an IPv4 address stands for the last two groups.
    pub(super) fn end_first_octet(&mut self) -> bool {
        let (left, is_octet) = (self.ip_left(), self.is_octet());
        self.set_ip(FIRST_DOT);
        is_octet && (left == 1 || left > ELLIPSIS)
    }

    /// A full stop behind another octet.
    pub(super) fn end_octet(&mut self) -> bool {
        let left = self.ip_left();
        self.set_ip(left.wrapping_add(1));
        left < ELLIPSIS
    }

    /// The closing bracket.
    pub(super) fn is_ip_complete(&self) -> bool {
        let left = self.ip_left();
        left == 0 || left >= ELLIPSIS
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use crate::http::grammar::state::State;
    use crate::http::limits::Limits;
    use alloc::string::String;
    use core::net::Ipv6Addr;

    /// The bytes of the text that can stand there, of a machine that has read all of them.
    fn read(text: &str) -> Result<Machine, usize> {
        let mut machine = Machine::new(&Limits::DEFAULT, State::HostStart);
        machine.read_bytes(&Limits::DEFAULT, b"[", &mut []).1.unwrap();
        let (used, read) = machine.read_bytes(&Limits::DEFAULT, text.as_bytes(), &mut []);
        read.map(|()| machine).map_err(|_| used)
    }

    fn is_complete(mut machine: Machine) -> bool {
        machine.read_bytes(&Limits::DEFAULT, b"]", &mut []).1.is_ok()
    }

    fn check(text: &str) {
        let got = read(text).is_ok_and(is_complete);
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
            if read(text).is_ok_and(is_complete) {
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
