//! The forms that are read.

use bytes::Bytes;

/// As Chromium makes it.
pub(crate) const BOUNDARY: &[u8] = b"----WebKitFormBoundary7MA4YWxkTrZu0gW";

/// Bytes of content in each form.
const CONTENT: usize = 1 << 20;

pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) form: Bytes,
    /// Bytes of content in all parts.
    pub(crate) content: usize,
}

pub(crate) fn all() -> Vec<Input> {
    let lines = b"A line of a text as people and programs write it, and the end of it.\r\n";
    // All but the last byte of a delimiter, over and over.
    let hostile = [b"\r\n--", &BOUNDARY[..BOUNDARY.len() - 1]].concat();
    let repeated = |piece: &[u8]| piece.repeat(CONTENT / piece.len());
    vec![
        of("file of random bytes", &[random(CONTENT)]),
        of("file of text", &[repeated(lines)]),
        of("file of line feeds", &[repeated(b"\n")]),
        of("file that looks like a boundary", &[repeated(&hostile)]),
        // At each second byte stands the first byte that our search looks for, and the last one where it should.
        of("file made against our search", &[repeated(b"\nW")]),
        of("fields of 20 bytes", &vec![b"what a person writes".to_vec(); 2000]),
    ]
}

fn of(name: &'static str, parts: &[Vec<u8>]) -> Input {
    let mut form = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        form.extend(if number == 0 { &b"--"[..] } else { b"\r\n--" });
        form.extend(BOUNDARY);
        form.extend(b"\r\nContent-Disposition: form-data; name=\"file\"; filename=\"holiday.bin\"\r\n");
        form.extend(b"Content-Type: application/octet-stream\r\n\r\n");
        form.extend(part);
    }
    form.extend(b"\r\n--");
    form.extend(BOUNDARY);
    form.extend(b"--\r\n");
    Input { name, form: form.into(), content: parts.iter().map(Vec::len).sum() }
}

/// Bytes of a generator by Marsaglia, the same each time.
fn random(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    core::iter::repeat_with(next).take(length).collect()
}
