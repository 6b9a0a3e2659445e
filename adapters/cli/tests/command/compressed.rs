//! Texts that are compressed when they are asked for.

use core::time::Duration;
use std::fs::{self, File};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::SystemTime;

use wirenut_tests::tools::has;

use crate::client::{Client, Response};
use crate::process::Server;
use crate::tree::Tree;

const GZIP: &str = "Accept-Encoding: gzip\r\n";

fn text() -> String {
    (0..5000).map(|number| format!("line {number} of a text\n")).collect()
}

/// Files that have rested for long enough to have strong tags.
fn site() -> Tree {
    let text = text();
    let tree = Tree::with(&[
        ("a.txt", &text),
        ("page/index.html", &text),
        ("small.txt", "small"),
        ("picture.png", &text),
        ("app.js", &text),
        ("app.js.gz", "ready"),
    ]);
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    for name in ["app.js", "app.js.gz"] {
        File::open(tree.public().join(name)).unwrap().set_modified(date).unwrap();
    }
    thread::sleep(Duration::from_millis(2100));
    tree
}

fn ask(client: &mut Client, request: &str, fields: &str) -> Response {
    client.send(format!("{request} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
    let response = client.head();
    if request.starts_with("HEAD") || response.status == 304 {
        return response;
    }
    let length = response.length();
    client.body(response, length)
}

fn expand(compressed: &[u8]) -> Vec<u8> {
    let mut gzip = Command::new("gzip").arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = gzip.stdin.take().unwrap();
    let bytes = compressed.to_vec();
    let writer = thread::spawn(move || input.write_all(&bytes).unwrap());
    let output = gzip.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn texts_are_compressed_for_who_takes_it() {
    let tree = site();
    let server = Server::serve_with(&tree.public(), &["--compress", "--precompressed"]);
    let mut client = Client::connect(server.address);
    for (target, accepted, is_compressed) in [
        ("/a.txt", "gzip", true),
        ("/a.txt", "gzip, deflate, br, zstd", true),
        ("/a.txt", "*", true),
        ("/a.txt", "gzip;q=0.5, identity;q=0.1", true),
        ("/a.txt", "", false),
        ("/a.txt", "identity", false),
        ("/a.txt", "gzip;q=0", false),
        ("/a.txt", "br", false),
        ("/a.txt", "gzip;q=0.1, identity;q=0.5", false),
        ("/a.txt", "GZIP", true),
        ("/a.txt", "x-gzip", true),
        ("/a.txt", "identity;q=0, gzip;q=0.001", true),
        ("/a.txt", "gzip;q=0.000, *", false),
        ("/a.txt", "gzip;q=2", false),
        // Nothing that it takes is there: it gets the text all the same.
        ("/a.txt", "identity;q=0", false),
        ("/a.txt", "br, *;q=0", false),
        ("/page/", "gzip", true),
        ("/small.txt", "gzip", false),
        ("/picture.png", "gzip", false),
    ] {
        let fields = format!("Accept-Encoding: {accepted}\r\n");
        let response = ask(&mut client, &format!("GET {target}"), &fields);
        let coding = response.field("Content-Encoding");
        assert_eq!((response.status, coding), (200, is_compressed.then_some("gzip")), "{target} {accepted}");
        assert_eq!(response.field("Vary"), Some("Accept-Encoding"), "{target} {accepted}");
        assert_eq!(response.field("Accept-Ranges"), (!is_compressed).then_some("bytes"), "{target} {accepted}");
        let name = if target == "/page/" { "page/index.html" } else { &target[1..] };
        let content = if is_compressed { expand(&response.body) } else { response.body };
        assert!(content == fs::read(tree.public().join(name)).unwrap(), "{target} {accepted}");
    }
    // What lies ready goes first.
    let ready = ask(&mut client, "GET /app.js", "Accept-Encoding: gzip\r\n");
    assert_eq!((ready.field("Content-Encoding"), ready.text()), (Some("gzip"), "ready"));
}

#[test]
fn tags_tell_the_forms_from_each_other() {
    let tree = site();
    let server = Server::serve_with(&tree.public(), &["--compress", "--upload"]);
    let mut client = Client::connect(server.address);
    // Before anything was compressed, its length is not known, and nothing is done to know it.
    let head = ask(&mut client, "HEAD /a.txt", GZIP);
    assert_eq!((head.status, head.field("Content-Length"), head.field("Content-Encoding")), (200, None, Some("gzip")));
    let (plain, compressed) = (ask(&mut client, "GET /a.txt", ""), ask(&mut client, "GET /a.txt", GZIP));
    let (own, tag) = (plain.field("ETag").unwrap(), compressed.field("ETag").unwrap());
    assert!(own.starts_with('"') && tag.starts_with('"') && own != tag, "{own} {tag}");
    assert_eq!(head.field("ETag"), Some(tag));
    let head = ask(&mut client, "HEAD /a.txt", GZIP);
    assert_eq!((head.length(), head.field("ETag")), (compressed.length(), Some(tag)));
    for (fields, status, coding) in [
        (format!("{GZIP}If-None-Match: {tag}\r\n"), 304, None),
        (format!("{GZIP}If-None-Match: {own}\r\n"), 200, Some("gzip")),
        (format!("{GZIP}If-None-Match: W/{tag}, \"x\"\r\n"), 304, None),
        (format!("If-None-Match: {own}\r\n"), 304, None),
        (format!("If-None-Match: {tag}\r\n"), 200, None),
        (format!("{GZIP}If-Match: {tag}\r\n"), 200, Some("gzip")),
        (format!("{GZIP}If-Match: {own}\r\n"), 412, None),
        // Parts are parts of the file itself.
        (format!("{GZIP}Range: bytes=0-3\r\n"), 206, None),
        (format!("{GZIP}Range: bytes=0-3\r\nIf-Range: {own}\r\n"), 206, None),
        (format!("{GZIP}Range: bytes=0-3\r\nIf-Range: {tag}\r\n"), 200, None),
    ] {
        let response = ask(&mut client, "GET /a.txt", &fields);
        assert_eq!((response.status, response.field("Content-Encoding")), (status, coding), "{fields}");
        if status == 206 {
            assert_eq!((response.text(), response.field("ETag")), ("line", Some(own)));
        }
        if status == 304 {
            assert_eq!(response.field("ETag"), Some(if fields.starts_with(GZIP) { tag } else { own }));
        }
    }
    // The same file has the same bytes under the same tag, in another process, too.
    let other = Server::serve_with(&tree.public(), &["--compress"]);
    let again = ask(&mut Client::connect(other.address), "GET /a.txt", GZIP);
    assert_eq!((again.field("ETag"), &again.body), (Some(tag), &compressed.body));
    // A client that edits what it was sent knows this tag only.
    let put = |tag: &str| format!("Content-Length: 3\r\nIf-Match: {tag}\r\n");
    client.send(format!("PUT /a.txt HTTP/1.1\r\nHost: a\r\n{}\r\nnew", put("\"x\"")));
    assert_eq!(client.response().status, 412);
    client.send(format!("PUT /a.txt HTTP/1.1\r\nHost: a\r\n{}\r\nnew", put(tag)));
    assert_eq!(client.head().status, 204);
    assert_eq!(ask(&mut client, "GET /a.txt", GZIP).text(), "new");
}

#[test]
fn pages_of_directories_are_compressed() {
    let tree = site();
    for number in 0..1100 {
        tree.write(format!("many/{number}.txt"), "");
    }
    let server = Server::serve_with(&tree.public(), &["--compress", "--precompressed"]);
    let mut client = Client::connect(server.address);
    for target in ["/", "/many/?page=2&sort=size"] {
        let plain = ask(&mut client, &format!("GET {target}"), "");
        let own = plain.field("ETag").unwrap();
        assert_eq!((plain.field("Content-Encoding"), plain.field("Vary")), (None, Some("Accept-Encoding")));
        let compressed = ask(&mut client, &format!("GET {target}"), GZIP);
        let tag = compressed.field("ETag").unwrap();
        assert!(own.starts_with('"') && tag.starts_with('"') && own != tag, "{own} {tag}");
        assert!(compressed.length() < plain.length() && expand(&compressed.body) == plain.body, "{target}");
        for field in ["Content-Type", "Cache-Control", "Content-Security-Policy", "X-Content-Type-Options"] {
            assert_eq!((field, compressed.field(field)), (field, plain.field(field)));
        }
        let head = ask(&mut client, &format!("HEAD {target}"), GZIP);
        assert_eq!((head.status, head.field("ETag"), head.field("Content-Length")), (200, Some(tag), None));
        let head = ask(&mut client, &format!("HEAD {target}"), "");
        assert_eq!((head.length(), head.field("ETag")), (plain.length(), Some(own)));
        for (fields, status, coding, vary) in [
            (GZIP.to_owned(), 200, Some("gzip"), "Accept-Encoding"),
            ("Accept-Encoding: x-gzip;q=0.5, br\r\n".into(), 200, Some("gzip"), "Accept-Encoding"),
            ("Accept-Encoding: gzip;q=0, *;q=0\r\n".into(), 200, None, "Accept-Encoding"),
            ("Accept-Encoding: br, zstd\r\n".into(), 200, None, "Accept-Encoding"),
            (format!("{GZIP}Range: bytes=0-3\r\n"), 200, None, "Accept-Encoding"),
            (format!("{GZIP}If-None-Match: {tag}\r\n"), 304, None, "Accept-Encoding"),
            (format!("{GZIP}If-None-Match: {own}\r\n"), 200, Some("gzip"), "Accept-Encoding"),
            (format!("If-None-Match: {own}\r\n"), 304, None, "Accept-Encoding"),
            (format!("If-None-Match: {tag}\r\n"), 200, None, "Accept-Encoding"),
            (format!("{GZIP}If-Match: {tag}\r\n"), 200, Some("gzip"), "Accept-Encoding"),
            (format!("{GZIP}If-Match: {own}\r\n"), 412, None, "Accept, Accept-Encoding"),
        ] {
            let response = ask(&mut client, &format!("GET {target}"), &fields);
            let got = (response.status, response.field("Content-Encoding"), response.field("Vary"));
            assert_eq!(got, (status, coding, Some(vary)), "{target} {fields}");
            match (status, coding) {
                (200, Some(_)) => assert!(response.body == compressed.body, "the same tag, the same bytes: {fields}"),
                (200, None) => assert!(response.body == plain.body, "{fields}"),
                _ => assert!(response.body != plain.body, "{fields}"),
            }
        }
    }
    let error = ask(&mut client, "GET /missing", &format!("{GZIP}Accept: text/html\r\n"));
    assert_eq!((error.status, error.field("Content-Encoding")), (404, None));
    let plain = Server::serve(&tree.public());
    let page = ask(&mut Client::connect(plain.address), "GET /", GZIP);
    assert_eq!((page.field("Content-Encoding"), page.field("Vary")), (None, None));
}

/// It closes the connection, and knows no other way than a length to tell that all has come.
#[test]
fn a_client_of_http_1_0_gets_a_length() {
    let tree = site();
    let server = Server::serve_with(&tree.public(), &["--compress"]);
    for (target, content) in [("/a.txt", Some(text())), ("/", None)] {
        let mut client = Client::connect(server.address);
        client.send(format!("GET {target} HTTP/1.0\r\n{GZIP}\r\n"));
        let head = client.head();
        assert_eq!(
            (head.status, head.field("Content-Encoding"), head.field("Transfer-Encoding")),
            (200, Some("gzip"), None)
        );
        let length = head.length();
        let body = expand(&client.body(head, length).body);
        assert!(content.is_none_or(|content| content.into_bytes() == body) && client.rest() == 0);
    }
}

/// All wait for the same work, so none is sent the file as it is for want of a thread.
#[test]
fn clients_that_ask_for_one_file_at_once_get_the_same_bytes() {
    let tree = site();
    let server = Server::serve_with(&tree.public(), &["--compress"]);
    let mut clients: Vec<_> = (0..100).map(|_| Client::connect(server.address)).collect();
    for client in &mut clients {
        client.send(format!("GET /a.txt HTTP/1.1\r\nHost: a\r\n{GZIP}\r\n"));
    }
    // Those that leave take nothing along.
    let stay = clients.split_off(50);
    drop(clients);
    let bodies = stay.into_iter().map(|mut client| {
        let head = client.head();
        assert_eq!(head.field("Content-Encoding"), Some("gzip"));
        let length = head.length();
        client.body(head, length).body
    });
    let bodies: Vec<_> = bodies.collect();
    assert!(expand(&bodies[0]) == text().as_bytes() && bodies.iter().all(|body| *body == bodies[0]));
}

#[test]
fn what_must_stay_as_it_is_does() {
    let tree = site();
    let server = Server::serve_with(&tree.public(), &["--compress", "--cache", "max-age=1, no-transform"]);
    let response = ask(&mut Client::connect(server.address), "GET /a.txt", "Accept-Encoding: gzip\r\n");
    assert_eq!((response.field("Content-Encoding"), response.text()), (None, text().as_str()));
}

#[test]
fn a_file_that_changes_is_compressed_anew() {
    let tree = site();
    let server = Server::serve_with(&tree.public(), &["--compress"]);
    let mut client = Client::connect(server.address);
    let mut tags = Vec::new();
    for number in 0..5 {
        let content = format!("{number} {}", text());
        tree.write("a.txt", &content);
        let response = ask(&mut client, "GET /a.txt", "Accept-Encoding: gzip\r\n");
        assert_eq!(response.field("Content-Encoding"), Some("gzip"));
        assert!(expand(&response.body) == content.as_bytes());
        tags.push(response.field("ETag").unwrap().to_owned());
    }
    assert!(tags.iter().all(|tag| tag.starts_with("W/")), "it has changed just now: {tags:?}");
}

/// More than are compressed at the same time: the others get the file itself, and all get it whole.
#[test]
fn a_hundred_clients_at_once() {
    if !has("curl") {
        return;
    }
    let tree = Tree::new();
    for number in 0..100 {
        tree.write(format!("{number}.txt"), format!("{number}\n{}", text()));
    }
    let server = Server::serve_with(&tree.public(), &["--compress", "-q"]);
    let url = format!("http://{}/[0-99].txt", server.address);
    let into = tree.path().join("got");
    fs::create_dir(&into).unwrap();
    let out = into.join("#1");
    let arguments = ["-sS", "--compressed", "--parallel", "--parallel-immediate", "--parallel-max", "100", "-o"];
    let output = Command::new("curl").args(arguments).arg(&out).arg(&url).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for number in 0..100 {
        let got = fs::read(into.join(number.to_string())).unwrap();
        assert!(got == fs::read(tree.public().join(format!("{number}.txt"))).unwrap(), "{number}");
    }
}
