//! The key of a handshake, and what proves that it was read (RFC 6455 §4.2.2).

use core::array;

use super::sha1::{self, KEY_LEN};
use crate::http::base64;

/// The value of Sec-WebSocket-Accept.
pub(in crate::websocket) type Accept = [u8; 28];

/// The key of these random bytes.
pub(super) fn key(random: [u8; 16]) -> [u8; KEY_LEN] {
    encode(&random)
}

/// The key that this is: sixteen bytes in Base64. It is not decoded, so no table is needed.
pub(super) fn as_key(value: &[u8]) -> Option<&[u8; KEY_LEN]> {
    let key = <&[u8; KEY_LEN]>::try_from(value).ok()?;
    let [digits @ .., last, b'=', b'='] = key else { return None };
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    // The last digit has two bits of the last byte, and four that stand for nothing.
    (digits.iter().all(is_digit) && matches!(last, b'A' | b'Q' | b'g' | b'w')).then_some(key)
}

/// What answers a key.
pub(in crate::websocket) fn accept(key: &[u8; KEY_LEN]) -> Accept {
    encode(sha1::digest(key).as_flattened())
}

/// In Base64: so many letters, and padding.
fn encode<const N: usize>(bytes: &[u8]) -> [u8; N] {
    array::from_fn(|index| {
        let bit = index.wrapping_mul(6);
        let at = bit >> 3;
        let byte = |at: usize| bytes.get(at).map(|byte| u32::from(*byte));
        let Some(first) = byte(at) else { return b'=' };
        let both = first << 8 | byte(at.wrapping_add(1)).unwrap_or(0);
        // Of the sixteen bits, the six that begin there.
        let behind = 10_u32.wrapping_sub(u32::try_from(bit & 7).unwrap_or(0));
        base64::letter(both.wrapping_shr(behind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(key(*b"the sample nonce"), *b"dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ=="), *b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_a_key_decodes_to_sixteen_bytes() {
        let mut key = *b"dGhlIHNhbXBsZSBub25jZQ==";
        for at in 0..key.len() {
            let before = key[at];
            for byte in 0..=u8::MAX {
                key[at] = byte;
                let decoded = base64::decode(&key, &mut [0; 18]).is_ok_and(|bytes| bytes.len() == 16);
                assert_eq!(as_key(&key).is_some(), decoded, "{byte} at {at}");
            }
            key[at] = before;
        }
    }

    #[test]
    fn a_key_is_sixteen_bytes() {
        for (value, expected) in [
            (&b"dGhlIHNhbXBsZSBub25jZQ=="[..], true),
            (b"dGhlIHNhbXBsZSBub25jZR==", false),
            (b"dGhlIHNhbXBsZSBub25jZQ=", false),
            (b"dGhlIHNhbXBsZSBub25jZ2U=", false),
            (b"dGhlIHNhbXBsZSBub25jZ2Vz", false),
            (b"dGhlIHNhbXBsZSBub25jZQ.=", false),
            (b"dGhl_HNhbXBsZSBub25jZQ==", false),
            (b"+/+/+/+/+/+/+/+/+/+/+w==", true),
            (b"", false),
        ] {
            assert_eq!(as_key(value).is_some(), expected, "{}", value.escape_ascii());
        }
    }
}
