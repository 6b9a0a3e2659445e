//! Any bytes, and any parts.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirenut::http::multipart::{Boundary, PartHead};
use wirenut_tests::forms::round_trip;
use wirenut_tests::fuzz::multipart;

/// What forms are made of, and what looks like it.
const PIECES: &[&str] = &[
    "--x",
    "\r\n--x",
    "\n--x",
    "\r\n--",
    "--",
    "-",
    "x",
    "y",
    "\r\n",
    "\r",
    "\n",
    "\r\n\r\n",
    " ",
    "\t",
    ": ",
    ";",
    "----",
    "\r\n----",
    "\r\n------WebKitFormBoundary0",
    "------WebKitFormBoundary",
    "\r\n--a b",
    "a b",
    "Content-Disposition: form-data; name=\"a\"\r\n\r\n",
    "Content-Disposition: form-data; name=a; filename=\"",
    "\"\r\n",
    "Content-Type: text/plain\r\n",
    "Content-Disposition: ",
    "form-data",
    "; name=\"",
    "; filename*=",
    "\\\"",
    "\\",
    "\"",
    "%22",
    "%0D%0A",
    "%",
    "0123456789012345678901234567890123456789",
    "--\r\n",
    "\0",
    "\u{e4}",
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces = vec(select(PIECES), 0..16).prop_map(|pieces| pieces.concat().into_bytes());
    // Most random forms are refused at once: begin some of them well.
    let begun = vec(select(PIECES), 0..12).prop_map(|pieces| {
        format!("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{}\r\n--x--\r\n", pieces.concat())
            .into_bytes()
    });
    prop_oneof![pieces, begun, vec(any::<u8>(), 0..80)]
}

proptest! {
    #[test]
    fn the_laws_hold_for_any_bytes(choice in 0..4_u8, cut in any::<[u8; 2]>(), bytes in bytes()) {
        multipart(&[&[choice], &cut[..], &bytes].concat());
    }

    /// Any parts, with a boundary that nobody guesses: all but names with controls, or with what stands for other
    /// characters, can be written, and are read as what they are.
    #[test]
    fn what_is_written_is_read(
        seed in any::<[u8; 16]>(),
        parts in vec(("[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f%]{0,20}", any::<bool>(), vec(any::<u8>(), 0..200)), 0..6),
        room in 1..255_usize,
    ) {
        let boundary = Boundary::from_seed(&seed);
        let parts: Vec<_> = parts.iter().map(|(name, is_file, content)| {
            let head = PartHead::new(name.as_bytes());
            let file = head.with_filename(name.as_bytes()).with_content_type(b"image/png");
            (if *is_file { file } else { head }, &content[..])
        }).collect();
        prop_assert!(round_trip(boundary.as_bytes(), &parts, room));
    }
}
