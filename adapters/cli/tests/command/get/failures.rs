//! What goes wrong: hostile answers, retries, and what is said about them.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::fs;
use std::time::Instant;

use super::server::{Asked, Reply, Server};
use crate::process::wirenut;

fn get(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = wirenut().arg("get").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Answers in turn; the last one for all that follow.
fn in_turn(answers: &'static [fn(&Asked) -> Reply]) -> Server {
    let count = AtomicUsize::new(0);
    Server::new(move |asked| answers[count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)](asked))
}

fn ok(_: &Asked) -> Reply {
    Reply::new("200 OK", "", "ok")
}

fn busy(_: &Asked) -> Reply {
    Reply::new("503 Busy", "", "later")
}

fn broken(_: &Asked) -> Reply {
    Reply::new("500 Broken", "", "oh")
}

fn missing(_: &Asked) -> Reply {
    Reply::new("404 Not Found", "", "no")
}

fn now(_: &Asked) -> Reply {
    Reply::new("429 Slower", "Retry-After: 0\r\n", "")
}

fn tomorrow(_: &Asked) -> Reply {
    Reply::new("503 Busy", "Retry-After: 86400\r\n", "")
}

fn nothing(_: &Asked) -> Reply {
    Reply::last("")
}

#[test]
fn what_may_pass_is_tried_again() {
    let fast = ["--retry-delay", "0.01"];
    for (name, server, arguments, status, requests) in [
        ("two failures", in_turn(&[busy, nothing, ok]), &["--retry", "2"][..], 0, 3),
        ("too many", in_turn(&[busy, busy, busy, ok]), &["-f", "--retry", "2"], 22, 3),
        ("none wanted", in_turn(&[busy, ok]), &["-f"], 22, 1),
        ("not one that passes", in_turn(&[missing, ok]), &["-f", "--retry", "2"], 22, 1),
        ("a POST that may have been carried out", in_turn(&[nothing, ok]), &["--retry", "2", "-d", "x"], 52, 1),
        ("a POST that the server refused", in_turn(&[busy, ok]), &["--retry", "2", "-d", "x"], 0, 2),
        ("a POST and a failure of the server", in_turn(&[broken, ok]), &["-f", "--retry", "2", "-d", "x"], 22, 1),
        ("a PUT", in_turn(&[nothing, ok]), &["--retry", "2", "-X", "PUT", "-d", "x"], 0, 2),
        ("now", in_turn(&[now, ok]), &["--retry", "1"], 0, 2),
        ("tomorrow", in_turn(&[tomorrow, ok]), &["--retry", "1"], 22, 1),
    ] {
        let url = server.url("/");
        let (found, output, errors) = get(&[&fast, arguments, &[url.as_str()]].concat());
        assert_eq!((found, server.asked().len()), (Some(status), requests), "{name}: {errors}");
        assert_eq!(output, if status == 0 { "ok" } else { "" }, "{name}");
    }
    let (status, _, errors) = get(&["--retry", "2", "--retry-delay", "0.01", "http://127.0.0.1:1/"]);
    assert_eq!((status, errors.matches("trying again in 10 ms").count()), (Some(7), 2), "{errors}");
}

#[test]
fn one_deadline_holds_for_all_tries() {
    let server = in_turn(&[busy]);
    let start = Instant::now();
    let (status, ..) = get(&["-f", "-m", "0.3", "--retry", "1000", "--retry-delay", "0.1", &server.url("/")]);
    assert!(matches!(status, Some(22 | 28)), "{status:?}");
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(server.asked().len() < 20);
}

