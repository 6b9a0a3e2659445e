//! What is in a directory, shown to who asks for one without a page.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::client::Client;
use crate::process::Server;
use crate::tree::Tree;

/// The targets of the links on a page, in their order.
fn links(page: &str) -> Vec<&str> {
    page.split("<a href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

fn site() -> Tree {
    let tree = Tree::with(&[
        ("page/index.html", "<p>page"),
        ("b.txt", "12345"),
        ("a <&>.txt", ""),
        (".hidden", "hidden"),
        (".well-known/x", "known"),
        ("dir/.env", "secret"),
        ("dir/deep/a", ""),
    ]);
    fs::write(tree.path().join("outside"), "outside").unwrap();
    for (target, link) in [("b.txt", "in"), ("dir", "in-dir"), ("../outside", "out"), ("missing", "dangling")] {
        symlink(target, tree.public().join(link)).unwrap();
    }
    assert!(Command::new("mkfifo").arg(tree.public().join("fifo")).status().unwrap().success());
    tree
}

#[test]
fn directories_without_a_page_are_listed() {
    let tree = site();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let root = client.get("/");
    assert_eq!((root.status, root.field("Content-Type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(root.field("Content-Security-Policy"), Some("default-src 'none'; style-src 'unsafe-inline'"));
    assert_eq!(links(root.text()), ["a%20%3C%26%3E.txt", "b.txt", "dir/", "in", "in-dir/", "page/"]);
    assert!(root.text().contains(">a &lt;&amp;&gt;.txt</a></td><td class=\"n\">0</td>"), "{}", root.text());
    assert!(root.text().contains(">b.txt</a></td><td class=\"n\">5</td>"), "{}", root.text());
    assert_eq!(client.head_of("/").length(), root.length());
    assert_eq!(links(client.get("/dir/").text()), ["../", "deep/"]);
    assert_eq!(links(client.get("/dir/deep/?sort=none").text()), ["../", "a"]);
    assert_eq!(client.get("/page/").text(), "<p>page");
    assert_eq!(client.get("/dir?x").field("Location"), Some("/dir/?x"));
    for link in links(root.text()) {
        assert_eq!(client.get(&format!("/{link}")).status, 200, "{link}");
    }
}

/// Whoever may put a file there must not write the page.
#[test]
fn names_of_any_bytes_are_shown_and_their_links_lead_to_them() {
    let names: [&[u8]; 12] = [
        b"\"><img src=x onerror=alert(1)>",
        b"'&lt;",
        b"a\r\nb\x1b[2J\x7f",
        b"\xff\xfe\xc3",
        "\u{202e}gpj.exe".as_bytes(),
        "\u{2066}\u{200f}\u{85}".as_bytes(),
        "日本語".as_bytes(),
        b"javascript:alert(1)",
        b"?after=a",
        b"#%2e%2e%2f",
        b"a\\..\\x",
        b" ",
    ];
    let tree = Tree::new();
    for name in names {
        tree.write(OsStr::from_bytes(name), name);
    }
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let page = client.get("/");
    let mut contents: Vec<Vec<u8>> =
        links(page.text()).into_iter().map(|link| client.get(&format!("/{link}")).body).collect();
    contents.sort();
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(contents, expected);
    for part in ["<img", "&lt;<", "'", "\r", "\x1b", "\x7f", "\u{85}", "\u{202e}", "\u{2066}", "\u{200f}"] {
        assert!(!page.text().contains(part), "{part:?} is in {:?}", page.text());
    }
    assert!(page.text().contains(">\u{fffd}gpj.exe<") && page.text().contains(">日本語<"), "{}", page.text());
}

#[test]
fn hidden_names_are_there_for_nobody_unless_asked_for() {
    let tree = site();
    let asked = ["/.hidden", "/dir/.env", "/.well-known/x", "/.well-known/", "/%2ehidden"];
    for (options, expected) in [(&[][..], [404, 404, 200, 200, 404]), (&["--hidden"], [200; 5])] {
        let server = Server::serve_with(&tree.public(), options);
        let mut client = Client::connect(server.address);
        assert_eq!(asked.map(|target| client.get(target).status), expected, "{options:?}");
        assert_eq!(client.get("/").text().contains(".hidden"), !options.is_empty());
    }
}

#[test]
fn listings_and_links_can_be_switched_off() {
    let tree = site();
    let server = Server::serve_with(&tree.public(), &["--no-list", "--no-symlinks", "--index", "b.txt"]);
    let mut client = Client::connect(server.address);
    assert_eq!((client.get("/").text(), client.get("/dir/").status, client.get("/page/").status), ("12345", 404, 404));
    assert_eq!((client.get("/in").status, client.get("/in-dir/deep/a").status), (404, 404));
    let server = Server::serve_with(&tree.public(), &["--no-symlinks"]);
    let page = Client::connect(server.address).get("/");
    assert_eq!(links(page.text()), ["a%20%3C%26%3E.txt", "b.txt", "dir/", "page/"]);
}

/// Page by page, and nothing is lost or told twice.
#[test]
fn large_directories_come_in_pages() {
    const ENTRIES: usize = 2500;
    let tree = Tree::new();
    for number in 0..ENTRIES {
        fs::create_dir(tree.public().join(format!("{number:05} &%"))).unwrap();
    }
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let (mut target, mut seen, mut pages) = (String::from("/"), Vec::new(), 0);
    loop {
        let page = client.get(&target);
        pages += 1;
        let links = links(page.text());
        seen.extend(links.iter().filter(|link| link.ends_with("%20%26%25/")).map(ToString::to_string));
        match links.iter().find(|link| link.starts_with("?after=")) {
            Some(next) => target = format!("/{next}"),
            None => break,
        }
    }
    let expected: Vec<String> = (0..ENTRIES).map(|number| format!("{number:05}%20%26%25/")).collect();
    assert!(seen == expected, "{} of {ENTRIES} in {pages} pages", seen.len());
    assert_eq!(pages, 3);
}

/// From what is remembered, too, which is never of other names, nor a page.
#[test]
fn heads_and_conditions_are_those_of_the_page() {
    let tree = Tree::with(&[("dir/a.txt", "12345"), ("dir/<b>", ""), ("dir/deep/x", "")]);
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    // What is younger is not remembered.
    std::thread::sleep(core::time::Duration::from_millis(2100));
    for round in 0..3 {
        let page = client.get("/dir/");
        let tag = page.field("ETag").unwrap();
        let ask = |client: &mut Client, method: &str, fields: &str| {
            client.send(format!("{method} /dir/ HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
            client.head()
        };
        for _ in 0..2 {
            let head = client.head_of("/dir/");
            assert_eq!((head.length(), head.field("ETag")), (page.length(), Some(tag)), "{round}");
            let same = ask(&mut client, "GET", &format!("If-None-Match: {tag}\r\n"));
            assert_eq!((same.status, same.field("ETag")), (304, Some(tag)), "{round}");
            assert_eq!(ask(&mut client, "HEAD", "If-None-Match: \"x\"\r\n").status, 200);
            assert_eq!(ask(&mut client, "HEAD", "If-Match: \"x\"\r\n").status, 412);
            client.send("GET /dir/ HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"x\"\r\n\r\n");
            assert_eq!(client.response().text(), page.text(), "{round}");
        }
        tree.write(format!("dir/new {round}"), "");
        let changed = ask(&mut client, "HEAD", &format!("If-None-Match: {tag}\r\n"));
        assert_eq!(changed.status, 200, "a name that came: {round}");
        assert_ne!(changed.length(), page.length());
    }
}
