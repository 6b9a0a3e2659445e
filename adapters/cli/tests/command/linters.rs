//! What httplint and REDbot find in what is sent, and html5lib in its pages: nothing, but for what `tests/peers/http_lint.py` explains.

use core::time::Duration;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use crate::process::Server;
use crate::tree::Tree;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/peers/http_lint.py");

/// What the script asks for. REDbot asks for the gzip form, and expands it: that one is made by Python, too.
fn site() -> Tree {
    let script = "let answer = 42; // and a comment\n".repeat(100);
    let tree = Tree::with(&[
        ("script.js", &script),
        ("app-0a1b2c3d.css", &"body{margin:0}\n".repeat(100)),
        ("page/index.html", &format!("<!doctype html>\n<title>Page</title>\n<p>{}\n", "Some text. ".repeat(100))),
        ("dir/a.txt", &"0123456789\n".repeat(100)),
        ("dir/deep/x", ""),
        ("new/x", ""),
    ]);
    tree.write("script.js.gz", gzip(&script));
    for name in
        [&b"\"><img src=x>"[..], b"</a><!--", b"&amp;&#0;", b"\xff\x01\r\n", "\u{ffff}\u{fdd0}\u{85}".as_bytes(), b" "]
    {
        let name: Vec<u8> = name.iter().map(|byte| if *byte == b'/' { b'\\' } else { *byte }).collect();
        tree.write(Path::new("names").join(OsStr::from_bytes(&name)), "");
    }
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    for name in ["script.js", "script.js.gz", "app-0a1b2c3d.css", "page/index.html", "dir/a.txt"] {
        File::open(tree.public().join(name)).unwrap().set_modified(date).unwrap();
    }
    // Strong tags are for what has rested.
    std::thread::sleep(Duration::from_millis(2100));
    tree
}

fn gzip(text: &str) -> Vec<u8> {
    let program = "import gzip, sys; sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read()))";
    let mut python = Command::new("python3");
    let mut python = python.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    python.wait_with_output().unwrap().stdout
}

#[test]
#[ignore = "needs python3 with httplint, redbot and html5lib: `.ci/run peers` brings them along"]
fn linters_find_nothing() {
    let tree = site();
    let options = ["--precompressed", "--compress", "--upload", "--immutable", "app-*"];
    let server = Server::serve_with(&tree.public(), &options);
    let notes = lint(&server, &[]);
    assert!(notes > 250, "{notes}: they looked at hardly anything");
    let user = format!("ann:{}", bcrypt::hash("secret", 4).unwrap());
    let server = Server::serve_with(&tree.public(), &["--auth", &user]);
    assert!(lint(&server, &["ann:secret"]) > 20);
}

/// How many notes there are: none of them a failure.
fn lint(server: &Server, user: &[&str]) -> u32 {
    let output = Command::new("python3").arg(SCRIPT).arg(server.address.to_string()).args(user).output().unwrap();
    let (found, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{found}{errors}");
    let last = found.lines().last().unwrap();
    println!("{last}");
    last.split(' ').next().unwrap().parse().unwrap()
}
