//! Addresses and ports as text, cut anywhere: each byte is judged when it comes.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::error::{Error, Rule};
use crate::bytes::{self, HEX};

/// Why reading stops before the end of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// The bytes end; so far they are right.
    Cut,
    Error(Error),
}

/// Bytes, and how far they are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'b> {
    input: &'b [u8],
    offset: usize,
}

impl<'b> Scanner<'b> {
    pub(super) const fn new(input: &'b [u8]) -> Self {
        Self { input, offset: 0 }
    }

    /// How much is read.
    pub(super) const fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn peek(&self) -> Result<u8, Stop> {
        self.input.get(self.offset).copied().ok_or(Stop::Cut)
    }

    pub(super) const fn skip(&mut self) {
        self.offset = self.offset.saturating_add(1);
    }

    /// The next byte breaks this rule.
    pub(super) const fn refuse(&self, rule: Rule) -> Stop {
        Stop::Error(Error::new(rule, self.offset))
    }

    /// Takes these bytes; another one breaks the rule.
    pub(super) fn expect(&mut self, expected: &[u8], rule: Rule) -> Result<(), Stop> {
        for byte in expected {
            if self.peek()? != *byte {
                return Err(self.refuse(rule));
            }
            self.skip();
        }
        Ok(())
    }

    /// Takes the digits of a decimal number up to `most`, without leading zeros. What follows must be there, too, for
    /// without it a number has no end.
    fn number(&mut self, most: u16, rule: Rule) -> Result<u16, Stop> {
        let start = self.offset;
        let mut number = 0_u32;
        loop {
            let digit = self.peek()?.wrapping_sub(b'0');
            let is_first = self.offset == start;
            if digit > 9 {
                return if is_first { Err(self.refuse(rule)) } else { Ok(u16::try_from(number).unwrap_or(most)) };
            }
            // It is at most 65,535 before.
            number = number.wrapping_mul(10).wrapping_add(u32::from(digit));
            let has_leading_zero = !is_first && number < 10;
            if has_leading_zero || number > u32::from(most) {
                return Err(self.refuse(rule));
            }
            self.skip();
        }
    }

    pub(super) fn port(&mut self) -> Result<u16, Stop> {
        self.number(u16::MAX, Rule::InvalidPort)
    }

    fn octet(&mut self) -> Result<u8, Stop> {
        self.number(255, Rule::InvalidAddress).map(|number| u8::try_from(number).unwrap_or(u8::MAX))
    }

    pub(super) fn ipv4(&mut self) -> Result<Ipv4Addr, Stop> {
        let mut octets = [self.octet()?, 0, 0, 0];
        self.more_octets(&mut octets)?;
        Ok(octets.into())
    }

    /// Those behind the first.
    fn more_octets(&mut self, octets: &mut [u8; 4]) -> Result<(), Stop> {
        for octet in octets.iter_mut().skip(1) {
            self.expect(b".", Rule::InvalidAddress)?;
            *octet = self.octet()?;
        }
        Ok(())
    }

    /// Groups of up to four digits; `::` once, in place of one or more groups of zeros; behind `::` and `::ffff:` the last
    /// two groups as an IPv4 address (RFC 4291 §2.2, as inet_ntop(3) writes it). A space must follow.
    pub(super) fn ipv6(&mut self) -> Result<Ipv6Addr, Stop> {
        let mut groups = Groups::default();
        if self.peek()? == b':' {
            self.skip();
            self.expect(b":", Rule::InvalidAddress)?;
            groups.gap = Some(0);
        }
        loop {
            // At the beginning of a group, which may be missing behind `::` only.
            let start = self.offset;
            if groups.most() == groups.count || !bytes::has_class(self.peek()?, HEX) {
                return groups.finish_behind_gap(self);
            }
            let group = self.group()?;
            match self.peek()? {
                b'.' if groups.can_end_in_ipv4() => {
                    let first = self.octet_at(start)?;
                    let mut octets = [first, 0, 0, 0];
                    self.more_octets(&mut octets)?;
                    let [a, b, c, d] = octets;
                    groups.push(u16::from_be_bytes([a, b]));
                    groups.push(u16::from_be_bytes([c, d]));
                    return Ok(groups.address());
                }
                b':' => {
                    groups.push(group);
                    if groups.count == groups.most() {
                        return Err(self.refuse(Rule::InvalidAddress));
                    }
                    self.skip();
                    if self.peek()? == b':' && groups.gap.is_none() {
                        self.skip();
                        groups.gap = Some(groups.count);
                    } else if !bytes::has_class(self.peek()?, HEX) {
                        return Err(self.refuse(Rule::InvalidAddress));
                    }
                }
                b' ' => {
                    groups.push(group);
                    let is_whole = groups.gap.is_some() || groups.count == 8;
                    return if is_whole { Ok(groups.address()) } else { Err(self.refuse(Rule::InvalidAddress)) };
                }
                _ => return Err(self.refuse(Rule::InvalidAddress)),
            }
        }
    }

    /// Takes up to four hexadecimal digits.
    fn group(&mut self) -> Result<u16, Stop> {
        let mut group = 0_u16;
        for _ in 0..4 {
            let byte = self.peek()?;
            if !bytes::has_class(byte, HEX) {
                break;
            }
            group = (group << 4) | u16::from(bytes::digit(byte));
            self.skip();
        }
        Ok(group)
    }

    /// What was taken as a group from `start` on turns out to be the first octet of an IPv4 address, by the full stop that
    /// comes next.
    fn octet_at(&self, start: usize) -> Result<u8, Stop> {
        let mut digits = Self { input: self.input, offset: start };
        let octet = digits.octet().map_err(|_| self.refuse(Rule::InvalidAddress))?;
        if digits.offset == self.offset { Ok(octet) } else { Err(self.refuse(Rule::InvalidAddress)) }
    }
}

/// The groups of an IPv6 address so far.
#[derive(Default)]
struct Groups {
    groups: [u16; 8],
    count: usize,
    /// Before which of them `::` stands.
    gap: Option<usize>,
}

impl Groups {
    /// How many there can be: `::` stands for one at least.
    const fn most(&self) -> usize {
        if self.gap.is_some() { 7 } else { 8 }
    }

    fn push(&mut self, group: u16) {
        if let Some(place) = self.groups.get_mut(self.count) {
            *place = group;
            self.count = self.count.saturating_add(1);
        }
    }

    const fn can_end_in_ipv4(&self) -> bool {
        matches!((self.gap, self.count, self.groups), (Some(0), 0, _) | (Some(0), 1, [0xffff, ..]))
    }

    /// Ends with `::`, if that is the last that came.
    fn finish_behind_gap(&self, scanner: &Scanner<'_>) -> Result<Ipv6Addr, Stop> {
        let is_end = self.gap == Some(self.count) && scanner.peek()? == b' ';
        if is_end { Ok(self.address()) } else { Err(scanner.refuse(Rule::InvalidAddress)) }
    }

    fn address(&self) -> Ipv6Addr {
        let before = self.gap.unwrap_or(self.count);
        let read = self.groups.iter().take(self.count);
        let mut groups = [0; 8];
        groups.iter_mut().zip(read.clone().take(before)).for_each(|(place, group)| *place = *group);
        groups.iter_mut().rev().zip(read.skip(before).rev()).for_each(|(place, group)| *place = *group);
        groups.into()
    }
}
