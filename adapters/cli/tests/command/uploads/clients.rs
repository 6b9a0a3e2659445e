//! What clients that people use store: curl, Python's requests, and a browser.

use std::fs;
use std::process::Command;

use wirenut_tests::tools::has;

use super::{files, names};
use crate::process::Server;
use crate::tree::Tree;

fn curl(arguments: &[&str], url: &str) -> String {
    let base = ["-sS", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}"];
    let output = Command::new("curl").args(base).args(arguments).arg(url).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn curl_stores_files() {
    if !has("curl") {
        return;
    }
    let tree = Tree::with(&[("dir/x", "")]);
    let large: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 253) as u8).collect();
    let source = tree.path().join("large");
    fs::write(&source, &large).unwrap();
    let server = Server::serve_with(&tree.public(), &["--upload", "--upload-limit", "4M"]);
    let source = source.to_str().unwrap();
    let url = |path: &str| format!("http://{}/{path}", server.address);
    assert_eq!(curl(&["-T", source], &url("dir/")), "201");
    assert_eq!(curl(&["-T", source], &url("dir/")), "204");
    assert_eq!(curl(&["-T", source, "-H", "Transfer-Encoding: chunked"], &url("chunked")), "201");
    assert_eq!(curl(&["-T", source, "-H", "If-None-Match: *"], &url("chunked")), "412");
    let file = format!("file=@{source}");
    assert_eq!(curl(&["-F", &file, "-F", "file=@Cargo.toml"], &url("")), "303");
    assert_eq!(curl(&["-F", &file], &url("")), "409");
    assert_eq!(curl(&["-F", "replace=1", "-F", &file], &url("")), "303");
    assert_eq!(names(&tree.public()), ["Cargo.toml", "chunked", "dir/large", "dir/x", "large"]);
    for name in ["chunked", "dir/large", "large"] {
        assert!(fs::read(tree.public().join(name)).unwrap() == large, "{name}");
    }
}

/// Python's requests, as `tests/peers/requests_form.py` has it send a form.
#[test]
#[ignore = "needs python3 with requests: `.ci/run peers` brings it along"]
fn requests_stores_the_files_of_a_form() {
    let tree = Tree::new();
    let server = Server::serve_with(&tree.public(), &["--upload"]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/peers/requests_form.py");
    let url = format!("http://{}/", server.address);
    let output = Command::new("python3").args([script, &url]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = files(&tree.public());
    // A backslash ends a directory on the machines that send whole paths.
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["data.bin", "\u{e4}%.txt"]);
}

/// What a page says in its title, once its scripts have run.
fn title(url: &str, profile: &std::path::Path) -> String {
    let profile = format!("--user-data-dir={}", profile.display());
    let arguments =
        ["--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000", "--dump-dom", &profile];
    let output = Command::new("timeout").args(["60", "chromium"]).args(arguments).arg(url).output().unwrap();
    let page = String::from_utf8_lossy(&output.stdout);
    let title = page.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    title
        .map(|(title, _)| title.to_owned())
        .unwrap_or_else(|| panic!("{page}{}", String::from_utf8_lossy(&output.stderr)))
}

/// A browser says by itself whether a page is ours: a form of this server's stores a file, one of another server's does not.
#[test]
fn browsers_store_for_pages_of_this_server_only() {
    if !has("chromium") {
        return;
    }
    let page = |target: &str| {
        format!(
            "<!doctype html><meta charset=utf-8><title>waiting</title><script>
             const form = new FormData();
             form.append('file', new File(['from a browser'], '\u{fc} (1).txt'));
             fetch('{target}', {{ method: 'POST', body: form, mode: 'no-cors', redirect: 'follow' }})
                 .then(answer => document.title = answer.type + ' ' + answer.status, () => document.title = 'failed');
             </script>"
        )
    };
    let (own, other) = (Tree::new(), Tree::new());
    let server = Server::serve_with(&own.public(), &["--upload"]);
    let stranger = Server::serve(&other.public());
    own.write("page.html", page("./"));
    other.write("page.html", page(&format!("http://{}/", server.address)));
    let profile = tempfile::tempdir().unwrap();
    let asked = title(&format!("http://{}/page.html", stranger.address), profile.path());
    assert!(asked.starts_with("opaque"), "{asked}");
    assert_eq!(names(&own.public()), ["page.html"]);
    assert!(server.output.wait_for_requests(1)[0].starts_with("POST / 403"), "{:?}", server.output.all());
    let asked = title(&format!("http://{}/page.html", server.address), profile.path());
    assert_eq!(asked, "basic 200", "the list of what is there, behind a redirect");
    assert_eq!(files(&own.public())[1], ("\u{fc} (1).txt".into(), b"from a browser".to_vec()));
}
