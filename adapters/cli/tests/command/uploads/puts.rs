//! PUT: where it may write, on which conditions, and how much.

use std::fs;
use std::os::unix::fs::symlink;
use std::thread;

use super::{files, names, put, response};
use crate::client::{Client, get};
use crate::process::{PATIENCE, Server};
use crate::tree::{Block, Tree};

#[test]
fn nothing_is_written_unless_it_is_asked_for() {
    let tree = Tree::with(&[("a", "old")]);
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    for method in ["PUT", "POST"] {
        client.send(format!("{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nnew"));
        let refused = client.response();
        assert_eq!((refused.status, refused.field("Allow")), (405, Some("GET, HEAD")));
    }
    assert!(!client.get("/").text().contains("<form"));
    assert_eq!(files(&tree.public()), [("a".into(), b"old".to_vec())]);
}

/// Nothing is written outside, beneath hidden names, or in place of what is no file.
#[test]
fn targets_are_names_in_directories() {
    let tree = Tree::with(&[("dir/old", "old"), (".git/config", "kept"), (".well-known/x", "kept"), ("a.txt", "a")]);
    fs::create_dir(tree.path().join("outside")).unwrap();
    fs::write(tree.path().join("outside/secret"), "kept").unwrap();
    let public = tree.public();
    symlink("../outside", public.join("out")).unwrap();
    symlink("../outside/secret", public.join("link")).unwrap();
    symlink("../outside/none", public.join("dangling")).unwrap();
    symlink("dir", public.join("in")).unwrap();
    let server = Server::serve_with(&public, &["--upload"]);
    let long = format!("/{}", "a".repeat(256));
    for (target, status) in [
        ("/new", 201),
        ("/new", 204),
        ("/dir/old", 204),
        ("/in/by-link", 201),
        ("/dir/%C3%BC%20%28%29", 201),
        ("/new?query=1", 204),
        ("/", 409),
        ("/dir/", 409),
        ("/dir", 409),
        ("/dir/.", 409),
        ("/none/x", 409),
        ("/a.txt/x", 409),
        ("/out/x", 409),
        ("/out/secret", 409),
        ("/link", 409),
        ("/dangling", 409),
        ("/..", 400),
        ("/../outside/x", 400),
        ("/dir/%2e%2e/x", 400),
        ("/dir%2fx", 400),
        ("/x%00", 400),
        ("/x%0a", 400),
        ("/x%1b%5b2J", 400),
        ("/x%ff", 400),
        ("/%zz", 400),
        ("/.hidden", 403),
        ("/dir/.hidden", 403),
        ("/.git/config", 403),
        ("/.git/hooks", 403),
        ("/.well-known/acme", 403),
        ("/dir/.wirenut-upload-1", 400),
        (&long, 400),
        (&format!("{}x", "/a".repeat(2100)), 400),
    ] {
        let mut client = Client::connect(server.address);
        client.send(put(target, "", "new"));
        let answer = response(&mut client);
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
        assert_eq!(answer.field("Location"), (status == 201).then_some(target));
        assert!(answer.status != 409 || answer.text().lines().count() == 2, "it is said why");
    }
    assert_eq!(files(&tree.path().join("outside")), [("secret".into(), b"kept".to_vec())]);
    let expected = [
        (".git/config", "kept"),
        (".well-known/x", "kept"),
        ("a.txt", "a"),
        ("dangling", ""),
        ("dir/by-link", "new"),
        ("dir/old", "new"),
        ("dir/\u{fc} ()", "new"),
        ("link", "kept"),
        ("new", "new"),
        ("out", ""),
    ];
    let found = files(&public);
    let found: Vec<_> = found
        .iter()
        .map(|(name, content)| (name.as_str(), str::from_utf8(content).unwrap()))
        .filter(|(name, _)| *name != "in")
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn hidden_names_are_taken_where_they_are_served() {
    let tree = Tree::with(&[(".dir/x", "")]);
    tree.write(".wirenut-upload-0", "a part");
    let server = Server::serve_with(&tree.public(), &["--upload", "--hidden"]);
    let mut client = Client::connect(server.address);
    for (target, status) in [("/.dir/y", 201), ("/.z", 201), ("/.wirenut-upload-1", 400)] {
        client.send(put(target, "", "new"));
        assert_eq!(response(&mut client).status, status, "{target}");
    }
    // What is not whole yet is nothing that anybody sees.
    assert_eq!(client.get("/.wirenut-upload-0").status, 404);
    assert!(!client.get("/").text().contains("wirenut-upload"));
}

#[test]
fn conditions_decide_what_is_replaced() {
    let tree = Tree::with(&[("a", "1")]);
    thread::sleep(core::time::Duration::from_millis(2100));
    let server = Server::serve_with(&tree.public(), &["--upload"]);
    let mut client = Client::connect(server.address);
    let tag = client.get("/a").field("ETag").unwrap().to_owned();
    for (target, fields, status) in [
        ("/a", "If-None-Match: *\r\n".into(), 412),
        ("/a", "If-Match: \"x\"\r\n".into(), 412),
        ("/a", format!("If-Match: W/{tag}\r\n"), 412),
        ("/a", format!("If-None-Match: {tag}\r\n"), 412),
        ("/a", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n".into(), 412),
        ("/b", "If-Match: *\r\n".into(), 412),
        ("/b", format!("If-Match: {tag}\r\n"), 412),
        ("/a", "Content-Range: bytes 0-2/9\r\n".into(), 400),
        ("/a", "Content-Encoding: gzip\r\n".into(), 415),
        ("/a", "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n".into(), 415),
        ("/b", "If-None-Match: *\r\n".into(), 201),
        ("/b", "If-None-Match: *\r\n".into(), 412),
        ("/b", "If-Match: *\r\n".into(), 204),
        ("/a", format!("If-Match: \"x\", {tag}\r\n"), 204),
        ("/a", format!("If-Match: {tag}\r\n"), 412),
        ("/a", "Content-Encoding: identity\r\nContent-Type: text/x\r\n".into(), 204),
    ] {
        let before = files(&tree.public());
        client.send(put(target, &fields, "new"));
        assert_eq!(response(&mut client).status, status, "{target} {fields}");
        assert!(status < 300 || files(&tree.public()) == before, "{target} {fields}");
    }
}

#[test]
fn content_comes_in_any_way_up_to_the_limit() {
    let tree = Tree::new();
    let server = Server::serve_with(&tree.public(), &["--upload", "--upload-limit", "1M"]);
    let fits: Vec<u8> = (0..1 << 20).map(|at| (at % 251) as u8).collect();
    let chunks = |content: &[u8], size: usize| -> Vec<u8> {
        let chunk = |chunk: &[u8]| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
        let chunks: Vec<u8> = content.chunks(size).flat_map(chunk).collect();
        [&b"PUT /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"[..], &chunks, b"0\r\n\r\n"].concat()
    };
    let mut client = Client::connect(server.address);
    client.send(chunks(&fits, 77_777));
    assert_eq!(response(&mut client).status, 201);
    assert!(fs::read(tree.public().join("chunked")).unwrap() == fits);
    client.send(chunks(&[], 1));
    assert_eq!(response(&mut client).status, 204);
    assert_eq!(fs::read(tree.public().join("chunked")).unwrap(), b"");
    client.send(
        [format!("PUT /whole HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", 1 << 20).as_bytes(), &fits].concat(),
    );
    assert_eq!(response(&mut client).status, 201);
    // One more is too much: of what is announced at once, of what is not when it comes.
    client.send(format!(
        "PUT /more HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        (1 << 20) + 1
    ));
    assert_eq!(response(&mut client).status, 413);
    let mut client = Client::connect(server.address);
    client.send(chunks(&[&fits[..], b"x"].concat(), 65_536));
    assert_eq!(response(&mut client).status, 413);
    assert_eq!(names(&tree.public()), ["chunked", "whole"]);
    assert_eq!(fs::read(tree.public().join("chunked")).unwrap(), b"", "it is as it was");
}

#[test]
fn who_waits_for_a_100_is_refused_without_it() {
    let tree = Tree::with(&[("a", "1")]);
    let server = Server::serve_with(&tree.public(), &["--upload"]);
    for (target, fields, status) in [
        ("/b", "", 100),
        ("/c", "If-Match: *\r\n", 412),
        ("/none/x", "", 409),
        ("/.x", "", 403),
        ("/a", "If-None-Match: *\r\n", 412),
    ] {
        let mut client = Client::connect(server.address);
        client.send(format!(
            "PUT {target} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n{fields}Content-Length: 3\r\n\r\n"
        ));
        assert_eq!(client.head().status, status, "{target} {fields}");
        if status == 100 {
            client.send("new");
            assert_eq!(response(&mut client).status, 201);
        }
    }
    assert_eq!(names(&tree.public()), ["a", "b"]);
}

/// Whoever began with the old file goes on with it.
#[test]
fn what_is_being_sent_stays_as_it_was() {
    const BLOCKS: u64 = 200;
    let tree = Tree::new();
    tree.write_blocks("large", BLOCKS);
    let server = Server::serve_with(&tree.public(), &["--upload"]);
    let mut reader = Client::connect(server.address);
    reader.send(get("/large"));
    assert_eq!(reader.head().length(), BLOCKS * Block::LENGTH);
    let mut block = Block::new();
    reader.take(Block::LENGTH, 1 << 16, |_, piece| assert!(piece == block.number(0)));
    let mut writer = Client::connect(server.address);
    writer.send(put("/large", "", &"new ".repeat(100_000)));
    assert_eq!(response(&mut writer).status, 204);
    assert_eq!(writer.get("/large").length(), 400_000);
    reader.take((BLOCKS - 1) * Block::LENGTH, 1 << 16, |at, piece| {
        let at = at + Block::LENGTH;
        let expected = block.number(at / Block::LENGTH);
        let start = (at % Block::LENGTH) as usize;
        assert!(piece == &expected[start..start + piece.len()], "at {at}");
    });
}

/// Wherever it is cut, nothing stays of it, and the server goes on.
#[test]
fn peers_that_vanish_leave_nothing() {
    let tree = Tree::with(&[("old", "old")]);
    let server = Server::serve_with(&tree.public(), &["--upload", "-q"]);
    let whole = put("/old", "", &"x".repeat(300_000));
    let chunked = format!(
        "PUT /new HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwhat\r\n{}",
        "3\r\nxyz\r\n".repeat(10_000)
    );
    let form = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 99999\r\n\r\n\
         --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"new\"\r\n\r\n{}",
        "z".repeat(99_000)
    );
    for request in [whole, chunked, form] {
        let start = request.find("\r\n\r\n").unwrap() + 4;
        for cut in [start, start + 1, start + 100, start + 20_000, request.len() / 2, request.len() - 1] {
            let mut client = Client::connect(server.address);
            client.send(&request[..cut]);
            if cut % 2 == 0 {
                client.end_sending();
                client.rest();
            }
        }
    }
    // Files without a name cannot be seen, but their descriptors can.
    let open = format!("/proc/{}/fd", server.child.id());
    let begun = std::time::Instant::now();
    let is_writing = || {
        let links = fs::read_dir(&open).unwrap().filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        links.filter(|link| link.starts_with(tree.path())).any(|link| link.to_string_lossy().contains("(deleted)"))
    };
    while is_writing() {
        assert!(begun.elapsed() < PATIENCE, "a file stays open");
        thread::sleep(core::time::Duration::from_millis(10));
    }
    assert_eq!(files(&tree.public()), [("old".into(), b"old".to_vec())]);
    let mut client = Client::connect(server.address);
    client.send(put("/new", "", "new"));
    assert_eq!(response(&mut client).status, 201);
}

/// All are whole when they are there, and the last one stays.
#[test]
fn a_hundred_writers_of_one_name_make_no_mixture() {
    let tree = Tree::with(&[("one", &"-".repeat(20_000))]);
    for model in ["multiplexed", "pre-forked"] {
        let server = Server::serve_with(&tree.public(), &["--upload", "-q", "--model", model]);
        let contents: Vec<String> = (0..100).map(|number| format!("{number:04}").repeat(5000)).collect();
        let mut clients: Vec<Client> = contents
            .iter()
            .map(|content| {
                let mut client = Client::connect(server.address);
                let request = put("/one", "", content);
                client.send(&request[..request.len() - 5000]);
                client
            })
            .collect();
        for (client, content) in clients.iter_mut().zip(&contents) {
            client.send(&content[15_000..]);
        }
        let mut reader = Client::connect(server.address);
        for _ in 0..50 {
            let read = reader.get("/one");
            let (first, length) = (&read.text()[..4], read.length());
            assert!(length == 20_000 && read.text() == first.repeat(20_000 / first.len()), "a mixture");
        }
        for client in &mut clients {
            assert_eq!(response(client).status, 204, "{model}");
        }
        let left = files(&tree.public());
        assert!(left.len() == 1 && contents.iter().any(|content| content.as_bytes() == left[0].1), "{model}");
        // Of those that make a name, one does.
        let mut clients: Vec<Client> = (0..50).map(|_| Client::connect(server.address)).collect();
        clients.iter_mut().for_each(|client| client.send(put(&format!("/new-{model}"), "If-None-Match: *\r\n", "x")));
        let statuses: Vec<u16> = clients.iter_mut().map(|client| response(client).status).collect();
        let count = |status| statuses.iter().filter(|got| **got == status).count();
        assert_eq!((count(201), count(412)), (1, 49), "{model} {statuses:?}");
        fs::remove_file(tree.public().join(format!("new-{model}"))).unwrap();
    }
}

#[test]
fn uploads_are_finished_before_the_end() {
    let tree = Tree::new();
    let mut server = Server::serve_with(&tree.public(), &["--upload"]);
    let mut client = Client::connect(server.address);
    let content = "x".repeat(200_000);
    let request = put("/a", "", &content);
    client.send(&request[..100_000]);
    // Its file is open, so it has begun.
    let open = format!("/proc/{}/fd", server.child.id());
    let is_begun = || {
        fs::read_dir(&open)
            .unwrap()
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .any(|link| link.starts_with(tree.path()) && link.to_string_lossy().contains("(deleted)"))
    };
    let begun = std::time::Instant::now();
    while !is_begun() && begun.elapsed() < core::time::Duration::from_secs(2) {
        thread::sleep(core::time::Duration::from_millis(5));
    }
    server.signal("TERM");
    while std::net::TcpStream::connect(server.address).is_ok() {
        assert!(begun.elapsed() < PATIENCE);
        thread::sleep(core::time::Duration::from_millis(5));
    }
    client.send(&request[100_000..]);
    assert_eq!(response(&mut client).status, 201);
    assert_eq!(server.end().code(), Some(0));
    assert_eq!(files(&tree.public()), [("a".into(), content.into_bytes())]);
}

/// Before HTTP/1.1, content without a length ended with the connection (RFC 1945 §7.2.2): what is there is not emptied for it.
#[test]
fn content_of_unknown_length_is_refused() {
    let tree = Tree::with(&[("a", "old")]);
    let server = Server::serve_with(&tree.public(), &["--upload"]);
    for (request, status, content) in [
        ("PUT /a HTTP/1.0\r\n\r\nnew", 411, "old"),
        ("PUT /a HTTP/1.0\r\nContent-Length: 3\r\n\r\nnew", 204, "new"),
        ("PUT /a HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 204, ""),
    ] {
        let mut client = Client::connect(server.address);
        client.send(request);
        assert_eq!(response(&mut client).status, status, "{request}");
        assert_eq!(fs::read_to_string(tree.public().join("a")).unwrap(), content, "{request}");
    }
}
