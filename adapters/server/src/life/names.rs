//! Names of descriptors: any text, written so that LISTEN_FDNAMES can hold it.

use core::fmt::Write as _;

/// The name, with what LISTEN_FDNAMES cannot hold, and `%`, percent-encoded.
pub(super) fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'%' | b':' | ..=b' ' | 0x7f.. => _ = write!(encoded, "%{byte:02X}"),
            _ => encoded.push(char::from(byte)),
        }
    }
    encoded
}

/// Whether a descriptor that was passed by this name is the one that is meant: by [`encode`], or as systemd has it.
pub(super) fn is_name(passed: &str, meant: &str) -> bool {
    passed == meant || passed == encode(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_can_be_passed() {
        for (name, encoded) in [
            ("web", "web"),
            ("127.0.0.1:80", "127.0.0.1%3A80"),
            ("[::1]:80", "[%3A%3A1]%3A80"),
            ("unix:/run/a b", "unix%3A/run/a%20b"),
            ("100%", "100%25"),
            ("ä\n\u{7f}", "%C3%A4%0A%7F"),
            ("", ""),
        ] {
            assert_eq!(encode(name), encoded);
            assert!(is_name(encoded, name) && !is_name(encoded, "other"));
        }
        assert!(is_name("100%", "100%"), "by somebody who does not encode");
        assert!(!is_name("a:b", "a%3Ab"));
    }
}
