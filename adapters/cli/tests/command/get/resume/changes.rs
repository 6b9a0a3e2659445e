//! What a server has changed between two tries.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::fs;

use super::super::names;
use super::super::server::{Reply, Server};
use super::{Changing, DATED, NEXT, Ranges, Resource, STRONG, TOO_FRESH, WEAK, get, resource};
use crate::process::wirenut;

/// What is there after the first try, which was cut behind four bytes, what the server has then, the range that is asked for
/// first, how many requests there are, and the status.
#[test]
fn every_change_between_two_tries() {
    let first = resource(b'a', STRONG);
    for (name, first, then, asks_for_rest, requests, status) in [
        ("the same", first, first, true, 1, 0),
        ("the same by its date", resource(b'a', DATED), resource(b'a', DATED), true, 1, 0),
        ("another version", first, resource(b'b', NEXT), true, 1, 0),
        (
            "another version, shorter than what is there",
            first,
            Resource { length: 3, ..resource(b'b', NEXT) },
            true,
            1,
            0,
        ),
        ("another version, longer", first, Resource { length: 20, ..resource(b'b', NEXT) }, true, 1, 0),
        ("empty now", first, Resource { length: 0, ..resource(b'b', NEXT) }, true, 1, 0),
        (
            "another version, by a server without If-Range",
            first,
            resource(b'b', NEXT).with(Ranges::Unconditional),
            true,
            2,
            0,
        ),
        (
            "another version without a tag, by a server without If-Range",
            first,
            Resource { length: 12, ..resource(b'b', "") }.with(Ranges::Unconditional),
            true,
            2,
            0,
        ),
        ("no ranges", first, first.with(Ranges::Ignored), true, 1, 0),
        ("a wrong range", first, first.with(Ranges::Shifted), true, 2, 0),
        ("a range without Content-Range", first, first.with(Ranges::Unnamed), true, 2, 0),
        ("two bytes at a time", first, first.with(Ranges::Meagre), true, 3, 0),
        ("416 without a reason", first, first.with(Ranges::Unsatisfied), true, 2, 0),
        ("gone", first, first.with(Ranges::Failing), true, 1, 22),
        ("a weak tag", resource(b'a', WEAK), resource(b'a', WEAK), false, 1, 0),
        ("a weak tag, changed", resource(b'a', WEAK), resource(b'b', WEAK), false, 1, 0),
        ("no validator", resource(b'a', ""), resource(b'b', ""), false, 1, 0),
        ("a date that may not tell", resource(b'a', TOO_FRESH), resource(b'b', TOO_FRESH), false, 1, 0),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let changing = Changing::new(first);
        let url = changing.server.url("/file");
        let line = ["-C", "-", "-o", "file", &url];
        changing.cut(4);
        assert_eq!(get(folder.path(), &line).0, Some(18), "{name}");
        assert!(!folder.path().join("file").exists(), "{name}");
        assert_eq!(fs::read(folder.path().join("file.part")).unwrap(), first.content()[..4], "{name}");
        changing.set(then);
        let (found, errors) = get(folder.path(), &line);
        assert_eq!(found, Some(status), "{name}: {errors}");
        let ranges = changing.ranges();
        assert_eq!(ranges[1].as_deref() == Some("bytes=4-"), asks_for_rest, "{name}: {ranges:?}");
        assert_eq!(ranges.len() - 1, requests, "{name}: {ranges:?}");
        if status == 0 {
            assert_eq!(fs::read(folder.path().join("file")).unwrap(), then.content(), "{name}");
            assert_eq!(names(folder.path()), ["file"], "{name}");
        } else {
            // For another try.
            assert_eq!(fs::read(folder.path().join("file.part")).unwrap(), first.content()[..4], "{name}");
        }
    }
}

