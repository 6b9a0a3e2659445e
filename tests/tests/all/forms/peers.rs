//! Another reader of forms, multer: what we accept it reads as the same, and what it refuses we do, too.

use core::convert::Infallible;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use futures_util::stream;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirenut::http::multipart::Limits;
use wirenut_tests::forms::read;

/// Name, file name, media type and content of each part.
type Parts = Vec<(String, Option<String>, Option<String>, Vec<u8>)>;

/// What multer reads in these pieces.
fn multer(pieces: &[&[u8]]) -> Result<Parts, multer::Error> {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok::<_, Infallible>(piece.to_vec())).collect();
    let read = async {
        let mut form = multer::Multipart::new(stream::iter(pieces), "x");
        let mut parts = Parts::new();
        while let Some(field) = form.next_field().await? {
            let name = field.name().unwrap_or_default().to_owned();
            let filename = field.file_name().map(str::to_owned);
            let kind = field.content_type().map(ToString::to_string);
            parts.push((name, filename, kind, field.bytes().await?.to_vec()));
        }
        Ok(parts)
    };
    let mut read = pin!(read);
    // All that it waits for is there.
    match read.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(parts) => parts,
        Poll::Pending => panic!("multer waits for something that will not come"),
    }
}

/// What we read, if it is a form. Bytes that are no UTF-8 are left to the fuzzer: multer has no names of bytes.
fn ours(bytes: &[u8]) -> Option<Parts> {
    let form = read(b"x", &Limits::DEFAULT, 4096, &[bytes]);
    form.end.ok()?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let parts = form.parts.into_iter();
    Some(
        parts
            .map(|part| (text(part.name), part.filename.map(text), part.content_type.map(text), part.content))
            .collect(),
    )
}

fn check(bytes: &[u8], pieces: &[&[u8]]) {
    // What multer lets pass, we may refuse.
    let Some(expected) = ours(bytes) else { return };
    let got = multer(pieces).unwrap_or_else(|error| panic!("multer: {error}: {}", bytes.escape_ascii()));
    assert_eq!(got, expected, "left: multer, right: ours: {}", bytes.escape_ascii());
}

const HEADS: &[&str] = &[
    "Content-Disposition: form-data; name=\"a\"\r\n\r\n",
    "Content-Disposition: form-data; name=\"a\"; filename=\"b c.txt\"\r\nContent-Type: text/plain\r\n\r\n",
    "content-type: image/png\r\ncontent-disposition: form-data; filename=\"\"; name=\"\"\r\nX: y\r\n\r\n",
    "Content-Disposition: form-data; name=a\r\n\r\n",
];

const CONTENT: &[&str] =
    &["\r\n", "\r", "\n", "-", "--", "x", "--x", "\r\n--", "\r\n-", "\r\n--y", "hello", "\0", "  ", "\r\n\r\n"];

const DELIMITERS: &[&str] = &["\r\n--x\r\n", "\r\n--x \t\r\n", "\r\n--x--\r\n", "\r\n--x--", "\r\n--x", "--x\r\n"];

proptest! {
    #[test]
    fn multer_reads_the_same(
        parts in vec((select(HEADS), vec(select(CONTENT), 0..6), select(DELIMITERS)), 0..4),
        size in 1..40_usize,
    ) {
        let mut form = "--x\r\n".to_owned();
        for (head, content, delimiter) in &parts {
            form += head;
            form += &content.concat();
            form += delimiter;
        }
        form.truncate(form.trim_end_matches("\r\n--x\r\n").len());
        form += "\r\n--x--\r\n";
        let pieces: Vec<_> = form.as_bytes().chunks(size).collect();
        check(form.as_bytes(), &pieces);
    }
}

/// The generator makes forms that are accepted, with parts.
#[test]
fn a_form_of_each_head() {
    for head in HEADS {
        let form = format!("--x\r\n{head}1\r\n--x\r\n{head}\r\n--x--\r\n");
        let pieces: Vec<_> = form.as_bytes().chunks(1).collect();
        assert_eq!(ours(form.as_bytes()).map(|parts| parts.len()), Some(2), "{form:?}");
        check(form.as_bytes(), &pieces);
    }
}
