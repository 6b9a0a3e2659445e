//! The Internet checksum (RFC 1071) of headers and payloads.

use core::net::IpAddr;

use crate::ip::Protocol;

/// The sum of 16-bit words in ones' complement, as IPv4, TCP and UDP carry it.
///
/// ```
/// use wirenut::ip::Checksum;
/// let header = [0x45, 0, 0, 29, 0, 1, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1];
/// let checksum = Checksum::new().with(&header).finish();
/// assert_eq!(checksum, 0x7ccd);
/// // With the checksum in its place, the sum comes to nothing.
/// assert_eq!(Checksum::new().with(&header).with(&checksum.to_be_bytes()).finish(), 0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Checksum {
    /// Words in the byte order of this machine (RFC 1071 §2(B): the sum does not depend on it), with all carries.
    sum: u64,
    /// An odd number of bytes was added: what comes next begins in the other half of a word.
    is_odd: bool,
}

impl Checksum {
    /// The sum of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { sum: 0, is_odd: false }
    }

    /// The sum of the pseudo-header that TCP and UDP put before themselves (RFC 9293 §3.1, RFC 8200 §8.1). `length` is
    /// that of header and payload. Addresses of two versions have no such header, and make a sum that fits nothing.
    #[must_use]
    pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: Protocol, length: usize) -> Self {
        let sum = Self::new().add_address(source).add_address(destination);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        sum.with(&length.to_be_bytes()).with(&[0, protocol.number()])
    }

    /// The same sum, with these bytes behind those before.
    #[must_use]
    #[inline]
    pub fn with(self, bytes: &[u8]) -> Self {
        // A carry is no more than the count of words, so that 64 bits hold those of any slice.
        let (words, rest) = bytes.as_chunks::<4>();
        let mut sum = words.iter().fold(0_u64, |sum, word| sum.wrapping_add(u32::from_ne_bytes(*word).into()));
        let mut last = [0; 4];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        sum = sum.wrapping_add(u32::from_ne_bytes(last).into());
        let folded = fold(sum);
        let folded = if self.is_odd { folded.swap_bytes() } else { folded };
        Self { sum: self.sum.wrapping_add(folded.into()), is_odd: self.is_odd != (bytes.len() % 2 == 1) }
    }

    /// The checksum: what stands in a header, if that counted as zero; zero, if a right one was in it.
    #[must_use]
    pub fn finish(self) -> u16 {
        !u16::from_be_bytes(fold(self.sum).to_ne_bytes())
    }

    fn add_address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.with(&address.octets()),
            IpAddr::V6(address) => self.with(&address.octets()),
        }
    }
}

/// What a checksum says of a captured packet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ChecksumVerdict {
    /// The bytes are those that were sent.
    Correct,
    /// They are not; or they were captured on the machine that sent them, before its network card wrote the checksum.
    Wrong,
    /// The sender made none, as it may for UDP.
    Absent,
    /// Not all bytes were captured, or they are one fragment of several.
    Unknown,
}

impl ChecksumVerdict {
    /// Of a sum over all, with the checksum in it.
    pub(crate) fn of(sum: Checksum) -> Self {
        if sum.finish() == 0 { Self::Correct } else { Self::Wrong }
    }
}

/// The carries are added until there are none.
fn fold(mut sum: u64) -> u16 {
    loop {
        match u16::try_from(sum) {
            Ok(folded) => return folded,
            Err(_) => sum = (sum >> 16).wrapping_add(sum & 0xffff),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec::Vec;

    /// RFC 1071 §1, word by word.
    fn plain(bytes: &[u8]) -> u16 {
        let mut sum = 0_u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low));
            sum = (sum >> 16) + (sum & 0xffff);
        }
        !(sum as u16)
    }

    #[test]
    fn sums_are_those_of_the_plain_way_in_any_cut() {
        let bytes: Vec<u8> = (0..200_u32).map(|at| (at * at * 37 + 251) as u8).chain([0xff; 40]).collect();
        for length in 0..bytes.len() {
            let bytes = &bytes[..length];
            for at in 0..=length {
                let (one, other) = bytes.split_at(at);
                let sum = Checksum::new().with(one).with(other);
                // Ones' complement has two zeros: bytes that are all zero have the one, all others the other.
                assert_eq!(sum.finish(), plain(bytes), "{length} bytes, cut at {at}");
            }
        }
    }

    /// The example of RFC 1071 §3.
    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(Checksum::new().with(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]).finish(), !0xddf2);
    }
}
