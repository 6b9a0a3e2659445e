//! What is sent where no file is: a page to browsers, a text to programs.

use std::process::Command;

use wirenut_tests::tools::has;

use crate::client::{Client, Response};
use crate::process::Server;
use crate::tree::Tree;

/// As Firefox and Chromium ask for a page.
const BROWSER: &str = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";
/// As curl asks for anything.
const PROGRAM: &str = "Accept: */*\r\n";

fn ask(client: &mut Client, method: &str, target: &str, fields: &str) -> Response {
    client.send(format!("{method} {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
    if method == "HEAD" { client.head() } else { client.response() }
}

#[test]
fn browsers_get_a_page_and_programs_a_text() {
    let tree = Tree::with(&[("dir/index.html", "<p>dir"), ("ten.txt", "0123456789")]);
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    for (method, target, fields, status, title) in [
        ("GET", "/missing", "", 404, "404 Not Found"),
        ("GET", "/missing/", "", 404, "404 Not Found"),
        ("GET", "/%2e%2e/", "", 400, "400 Bad Request"),
        ("DELETE", "/ten.txt", "", 405, "405 Method Not Allowed"),
        ("GET", "/ten.txt", "If-Match: \"x\"\r\n", 412, "412 Precondition Failed"),
        ("GET", "/ten.txt", "Range: bytes=99-\r\n", 416, "416 Range Not Satisfiable"),
        ("GET", "/dir", "", 301, "301 Moved Permanently"),
    ] {
        let page = ask(&mut client, method, target, &format!("{BROWSER}{fields}"));
        let policy = page.field("Content-Security-Policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        let told = (page.status, page.field("Content-Type"), page.field("Vary"));
        assert_eq!(told, (status, Some("text/html; charset=utf-8"), Some("Accept")), "{target}");
        assert!(page.text().contains(&format!("<title>{title}</title>")), "{}", page.text());
        assert!(page.text().starts_with("<!doctype html>") && page.text().ends_with("</html>\n"));

        for accept in [PROGRAM, "", "Accept: text/plain, text/html;q=0.9\r\n"] {
            let text = ask(&mut client, method, target, &format!("{accept}{fields}"));
            let told = (text.status, text.field("Content-Type"), text.field("Vary"));
            assert_eq!(told, (status, Some("text/plain; charset=utf-8"), Some("Accept")), "{target} {accept}");
            assert!(text.text().starts_with(&format!("{title}\n")) && text.text().ends_with(".\n"), "{}", text.text());
            assert_eq!((text.text().lines().count(), text.field("Content-Security-Policy")), (2, None));
        }
    }
}

/// The lengths are those of what GET would get, and nothing comes behind them.
#[test]
fn heads_are_those_of_the_same_answers_to_get() {
    let tree = Tree::with(&[("dir/index.html", "<p>dir")]);
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    for target in ["/missing", "/dir", "/%00", "/dir/missing/"] {
        for accept in [BROWSER, PROGRAM] {
            let (get, head) = (ask(&mut client, "GET", target, accept), ask(&mut client, "HEAD", target, accept));
            assert_eq!((get.status, get.length()), (head.status, head.length()), "{target}");
            assert_eq!(get.field("Content-Type"), head.field("Content-Type"), "{target}");
        }
    }
}

/// A browser that kept the redirect would not find a file that takes the place of the directory.
#[test]
fn redirects_are_not_kept() {
    let tree = Tree::with(&[("name/a", "")]);
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/name").field("Cache-Control"), Some("no-store"));
    std::fs::remove_dir_all(tree.public().join("name")).unwrap();
    tree.write("name", "file");
    assert_eq!(client.get("/name").text(), "file");
}

/// Relative, so that they also lead there behind a proxy that serves this server below another path.
#[test]
fn pages_lead_to_the_directory_above() {
    let tree = Tree::with(&[("dir/deep/a", "")]);
    let server = Server::serve_with(&tree.public(), &["--no-list"]);
    let mut client = Client::connect(server.address);
    for (target, link) in [
        ("/", None),
        ("/missing", Some("./")),
        ("/dir/", Some("../")),
        ("/dir/missing?x=y", Some("./")),
        ("/dir/deep/", Some("../")),
        ("/dir/deep", Some("/dir/deep/")),
        ("/dir/deep?a=%3Cb%3E&c='d'", Some("/dir/deep/?a=%3Cb%3E&amp;c=&#39;d&#39;")),
        ("/%00", None),
    ] {
        let page = ask(&mut client, "GET", target, BROWSER);
        let got = page.text().split_once("<a href=\"").map(|(_, rest)| rest.split('"').next().unwrap());
        assert_eq!(got, link, "{target}");
    }
}

/// Nothing that a client writes comes back in a page, but for the address that a redirect leads to.
#[test]
fn requests_write_nothing_into_pages() {
    let tree = Tree::with(&[("a", "")]);
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    for target in ["/alert(1)", "/%3Cscript%3E", "/a/%3Cimg%3E?'alert'", "/%zz%3Cscript%3E", "/alert/../"] {
        let page = ask(&mut client, "GET", target, BROWSER);
        assert!(matches!(page.status, 400 | 404), "{target}");
        for part in ["<script", "<img", "%3C", "alert"] {
            assert!(!page.text().contains(part), "{target}: {}", page.text());
        }
    }
}

/// A client that others wrote shows a person two lines, and not a page.
#[test]
fn curl_shows_a_text() {
    if !has("curl") {
        return;
    }
    let tree = Tree::new();
    let server = Server::serve(&tree.public());
    let url = format!("http://{}/missing", server.address);
    let output = Command::new("curl").args(["--silent", "--show-error", "--max-time", "30", &url]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("404 Not Found\n") && !text.contains('<'), "{text}");
}
