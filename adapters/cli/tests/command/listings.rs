//! What is in a directory, shown to who asks for one without a page.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::client::Client;
use crate::process::Server;
use crate::tree::Tree;

/// The targets of the links to entries, in their order.
fn links(page: &str) -> Vec<&str> {
    let (_, rows) = page.split_once("<tbody>").unwrap();
    let (rows, _) = rows.split_once("</tbody>").unwrap();
    rows.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// The target of the link with this text.
fn link<'p>(page: &'p str, text: &str) -> Option<&'p str> {
    let (before, _) = page.split_once(&format!("\">{text}</a>"))?;
    before.rsplit("href=\"").next()?.split('"').next()
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
    let policy = root.field("Content-Security-Policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(links(root.text()), ["dir/", "in-dir/", "page/", "a%20%3C%26%3E.txt", "b.txt", "in"]);
    let (empty, five) = ("</a></th><td title=\"0 bytes\">0 B</td>", "</a></th><td title=\"5 bytes\">5 B</td>");
    assert!(root.text().contains(&format!(">a &lt;&amp;&gt;.txt{empty}")), "{}", root.text());
    assert!(root.text().contains(&format!(">b.txt{five}")), "{}", root.text());
    assert!(root.text().contains(">3 directories, 3 files, 10 B</p>"), "{}", root.text());
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
    let names: [&[u8]; 20] = [
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
        b"?sort=size&order=desc",
        b"<style><script>alert(1)",
        b"' onclick='alert(1)",
        b"<!--",
        b"&#x3c;script&#x3e;",
        b"%3cscript%3e",
        b"%",
        "\u{fffe}\u{1fffe}".as_bytes(),
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
    for part in ["<img", "&lt;<", "\r", "\x1b", "\x7f", "\u{85}", "\u{202e}", "\u{2066}", "\u{200f}"] {
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
    assert_eq!(links(page.text()), ["dir/", "page/", "a%20%3C%26%3E.txt", "b.txt"]);
}

/// Page by page, and nothing is lost or told twice.
#[test]
fn large_directories_come_in_pages() {
    const ENTRIES: usize = 2500;
    let tree = Tree::new();
    for number in 0..ENTRIES {
        fs::create_dir(tree.public().join(format!("{number} &%"))).unwrap();
    }
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let (mut target, mut seen, mut pages) = (String::from("/"), Vec::new(), 0);
    loop {
        let page = client.get(&target);
        pages += 1;
        assert!(page.text().contains(&format!(">2,500 directories. Page {pages} of 3</p>")), "{}", page.text());
        seen.extend(links(page.text()).iter().map(ToString::to_string));
        match link(page.text(), "Next") {
            Some(next) => target = format!("/{next}"),
            None => break,
        }
    }
    let expected: Vec<String> = (0..ENTRIES).map(|number| format!("{number}%20%26%25/")).collect();
    assert!(seen == expected, "{} of {ENTRIES} in {pages} pages", seen.len());
    let last = client.get("/?page=3");
    assert_eq!(client.get("/?page=99999").text(), last.text(), "behind the last page");
    assert_eq!(client.get("/?order=desc&page=3").text().matches("/\">0 &amp;%/<").count(), 1);
    assert_eq!(link(last.text(), "First"), Some("./"));
    assert_eq!(client.get("/?page=0").text(), client.get("/").text());
}

#[test]
fn listings_are_sorted_as_the_query_says() {
    let tree = Tree::with(&[
        ("file10", "1"),
        ("File2", "333"),
        ("file1", "22"),
        ("z/x", ""),
        ("a/x", ""),
        ("page/index.html", "<p>page"),
    ]);
    for (name, seconds) in [("file10", 30), ("File2", 10), ("file1", 20), ("z", 1), ("a", 2), ("page", 3)] {
        let time = std::time::SystemTime::UNIX_EPOCH + core::time::Duration::from_secs(86_400 * seconds);
        fs::File::open(tree.public().join(name)).unwrap().set_modified(time).unwrap();
    }
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    for (query, expected, column) in [
        (
            "",
            "a/ page/ z/ file1 File2 file10",
            "<th scope=\"col\" aria-sort=\"ascending\"><a href=\"?order=desc\">Name</a>",
        ),
        ("?order=desc", "z/ page/ a/ file10 File2 file1", " aria-sort=\"descending\"><a href=\"./\">Name</a>"),
        (
            "?sort=size",
            "a/ page/ z/ file10 file1 File2",
            " aria-sort=\"ascending\"><a href=\"?sort=size&amp;order=desc\">Size</a>",
        ),
        (
            "?sort=size&order=desc",
            "a/ page/ z/ File2 file1 file10",
            " aria-sort=\"descending\"><a href=\"?sort=size\">Size</a>",
        ),
        (
            "?sort=date",
            "z/ a/ page/ File2 file1 file10",
            " aria-sort=\"ascending\"><a href=\"?sort=date&amp;order=desc\">Changed",
        ),
        (
            "?sort=date&order=desc",
            "page/ a/ z/ file10 file1 File2",
            " aria-sort=\"descending\"><a href=\"?sort=date\">Changed",
        ),
        (
            "?sort=nothing&order=%00&page=x",
            "a/ page/ z/ file1 File2 file10",
            " aria-sort=\"ascending\"><a href=\"?order=desc\">Name</a>",
        ),
    ] {
        let page = client.get(&format!("/{query}"));
        assert_eq!(links(page.text()).join(" "), expected, "{query}");
        assert!(page.text().contains(column), "{query}: {column} is not in {}", page.text());
        assert_eq!(page.text().matches(" aria-sort=").count(), 1, "{query}");
        assert!(page.text().contains("<time datetime=\"1970-01-31T00:00Z\">1970-01-31 00:00</time>"), "{query}");
    }
    assert_eq!(client.get("/page/?sort=size").text(), "<p>page", "a page is no listing");
    // Each order is a page of its own.
    let tags: Vec<String> = ["/", "/?sort=size", "/?order=desc"]
        .into_iter()
        .map(|target| client.get(target).field("ETag").unwrap().to_owned())
        .collect();
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{tags:?}");
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