#[test]
fn wherever_it_is_cut_it_goes_on_in_another_run_and_in_the_same_one() {
    let resource = resource(b'a', STRONG);
    for cut in 0..=9 {
        let folder = tempfile::tempdir().unwrap();
        let changing = Changing::new(resource);
        let url = changing.server.url("/file");
        changing.cut(cut);
        assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &url]).0, Some(18), "{cut}");
        assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &url]).0, Some(0), "{cut}");
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), resource.content(), "{cut}");
        let expected = (cut > 0).then(|| format!("bytes={cut}-"));
        assert_eq!(changing.ranges(), [None, expected.clone()], "{cut}");
        // In the same run: a file, and standard output, of which nothing can be taken back.
        for line in [
            &["--retry", "1", "--retry-delay", "0.01", "-o", "other", &url][..],
            &["--retry", "1", "--retry-delay", "0.01", &url],
        ] {
            changing.cut(cut);
            let output = wirenut().args(["get", "-q"]).args(line).current_dir(folder.path()).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{cut} {line:?}");
            let content = if line.len() == 5 { output.stdout } else { fs::read(folder.path().join("other")).unwrap() };
            assert_eq!(content, resource.content(), "{cut} {line:?}");
            assert_eq!(changing.ranges().pop().unwrap(), expected, "{cut} {line:?}");
        }
    }
}

/// A version that changed while it was got: a file begins anew, but what is on standard output cannot be taken back.
#[test]
fn a_retry_never_mixes_versions() {
    for (target, status, expected) in
        [(&["-o", "file"][..], 0, resource(b'b', NEXT).content()), (&[], 33, b"a1a3".to_vec())]
    {
        let folder = tempfile::tempdir().unwrap();
        let changes = AtomicUsize::new(0);
        let server = Server::new(move |asked| match changes.fetch_add(1, Ordering::SeqCst) {
            0 => {
                let Reply(bytes, _) = resource(b'a', STRONG).answer(asked);
                Reply::last(&bytes[..bytes.len() - 6])
            }
            _ => resource(b'b', NEXT).answer(asked),
        });
        let url = server.url("/");
        let output = wirenut()
            .args(["get", "-q", "--retry", "3", "--retry-delay", "0.01", &url])
            .args(target)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        let content = if target.is_empty() { output.stdout } else { fs::read(folder.path().join("file")).unwrap() };
        assert_eq!(content, expected);
    }
}

/// A range that the user asks for is not all of a version, so its bytes have other offsets.
#[test]
fn a_range_that_a_field_asks_for_is_not_continued() {
    const CONTENT: &str = "abcdefghij";
    let server = Server::new(|asked| match asked.field("range") {
        Some("bytes=2-7") => {
            let head = "HTTP/1.1 206 Partial Content\r\nETag: \"1\"\r\nContent-Range: bytes 2-7/10\r\n";
            Reply::last(format!("{head}Transfer-Encoding: chunked\r\n\r\n3\r\n{}\r\n", &CONTENT[2..5]))
        }
        _ => Reply::new("206 Partial Content", "ETag: \"1\"\r\nContent-Range: bytes 3-9/10\r\n", &CONTENT[3..]),
    });
    let folder = tempfile::tempdir().unwrap();
    let retries = ["--retry", "1", "--retry-delay", "0.01", "-H", "Range: bytes=2-7", "-o", "file"];
    for more in [&[][..], &["-C", "-"]] {
        let (status, errors) = get(folder.path(), &[&retries, more, &[server.url("/").as_str()]].concat());
        assert_ne!(status, Some(0), "{more:?}: {errors}");
        assert!(!folder.path().join("file").exists());
    }
    let ranges: Vec<_> = server.asked().iter().map(|asked| asked.field("range").map(str::to_owned)).collect();
    assert!(ranges.iter().all(|range| range.as_deref() == Some("bytes=2-7")), "{ranges:?}");
    // On standard output, half of it cannot be taken back, so there is no further try.
    let (status, errors) = get(folder.path(), &[&retries[..6], &[server.url("/").as_str()]].concat());
    assert_eq!(status, Some(18), "{errors}");
}