/// What is said names the phase, the place, and what may help.
#[test]
fn errors_say_what_failed_and_where() {
    let server = Server::new(|asked| match asked.target.as_str() {
        "/cut" => Reply::last("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
        "/controls" => Reply::new("404 \u{9b}2J", "", ""),
        _ => Reply::new("200 OK", "Content-Encoding: zstd\r\n", "x"),
    });
    let address = server.address;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    for (arguments, status, expected) in [
        (
            vec!["http://127.0.0.1:1/".into()],
            7,
            "wirenut: cannot connect to 127.0.0.1:1: Connection refused (os error 111); is the server running?\n"
                .into(),
        ),
        (vec![format!("{address}/cut")], 18, format!("wirenut: cannot read the content from {address}: ")),
        (vec!["-f".into(), format!("{address}/controls")], 22, "wirenut: the server answered 404 ".into()),
        (
            vec!["-o".into(), path.into(), format!("{address}/")],
            23,
            format!("wirenut: cannot write to '{path}': is a directory"),
        ),
        (
            vec!["-G".into(), "-d".into(), "x".repeat(66_000), format!("{address}/")],
            43,
            format!(
                "wirenut: cannot send the request to {address}: the head of the request, with its URL and all fields, is longer \
                 than 65536 bytes (--data without --get sends text of any length as content)\n"
            ),
        ),
        (vec!["http://a b/".into()], 3, "wirenut: cannot use http://a b/: ".into()),
        (
            vec!["gopher://a/".into()],
            1,
            "wirenut: cannot get URLs of the scheme 'gopher': only http and https\n".into(),
        ),
        (
            vec!["-O".into(), format!("{address}/")],
            23,
            format!("wirenut: cannot name a file after http://{address}/: "),
        ),
        (
            vec!["-O".into(), format!("{address}/%2e%2e")],
            23,
            format!("wirenut: cannot name a file after http://{address}/%2e%2e: "),
        ),
        (
            vec!["-O".into(), format!("{address}/a%2fb")],
            23,
            format!("wirenut: cannot name a file after http://{address}/a%2fb: "),
        ),
        (
            vec!["-T".into(), "/missing/file".into(), format!("{address}/")],
            26,
            "wirenut: cannot read '/missing/file': No such file".into(),
        ),
        (
            vec!["--cacert".into(), "/missing/file".into(), format!("{address}/")],
            77,
            "wirenut: cannot read the certificates of '/missing/file': No such file".into(),
        ),
        (
            vec!["--cacert".into(), "/dev/zero".into(), format!("{address}/")],
            77,
            "wirenut: cannot read the certificates of '/dev/zero': it is longer than 16 MiB".into(),
        ),
        (
            vec!["-x".into(), "127.0.0.1:1".into(), format!("{address}/")],
            7,
            "wirenut: cannot connect to the proxy 127.0.0.1:1: Connection refused (os error 111); is the proxy running? \
             (--proxy, or the environment by http_proxy, "
                .into(),
        ),
        (
            vec!["-x".into(), "127.0.0.1:1".into(), "https://a.example/".into()],
            7,
            "wirenut: cannot connect to the proxy 127.0.0.1:1: ".into(),
        ),
        (
            vec!["-x".into(), format!("{}:1", "x".repeat(64)), format!("{address}/")],
            5,
            format!("wirenut: cannot look up the proxy {}: ", "x".repeat(64)),
        ),
        (vec!["-x".into(), "ftp://a".into(), format!("{address}/")], 5, "wirenut: cannot use the proxy: ".into()),
        (
            vec!["-u".into(), "a\u{7}:b".into(), format!("{address}/")],
            3,
            "wirenut: cannot use the user and the password".into(),
        ),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (found, _, errors) = get(&arguments);
        assert_eq!(found, Some(status), "{arguments:?}: {errors}");
        assert!(errors.starts_with(&expected) && errors.ends_with('\n'), "{arguments:?}: {errors}");
        assert!(!errors.trim_end().contains(char::is_control), "{errors:?}");
        // None of it by --silent.
        assert_eq!(get(&[&["-s"], &arguments[..]].concat()).2, "", "{arguments:?}");
    }
}

#[test]
fn content_has_bounds_whatever_it_says() {
    let bomb = gzip(&vec![0; 1 << 20]).repeat(70);
    let plain = gzip(b"hello");
    let server = Server::new(move |asked| match asked.target.as_str() {
        "/bomb" => Reply::new("200 OK", "Content-Encoding: gzip\r\n", &bomb),
        "/plain" => Reply::new("200 OK", "Content-Encoding: gzip\r\n", &plain),
        "/empty" => Reply::new("200 OK", "Content-Encoding: zstd\r\n", ""),
        "/head" => Reply::last(format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(100_000))),
        _ => Reply::last(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(100_000))),
    });
    let folder = tempfile::tempdir().unwrap();
    for (target, options, status) in [
        ("/bomb", &["--compressed"][..], 61),
        ("/empty", &["--compressed"], 0),
        ("/plain", &["--compressed", "--max-filesize", "5"], 63),
        ("/plain", &["--compressed", "--max-filesize", "25"], 0),
        ("/endless", &["--max-filesize", "99999"], 63),
        ("/endless", &["--max-filesize", "100000"], 0),
        ("/head", &[], 8),
    ] {
        let output = wirenut()
            .args(["get", "-q", "-o", "out", &server.url(target)])
            .args(options)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(status), "{target} {options:?} {output:?}");
        assert_eq!(folder.path().join("out").exists(), status == 0, "{target} {options:?}");
        let _ = fs::remove_file(folder.path().join("out"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut deflate = zlib_rs::Deflate::new(9, true, 16 + 15);
    let mut out = vec![0; content.len() / 2 + 1000];
    deflate.compress(content, &mut out, zlib_rs::DeflateFlush::Finish).unwrap();
    out.truncate(usize::try_from(deflate.total_out()).unwrap());
    out
}

#[test]
fn verbose_shows_heads_and_times_and_no_secrets() {
    let server = Server::new(|_| {
        let fields = "Set-Cookie: id=hidden\r\nX-Odd: \u{9b}2J\r\nLocation: http://me:hidden@a/b@c\r\n";
        Reply::new("200 OK", fields, "ok")
    });
    let url = format!("http://me:hidden@{}/", server.address);
    let (status, output, errors) =
        get(&["-v", "-b", "a=hidden", "-H", "Proxy-Authorization: hidden", "-e", "http://me:hidden@from/", &url, &url]);
    assert_eq!((status, output.as_str()), (Some(0), "okok"));
    assert!(!errors.contains("hidden"), "{errors}");
    for line in [
        &format!("* connected to {}", server.address),
        "> GET / HTTP/1.1",
        "> Authorization: [not shown]",
        "> Cookie: [not shown]",
        "> Referer: http://…@from/",
        "< Location: http://…@a/b@c",
        "< HTTP/1.1 200 OK",
        "< Set-Cookie: [not shown]",
        "< X-Odd: \\u{9b}2J",
        &format!("* the connection to {} is used again", server.address),
    ] {
        assert!(errors.lines().any(|other| other == line), "no {line:?} in {errors}");
    }
    let times = errors.lines().filter(|line| line.contains(" ms, all ") && line.ends_with("; 2 bytes")).count();
    assert_eq!(times, 2, "{errors}");
    // Where nobody looks, there is no bar.
    assert_eq!(get(&[&url]).2, "");
}

/// What is held back is not waited for any longer than all may take.
#[test]
fn a_rate_does_not_outlast_the_deadline() {
    let server = Server::new(|_| Reply::new("200 OK", "", "x".repeat(100_000)));
    let start = Instant::now();
    let (status, _, errors) = get(&["-m", "0.2", "--limit-rate", "1", &server.url("/")]);
    assert_eq!(status, Some(28), "{errors}");
    assert!(start.elapsed() < crate::process::PATIENCE);
}

/// A name that a file cannot get is refused before anything is received for it.
#[test]
fn a_name_that_cannot_be_is_refused_before_the_content() {
    let server = Server::new(|_| Reply("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".into(), true));
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
    for name in ["x".repeat(300), "link".to_owned()] {
        let path = folder.path().join(name);
        let (status, _, errors) = get(&["-m", "10", "-o", path.to_str().unwrap(), &server.url("/")]);
        assert_eq!(status, Some(23), "{errors}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_redirect_to_another_scheme_has_the_status_of_one() {
    for (location, status) in [("file:///etc/passwd", 1), ("ftp://127.0.0.1/", 1), ("http://127.0.0.1:0/", 3)] {
        let server = Server::new(move |_| Reply::new("302 Found", &format!("Location: {location}\r\n"), ""));
        let (found, output, errors) = get(&["-L", &server.url("/")]);
        assert_eq!((found, output.as_str()), (Some(status), ""), "{location}: {errors}");
    }
}

/// Who failed is named: a proxy as one, and the server behind its tunnel, whose address only the proxy knows.
#[test]
fn behind_a_proxy_it_is_named_who_failed() {
    const TUNNEL: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";
    for (scheme, answer, status, failed) in [
        ("http", &b""[..], 52, "cannot get a response from the proxy {}: "),
        ("http", b"SSH-2.0-x\r\n", 8, "cannot get a response from the proxy {}: "),
        ("https", b"", 56, "cannot get a tunnel through the proxy {}: "),
        ("https", b"SSH-2.0-x\r\n", 56, "cannot get a tunnel through the proxy {}: "),
        ("https", b"HTTP/1.1 200", 56, "cannot get a tunnel through the proxy {}: "),
        ("https", TUNNEL, 35, "cannot agree on TLS with a.example:443 through the proxy {}: "),
    ] {
        let proxy = Server::new(move |_| Reply::last(answer));
        let address = proxy.address.to_string();
        let (found, _, errors) = get(&["-x", &address, &format!("{scheme}://a.example/")]);
        let expected = format!("wirenut: {}", failed.replace("{}", &address));
        assert!(found == Some(status) && errors.starts_with(&expected), "{expected}: {found:?} {errors}");
    }
}

/// A redirect to the scheme of some program is not followed, and still leads there.
#[test]
fn a_redirect_that_is_no_url_of_ours_is_written_as_it_came() {
    for location in ["app.example:/done?code=1#x", "ftp://127.0.0.1/", "http://a:b/"] {
        let server = Server::new(move |_| Reply::new("302 Found", &format!("Location: {location}\r\n"), ""));
        let (status, output, errors) = get(&["-w", "%{redirect_url}", &server.url("/")]);
        assert_eq!((status, output.as_str(), errors.as_str()), (Some(0), location, ""));
        // Of the answer that came last.
        let (_, output, _) = get(&["-w", "%{redirect_url}", &server.url("/"), "http://127.0.0.1:1/"]);
        assert_eq!(output, location);
    }
}
