//! What is answered to whom asks properly.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use wirenut_tests::tools::has;

use crate::client::{Client, post};
use crate::process::Server;
use crate::tree::Tree;

/// What is sent where nothing is found.
const NOT_FOUND: &str =
    "404 Not Found\nNothing is at this address. It may be mistyped, or the file was moved or removed.\n";

fn site() -> Tree {
    Tree::with(&[
        ("index.html", "<p>home"),
        ("empty.css", ""),
        ("data", "data"),
        ("dir/index.html", "<p>dir"),
        ("dir/page.HTM", "<p>page"),
        ("bare/a.png", "png"),
        ("odd/index.html/a", "not a page"),
        ("a b.txt", "space"),
        ("ü.txt", "umlaut"),
        ("a?b#c%20.txt", "marks"),
        ("..hidden", "dots"),
    ])
}

#[test]
fn files_have_their_types_lengths_and_contents() {
    let tree = site();
    tree.write(OsStr::from_bytes(b"\xff\xfe.txt"), "bytes");
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let text = "text/plain; charset=utf-8";
    let html = "text/html; charset=utf-8";
    for (target, content_type, body) in [
        ("/", html, "<p>home"),
        ("/?a=b", html, "<p>home"),
        ("/.", html, "<p>home"),
        ("//", html, "<p>home"),
        ("/index.html", html, "<p>home"),
        ("http://a", html, "<p>home"),
        ("/empty.css", "text/css; charset=utf-8", ""),
        ("/data", "application/octet-stream", "data"),
        ("//data", "application/octet-stream", "data"),
        ("/./dir//", html, "<p>dir"),
        ("/dir/page.HTM?v=1", html, "<p>page"),
        ("/bare/a.png", "image/png", "png"),
        ("/a%20b.txt", text, "space"),
        ("/%C3%BC.txt", text, "umlaut"),
        ("/%ff%FE.txt", text, "bytes"),
        ("/a%3fb%23c%2520.txt", text, "marks"),
    ] {
        let response = client.get(target);
        assert_eq!((response.status, response.text()), (200, body), "{target}");
        assert_eq!(response.field("Content-Type"), Some(content_type), "{target}");
        assert_eq!(response.field("X-Content-Type-Options"), Some("nosniff"), "{target}");
        assert!(response.field("Date").is_some(), "{target}");

        let head = client.head_of(target);
        assert_eq!((head.status, head.length()), (200, body.len() as u64), "HEAD {target}");
        assert_eq!(head.field("Content-Type"), Some(content_type), "HEAD {target}");
    }
}

#[test]
fn what_is_missing_is_not_found() {
    let tree = site();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let long = format!("/{}", "a".repeat(5000));
    for target in ["/missing", "/..hidden", "/bare/index.html", "/data/", "/data/x", "/dir/index.html/", &long[..300]] {
        let response = client.get(target);
        assert_eq!((response.status, response.text()), (404, NOT_FOUND), "{target}");
        assert_eq!(response.field("Content-Type"), Some("text/plain; charset=utf-8"), "{target}");
        assert_eq!(client.head_of(target).status, 404, "HEAD {target}");
    }
    assert_eq!(client.get(&long).status, 400, "no path is that long");
}

#[test]
fn directories_are_redirected_to_their_slash() {
    let tree = site();
    tree.write("a b/index.html", "");
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    for (target, location) in [
        ("/dir", "/dir/"),
        ("/dir?", "/dir/?"),
        ("/dir?a=b&c=%0d%0aX:%20y", "/dir/?a=b&c=%0d%0aX:%20y"),
        ("/dir?//host", "/dir/?//host"),
        ("//dir", "/dir/"),
        ("///./dir", "/dir/"),
        ("/a%20b", "/a%20b/"),
        ("/bare", "/bare/"),
    ] {
        let response = client.get(target);
        assert_eq!((response.status, response.field("Location")), (301, Some(location)), "{target}");
        assert_eq!(client.head_of(target).field("Location"), Some(location), "HEAD {target}");
    }
}

#[test]
fn other_methods_are_refused_and_the_connection_goes_on() {
    let tree = site();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let chunked = "PUT /data HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for request in [
        &post("/data", "hello"),
        &post("/missing", &"x".repeat(10_000)),
        chunked,
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "DELETE /../x HTTP/1.1\r\nHost: a\r\n\r\n",
        "PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n",
        "TRACE / HTTP/1.1\r\nHost: a\r\nCookie: a\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
        "get /data HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        client.send(request);
        let response = client.response();
        assert_eq!((response.status, response.field("Allow")), (405, Some("GET, HEAD")), "{request}");
        assert_eq!(client.get("/data").text(), "data");
    }
    assert_eq!(server.output.wait_for_requests(18)[0], "POST /data 405 59");
}

/// A client that others wrote.
#[test]
fn curl_gets_what_is_there() {
    if !has("curl") {
        return;
    }
    let tree = site();
    tree.write_blocks("large", 100);
    let server = Server::serve(&tree.public());
    let url = |target: &str| format!("http://{}{target}", server.address);
    let got = tree.path().join("got");
    let curl = |arguments: &[&str]| {
        let output =
            Command::new("curl").args(["--silent", "--show-error", "--max-time", "30"]).args(arguments).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let file = got.to_str().unwrap();
    assert_eq!(
        curl(&["-o", file, "-w", "%{http_code} %{content_type}", &url("/large")]),
        "200 application/octet-stream"
    );
    assert!(std::fs::read(&got).unwrap() == std::fs::read(tree.public().join("large")).unwrap());
    assert_eq!(curl(&["--location", "-w", " %{http_code} %{num_redirects}", &url("/dir?x")]), "<p>dir 200 1");
    assert_eq!(curl(&["-o", file, "--path-as-is", "-w", "%{http_code}", &url("/../public/data")]), "400");
    assert_eq!(curl(&["-o", file, "-w", "%{num_connects} ", &url("/data"), "-o", file, &url("/dir/")]), "1 0 ");
    assert!(curl(&["--head", &url("/large")]).contains("Content-Length: 6553600\r\n"));
}
