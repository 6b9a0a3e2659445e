//! One fixed answer, whatever is asked: what the bare baselines of both stacks have in common.

/// A peer that is silent this long though we ask it for a sign of life is gone for good, and its
/// socket is needed: there are four.
pub const PEER_TIMEOUT_SECONDS: u64 = 20;
/// After so long we ask.
pub const KEEP_ALIVE_SECONDS: u64 = 5;

/// The answer.
pub const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 13\r\n\
    \r\n\
    Hello, world\n";

/// Finds the empty line after a head, however the bytes are cut.
#[derive(Debug, Default)]
pub struct HeadEnd {
    /// How many bytes of CR LF CR LF the bytes so far end with.
    matched: usize,
}

impl HeadEnd {
    const PATTERN: &[u8; 4] = b"\r\n\r\n";

    /// The number of bytes up to and with the end of a head, if `bytes` holds one.
    pub fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, &byte) in bytes.iter().enumerate() {
            self.matched =
                if byte == Self::PATTERN[self.matched] { self.matched + 1 } else { usize::from(byte == b'\r') };
            if self.matched == Self::PATTERN.len() {
                self.matched = 0;
                return Some(index + 1);
            }
        }
        None
    }
}
