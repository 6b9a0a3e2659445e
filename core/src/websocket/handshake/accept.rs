//! The key of a handshake, and what proves that it was read (RFC 6455 §4.2.2).

use super::sha1;
use crate::http::{Writer, base64};

/// What a server puts behind the key before it makes the digest (§1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The length of a key: 16 bytes in Base64.
pub(super) const KEY_LEN: usize = 24;

/// The value of Sec-WebSocket-Accept.
pub(super) type Accept = [u8; 28];

/// The key of these random bytes.
pub(super) fn key(random: [u8; 16]) -> [u8; KEY_LEN] {
    encode(&random)
}

/// Is this a key: sixteen bytes in Base64? It is not decoded, so no table is needed.
pub(super) fn is_key(value: &[u8]) -> bool {
    let [digits @ .., last, b'=', b'='] = value else { return false };
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    // The last digit has two bits of the last byte, and four that stand for nothing.
    value.len() == KEY_LEN && digits.iter().all(is_digit) && matches!(last, b'A' | b'Q' | b'g' | b'w')
}

/// What answers a key.
pub(super) fn accept(key: &[u8]) -> Accept {
    // A key and the identifier have 60 bytes.
    encode(&sha1::digest(&[key, GUID]).unwrap_or_default())
}

fn encode<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut text = [0; N];
    base64::put(&mut Writer::new(&mut text), bytes.iter().copied());
    text
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
                assert_eq!(is_key(&key), decoded, "{byte} at {at}");
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
            assert_eq!(is_key(value), expected, "{}", value.escape_ascii());
        }
    }
}
