//! Conditions, ranges, forms that are compressed already, and what caches are told.

use core::time::Duration;
use std::fs::{self, File};
use std::process::Command;
use std::time::{Instant, SystemTime};

use wirenut_tests::tools::has;

use crate::client::{Client, Response};
use crate::process::{Server, run};
use crate::tree::Tree;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// Files that have rested for long enough to have strong tags.
fn site() -> Tree {
    let tree = Tree::with(&[
        ("ten.txt", "0123456789"),
        ("empty.txt", ""),
        ("app.js", "plain"),
        ("app.js.br", "br"),
        ("app.js.gz", "gz"),
        ("app-0a1b2c3d.js", "hashed"),
        ("index.html", "<p>app"),
        ("404.html", "<p>lost"),
    ]);
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    for entry in fs::read_dir(tree.public()).unwrap() {
        File::open(entry.unwrap().path()).unwrap().set_modified(date).unwrap();
    }
    std::thread::sleep(Duration::from_millis(2100));
    tree
}

fn ask(client: &mut Client, method: &str, target: &str, fields: &str) -> Response {
    client.send(format!("{method} {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
    let has_body = method == "GET";
    let response = client.head();
    let length = response.field("Content-Length").map_or(0, |length| length.parse().unwrap());
    if has_body && response.status != 304 { client.body(response, length) } else { response }
}

#[test]
fn conditions_in_their_order() {
    let tree = site();
    let server = Server::serve_with(&tree.public(), &["--cache", "max-age=60"]);
    let mut client = Client::connect(server.address);
    let first = client.get("/ten.txt");
    let tag = first.field("ETag").unwrap();
    assert!(tag.starts_with('"'), "{tag} is strong");
    assert_eq!((first.field("Last-Modified"), first.field("Accept-Ranges")), (Some(DATE), Some("bytes")));
    for (fields, status) in [
        (format!("If-None-Match: {tag}\r\n"), 304),
        (format!("If-None-Match: \"x\", W/{tag}\r\n"), 304),
        ("If-None-Match: *\r\n".into(), 304),
        (format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {DATE}\r\n"), 200),
        (format!("If-Modified-Since: {DATE}\r\n"), 304),
        ("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n".into(), 200),
        ("If-Modified-Since: tomorrow\r\n".into(), 200),
        (format!("If-Match: {tag}\r\n"), 200),
        (format!("If-Match: W/{tag}\r\n"), 412),
        ("If-Match: \"x\"\r\n".into(), 412),
        (format!("If-Unmodified-Since: {DATE}\r\n"), 200),
        ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n".into(), 412),
        (format!("If-Match: \"x\"\r\nIf-None-Match: {tag}\r\n"), 412),
        (format!("If-None-Match: {tag}\r\nRange: bytes=99-\r\n"), 304),
    ] {
        for method in ["GET", "HEAD"] {
            let response = ask(&mut client, method, "/ten.txt", &fields);
            assert_eq!(response.status, status, "{method} {fields}");
            if status == 304 {
                let told = (response.field("ETag"), response.field("Cache-Control"), response.field("Content-Type"));
                assert_eq!(told, (Some(tag), Some("max-age=60"), None), "{method} {fields}");
            }
        }
    }
    assert_eq!(ask(&mut client, "GET", "/missing", "If-None-Match: *\r\n").status, 404, "a condition of nothing");
}

/// What has no file exists as well, and what is no success has no conditions (RFC 9110 §13.2.1).
#[test]
fn conditions_of_what_is_no_file() {
    let tree = site();
    tree.write("dir/deep/a", "");
    let server = Server::serve_with(&tree.public(), &["--error-page=404.html"]);
    let mut client = Client::connect(server.address);
    let first = client.get("/dir/");
    let tag = first.field("ETag").unwrap();
    assert!(tag.starts_with('"') && first.field("Last-Modified").is_none(), "{first:?}");
    assert_eq!(client.get("/dir/").field("ETag"), Some(tag), "of the same names");
    for (fields, listing) in [
        (format!("If-None-Match: {tag}\r\n"), 304),
        ("If-None-Match: *\r\n".into(), 304),
        ("If-None-Match: \"x\"\r\n".into(), 200),
        (format!("If-Match: {tag}\r\n"), 200),
        ("If-Match: *\r\n".into(), 200),
        ("If-Match: \"x\"\r\n".into(), 412),
        (format!("If-Match: \"x\"\r\nIf-None-Match: {tag}\r\n"), 412),
        // Without a Last-Modified, dates say nothing.
        ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n".into(), 200),
        (format!("If-Modified-Since: {DATE}\r\n"), 200),
        ("Range: bytes=0-0\r\n".into(), 200),
    ] {
        for method in ["GET", "HEAD"] {
            let response = ask(&mut client, method, "/dir/", &fields);
            assert_eq!(response.status, listing, "{method} {fields}");
            if listing == 304 {
                let told = ["ETag", "Cache-Control", "Content-Type"].map(|name| response.field(name));
                assert_eq!(told, [Some(tag), Some("no-cache"), None], "{method} {fields}");
            }
        }
        for (target, status) in [("/dir", 301), ("/missing", 404), ("/%00", 400)] {
            assert_eq!(ask(&mut client, "GET", target, &fields).status, status, "{target} {fields}");
        }
    }
    tree.write("dir/more", "");
    assert_eq!(ask(&mut client, "GET", "/dir/", &format!("If-None-Match: {tag}\r\n")).status, 200, "it has changed");
}

#[test]
fn a_file_that_was_written_just_now_has_a_weak_tag() {
    let tree = Tree::new();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    // Written just now also where this machine is busy.
    let tag = loop {
        let begun = Instant::now();
        tree.write("new", "new");
        let tag = client.get("/new").field("ETag").unwrap().to_owned();
        if tag.starts_with("W/\"") {
            break tag;
        }
        assert!(begun.elapsed() >= Duration::from_secs(1), "{tag}");
    };
    let fields = format!("Range: bytes=0-0\r\nIf-Range: {tag}\r\n");
    assert_eq!(ask(&mut client, "GET", "/new", &fields).status, 200);
    assert_eq!(ask(&mut client, "GET", "/new", &format!("If-None-Match: {tag}\r\n")).status, 304);
    // The same length and the same date, and yet another file.
    let date = fs::metadata(tree.public().join("new")).unwrap().modified().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    tree.write("new", "old");
    File::open(tree.public().join("new")).unwrap().set_modified(date).unwrap();
    assert_eq!(ask(&mut client, "GET", "/new", &format!("If-None-Match: {tag}\r\n")).text(), "old");
}

#[test]
fn ranges_are_parts_of_the_whole() {
    let tree = site();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let tag = client.get("/ten.txt").field("ETag").unwrap().to_owned();
    for (fields, status, body, range) in [
        ("Range: bytes=0-0", 206, "0", Some("bytes 0-0/10")),
        ("Range: bytes=5-", 206, "56789", Some("bytes 5-9/10")),
        ("Range: bytes=-3", 206, "789", Some("bytes 7-9/10")),
        ("Range: bytes=-99", 206, "0123456789", Some("bytes 0-9/10")),
        ("Range: bytes=9-18446744073709551616", 206, "9", Some("bytes 9-9/10")),
        ("Range: bytes=-99999999999999999999999", 206, "0123456789", Some("bytes 0-9/10")),
        ("Range: bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-", 206, "0123456789", Some("bytes 0-9/10")),
        ("Range: bytes=2-3,3-4,0-1", 206, "01234", Some("bytes 0-4/10")),
        ("Range: bytes=2-1", 200, "0123456789", None),
        ("Range: pages=1", 200, "0123456789", None),
        (&format!("Range: bytes=0-0\r\nIf-Range: {tag}"), 206, "0", Some("bytes 0-0/10")),
        (&format!("Range: bytes=0-0\r\nIf-Range: {DATE}"), 206, "0", Some("bytes 0-0/10")),
        ("Range: bytes=0-0\r\nIf-Range: \"x\"", 200, "0123456789", None),
    ] {
        let response = ask(&mut client, "GET", "/ten.txt", &format!("{fields}\r\n"));
        let got = (response.status, response.text(), response.field("Content-Range"));
        assert_eq!(got, (status, body, range), "{fields}");
        let head = ask(&mut client, "HEAD", "/ten.txt", &format!("{fields}\r\n"));
        assert_eq!((head.status, head.length(), head.field("Content-Range")), (200, 10, None), "HEAD {fields}");
    }
    for range in ["10-", "10-10", "-0", "99999999999999999999-", "-0, 18446744073709551615-18446744073709551616"] {
        let none = ask(&mut client, "GET", "/ten.txt", &format!("Range: bytes={range}\r\n"));
        assert_eq!((none.status, none.field("Content-Range")), (416, Some("bytes */10")), "{range}");
    }
    for range in ["0-", "0-0", "-1", "5-"] {
        let empty = ask(&mut client, "GET", "/empty.txt", &format!("Range: bytes={range}\r\n"));
        assert_eq!((empty.status, empty.text()), (200, ""), "{range}");
    }
    assert_eq!(ask(&mut client, "GET", "/missing", "Range: bytes=0-\r\n").status, 404);
}

/// But for ranges, which are of GET alone.
#[test]
fn heads_are_those_of_the_answers_to_get() {
    let tree = site();
    tree.write("dir/deep/a", "");
    let server = Server::serve_with(&tree.public(), &["--precompressed", "--cache=no-cache"]);
    let mut client = Client::connect(server.address);
    let tag = client.get("/ten.txt").field("ETag").unwrap().to_owned();
    for (target, fields, status) in [
        ("/ten.txt", "", 200),
        ("/empty.txt", "", 200),
        ("/app.js", "Accept-Encoding: br\r\n", 200),
        ("/", "", 200),
        ("/dir/", "", 200),
        ("/dir?a", "", 301),
        ("/ten.txt", &format!("If-None-Match: {tag}\r\n"), 304),
        ("/%00", "", 400),
        ("/missing", "", 404),
        ("/ten.txt", "If-Match: \"x\"\r\n", 412),
    ] {
        let [get, head] = ["GET", "HEAD"].map(|method| {
            let response = ask(&mut client, method, target, fields);
            assert_eq!(response.status, status, "{method} {target}");
            response.head.lines().filter(|line| !line.starts_with("Date: ")).collect::<Vec<_>>().join("\n")
        });
        assert_eq!(get, head, "{target}");
    }
}

#[test]
fn several_ranges_are_one_body() {
    let tree = site();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let response = ask(&mut client, "GET", "/ten.txt", "Range: bytes=7-,0-1,3-4\r\n");
    assert_eq!((response.status, response.field("Content-Range")), (206, None));
    let media_type = response.field("Content-Type").unwrap();
    let boundary = media_type.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let part = |range: &str, content: &str| {
        let fields = format!("Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {range}/10");
        format!("\r\n--{boundary}\r\n{fields}\r\n\r\n{content}")
    };
    let parts = [part("7-9", "789"), part("0-1", "01"), part("3-4", "34")].concat();
    assert_eq!(response.text(), format!("{parts}\r\n--{boundary}--\r\n"));
    // More than anybody means: the whole, once.
    let many: Vec<String> = (0..1000).map(|first| format!("{}-", first % 10)).collect();
    let response = ask(&mut client, "GET", "/ten.txt", &format!("Range: bytes={}\r\n", many.join(",")));
    assert_eq!((response.status, response.text()), (200, "0123456789"));
    assert_eq!(client.get("/ten.txt").text(), "0123456789");
}

#[test]
fn a_download_that_broke_off_is_gone_on_with() {
    if !has("curl") {
        return;
    }
    let tree = Tree::new();
    tree.write_blocks("large", 100);
    let server = Server::serve(&tree.public());
    let (large, got) = (tree.public().join("large"), tree.path().join("got"));
    fs::write(&got, &fs::read(&large).unwrap()[..1_000_001]).unwrap();
    let curl = ["--silent", "--show-error", "--max-time", "30", "--continue-at", "-", "-o"];
    let url = format!("http://{}/large", server.address);
    assert!(Command::new("curl").args(curl).arg(&got).arg(url).status().unwrap().success());
    assert!(fs::read(got).unwrap() == fs::read(large).unwrap());
}

#[test]
fn compressed_forms_go_to_who_takes_them() {
    let tree = site();
    let server = Server::serve_with(&tree.public(), &["--precompressed"]);
    let mut client = Client::connect(server.address);
    let mut tags = Vec::new();
    for (accepted, coding, body) in [
        ("", None, "plain"),
        ("Accept-Encoding: gzip\r\n", Some("gzip"), "gz"),
        ("Accept-Encoding: gzip, deflate, br, zstd\r\n", Some("br"), "br"),
        ("Accept-Encoding: br;q=0.1, gzip\r\n", Some("gzip"), "gz"),
        ("Accept-Encoding: zstd, identity;q=0.5\r\n", None, "plain"),
        ("Accept-Encoding: gzip;q=0, *;q=0.5\r\n", Some("br"), "br"),
        ("Accept-Encoding: identity, br;q=0.9\r\n", None, "plain"),
    ] {
        let response = ask(&mut client, "GET", "/app.js", accepted);
        assert_eq!((response.field("Content-Encoding"), response.text()), (coding, body), "{accepted}");
        assert_eq!(response.field("Content-Type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(response.field("Vary"), Some("Accept-Encoding"));
        let tag = response.field("ETag").unwrap().to_owned();
        let again = ask(&mut client, "GET", "/app.js", &format!("{accepted}If-None-Match: {tag}\r\n"));
        assert_eq!((again.status, again.field("Vary")), (304, Some("Accept-Encoding")), "{accepted}");
        // A part of another form is never sent for one of this.
        let other = format!("Range: bytes=0-0\r\nIf-Range: {tag}\r\n");
        assert_eq!(ask(&mut client, "GET", "/ten.txt", &other).status, 200);
        let part = ask(&mut client, "GET", "/app.js", &format!("{accepted}{other}"));
        assert_eq!((part.status, part.text()), (206, &body[..1]), "{accepted}");
        tags.push((coding, tag));
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 3, "{tags:?}");
    assert_eq!(ask(&mut client, "GET", "/ten.txt", "Accept-Encoding: br\r\n").field("Content-Encoding"), None);

    let server = Server::serve(&tree.public());
    let response = ask(&mut Client::connect(server.address), "GET", "/app.js", "Accept-Encoding: br\r\n");
    assert_eq!((response.text(), response.field("Vary")), ("plain", None), "only if it is asked for");
}

#[test]
fn caches_are_told_what_the_user_decided() {
    let tree = site();
    let server = Server::serve_with(&tree.public(), &["--cache=no-cache", "--immutable=*-????????.js"]);
    let mut client = Client::connect(server.address);
    let forever = "max-age=31536000, immutable";
    for (target, cache) in [
        ("/app.js", Some("no-cache")),
        ("/", Some("no-cache")),
        ("/app-0a1b2c3d.js", Some(forever)),
        ("/missing-0a1b2c3d.js", None),
    ] {
        assert_eq!(client.get(target).field("Cache-Control"), cache, "{target}");
    }
}

#[test]
fn what_is_missing_may_have_a_page() {
    let tree = site();
    for (options, place, file) in [
        (&["--error-page", "404.html"][..], (404, "<p>lost"), (404, "<p>lost")),
        (&["--spa", "--error-page=/404.html"], (200, "<p>app"), (404, "<p>lost")),
        (&["--spa=404.html"], (200, "<p>lost"), (404, "")),
    ] {
        let server = Server::serve_with(&tree.public(), options);
        let mut client = Client::connect(server.address);
        for (target, (status, body)) in [("/user/1?tab=2", place), ("/missing.js", file)] {
            let response = ask(&mut client, "GET", target, "Range: bytes=0-2\r\n");
            let (status, body) = if status == 200 { (206, &body[..3]) } else { (status, body) };
            assert_eq!(response.status, status, "{options:?} {target}");
            assert!(response.text().starts_with(body), "{options:?} {target}: {}", response.text());
            let kinds = ["ETag", "Last-Modified"].map(|name| response.field(name).is_some());
            assert_eq!(kinds, [status == 206; 2], "{options:?} {target}");
        }
    }
}

/// A build may take it away for a while.
#[test]
fn a_page_for_what_is_missing_that_goes_missing_is_done_without() {
    let tree = site();
    let server = Server::serve_with(&tree.public(), &["--spa", "--error-page=404.html"]);
    let mut client = Client::connect(server.address);
    fs::remove_file(tree.public().join("index.html")).unwrap();
    assert_eq!((client.get("/a").status, client.get("/a").text()), (404, "<p>lost"));
    fs::remove_file(tree.public().join("404.html")).unwrap();
    assert!(client.get("/a").text().contains("404 Not Found"));
    tree.write("index.html", "again");
    assert_eq!((client.get("/a").status, client.get("/a").text()), (200, "again"));
}

/// Whatever was answered for one coding may be answered otherwise for another (RFC 9110 §12.5.5).
#[test]
fn each_answer_that_depends_on_the_coding_says_so() {
    let tree = site();
    let precompressed = [Some("Accept-Encoding"), Some("Accept, Accept-Encoding")];
    // Pages that say what is wrong also depend on Accept.
    for (options, vary) in [(&["--precompressed"][..], precompressed), (&[], [None, Some("Accept")])] {
        let server = Server::serve_with(&tree.public(), options);
        let mut client = Client::connect(server.address);
        for (fields, status) in [
            ("", 200),
            ("Range: bytes=0-0\r\n", 206),
            ("Range: bytes=0-0,1-1\r\n", 206),
            ("Range: bytes=99-\r\n", 416),
            ("If-None-Match: *\r\n", 304),
            ("If-Match: \"x\"\r\n", 412),
        ] {
            for coding in ["", "Accept-Encoding: br\r\n"] {
                let response = ask(&mut client, "GET", "/app.js", &format!("{coding}{fields}"));
                let vary = vary[usize::from(status >= 400)];
                assert_eq!((response.status, response.field("Vary")), (status, vary), "{options:?} {coding}{fields}");
            }
        }
        assert_eq!(client.get("/missing").field("Vary"), Some("Accept"));
    }
}

#[test]
fn a_compressed_form_of_an_older_file_is_not_sent() {
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    for (age, coding) in
        [(Duration::ZERO, Some("br")), (Duration::from_secs(5), Some("gzip")), (Duration::from_secs(500), None)]
    {
        let tree = site();
        for (name, since) in [("app.js.br", 0), ("app.js.gz", 10)] {
            let file = File::open(tree.public().join(name)).unwrap();
            file.set_modified(date + Duration::from_secs(since)).unwrap();
        }
        File::open(tree.public().join("app.js")).unwrap().set_modified(date + age).unwrap();
        let server = Server::serve_with(&tree.public(), &["--precompressed"]);
        let response = ask(&mut Client::connect(server.address), "GET", "/app.js", "Accept-Encoding: br, gzip\r\n");
        assert_eq!((response.status, response.field("Content-Encoding")), (200, coding), "{age:?}");
        assert_eq!(response.field("Vary"), Some("Accept-Encoding"), "still another client may get another");
    }
}

#[test]
fn wrong_values_are_told_with_what_would_be_right() {
    for (option, said) in [
        ("--index=a/b", "without a directory"),
        ("--cache=a\nb", "max-age=3600"),
        ("--spa=../x", "a parent segment in the path; expected a file inside the served directory"),
        ("--error-page=dir/", "expected a file inside the served directory"),
        ("--workers=0", "from 1 to 1024"),
        ("--log-format=apache", "[possible values: short, common, combined]"),
    ] {
        let (status, output, errors) = run(&["serve", option]);
        assert_eq!((status, output.as_str()), (Some(2), ""), "{option}");
        assert!(errors.contains(said), "{option}: {errors}");
    }
}
