//! `--tls-cert` and `--tls-key`: what they are for, what is said when they are wrong, and how they are replaced.

use core::time::Duration;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Instant, SystemTime};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use wirenut_client::Client;
use wirenut_tests::tools::has;

use crate::process::{PATIENCE, Server, run, wirenut};
use crate::tree::Tree;

/// Writes a certificate and its key, and returns the certificate.
fn write_pair(folder: &Path, expired: bool) -> String {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    if expired {
        params.not_after = date_time_ymd(2020, 1, 2);
    }
    let certificate = params.self_signed(&key).unwrap().pem();
    fs::write(folder.join("a.pem"), &certificate).unwrap();
    fs::write(folder.join("a.key"), key.serialize_pem()).unwrap();
    certificate
}

fn options(folder: &Path) -> Vec<String> {
    let path = |name| folder.join(name).to_str().unwrap().to_owned();
    vec!["--tls-cert".to_owned(), path("a.pem"), "--tls-key".to_owned(), path("a.key")]
}

fn trusting(certificate: &str) -> Client {
    Client::builder().add_root_certificates(certificate.as_bytes()).build()
}

fn start(command: &str, folder: &Path, more: &[&str]) -> Server {
    let mut program = wirenut();
    program.arg(command);
    if command == "serve" {
        program.arg(folder.join("public"));
    }
    Server::start(program.args(["--listen", "127.0.0.1:0"]).args(options(folder)).args(more))
}

#[test]
fn files_are_served_over_tls() {
    let large: String = "0123456789".repeat(100_000);
    let tree = Tree::with(&[("small", "small"), ("large", &large), ("folder/index.html", "<p>in</p>")]);
    let certificate = write_pair(tree.path(), false);
    for model in ["multiplexed", "pre-forked", "threading"] {
        let server = start("serve", tree.path(), &["--model", model]);
        let (client, url) = (trusting(&certificate), format!("https://{}", server.address));
        let get = |path: &str| client.get(format!("{url}{path}")).send().unwrap().text(2_000_000).unwrap();
        assert_eq!(get("/small"), "small");
        assert!(get("/large") == large, "a file that the kernel would move");
        // A redirect names no scheme, so it leads to the same one.
        assert_eq!(get("/folder"), "<p>in</p>");
        let lines = server.output.wait_for_requests(4);
        assert!(lines[1].starts_with("GET /large 200 1000000"), "{lines:?}");
    }
}

#[test]
fn other_servers_speak_tls_too() {
    let tree = Tree::new();
    let certificate = write_pair(tree.path(), false);
    let server = start("demo", tree.path(), &[]);
    let url = format!("https://{}/reading", server.address);
    assert!(trusting(&certificate).get(url).send().unwrap().text(999).unwrap().contains("celsius"));
    if has("openssl") {
        let server = start("echo", tree.path(), &[]);
        let script = format!("echo hello | timeout 20 openssl s_client -quiet -connect {} 2>/dev/null", server.address);
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "hello\n");
    }
}

#[test]
fn what_is_wrong_is_said_in_a_line() {
    let tree = Tree::new();
    write_pair(tree.path(), false);
    let path = |name: &str| tree.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("none"), "nothing").unwrap();
    let zero = || "/dev/zero".to_owned();
    for (certificate, key, said) in [
        (path("missing"), path("a.key"), format!("cannot use the certificate {}: No such file", path("missing"))),
        (path("none"), path("a.key"), format!("cannot use the certificate {}: there is none in it", path("none"))),
        (path("a.pem"), path("none"), format!("cannot use the key {}: there is none in it", path("none"))),
        (path("a.key"), path("a.pem"), format!("cannot use the certificate {}: it is a key", path("a.key"))),
        (zero(), path("a.key"), "cannot use the certificate /dev/zero: it has more than 1048576 bytes".to_owned()),
        (path("a.pem"), zero(), "cannot use the key /dev/zero: it has more than 1048576 bytes".to_owned()),
    ] {
        let (status, output, errors) =
            run(&["demo", "--listen", "127.0.0.1:0", "--tls-cert", &certificate, "--tls-key", &key]);
        assert_eq!((status, output.as_str()), (Some(1), ""));
        assert!(errors.starts_with(&format!("wirenut: {said}")) && errors.lines().count() == 1, "{errors}");
    }
    let (status, _, errors) = run(&["demo", "--tls-cert", &path("a.pem")]);
    assert_eq!(status, Some(2));
    assert!(errors.contains("--tls-key <FILE>"), "{errors}");
    let (status, _, errors) = run(&["echo", "--listen", "udp:0", "--tls-cert", "a", "--tls-key", "b"]);
    assert_eq!(status, Some(2));
    assert_eq!(errors, "error: --tls-cert cannot be used with datagrams alone: they have no connections\n");
}

/// All processes get the new one, and a wrong one changes nothing.
#[test]
fn a_hangup_replaces_the_certificate() {
    let tree = Tree::with(&[("small", "small")]);
    for model in ["multiplexed", "pre-forked", "forking"] {
        let old = write_pair(tree.path(), false);
        let server = start("serve", tree.path(), &["--model", model]);
        let url = format!("https://{}/small", server.address);
        let is_trusted = |certificate: &str| trusting(certificate).get(&*url).send().is_ok();
        assert!(is_trusted(&old), "{model}");
        fs::write(tree.path().join("a.key"), "nothing").unwrap();
        server.signal("HUP");
        let line = server.errors.wait_for(1)[0].clone();
        assert!(
            line.contains("there is none in it") && line.ends_with("the certificate of before is still used"),
            "{line}"
        );
        assert!(is_trusted(&old), "{model}");
        let new = write_pair(tree.path(), false);
        server.signal("HUP");
        let start = Instant::now();
        while !is_trusted(&new) {
            assert!(start.elapsed() < PATIENCE, "{model}: the old one stays");
            thread::sleep(Duration::from_millis(5));
        }
        // Whoever has not noticed yet does with the next connection.
        assert!((0..8).all(|_| is_trusted(&new) && !is_trusted(&old)), "{model}");
    }
}

#[test]
fn a_certificate_that_ends_is_told() {
    let tree = Tree::new();
    write_pair(tree.path(), true);
    let server = start("demo", tree.path(), &[]);
    let line = server.errors.wait_for(1)[0].clone();
    assert!(line.contains("a.pem has expired on Thu, 02 Jan 2020 00:00:00 GMT: clients will not accept it"), "{line}");
    drop(server);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_after = (SystemTime::now() + Duration::from_secs(13 * 24 * 60 * 60)).into();
    fs::write(tree.path().join("a.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(tree.path().join("a.key"), key.serialize_pem()).unwrap();
    let server = start("demo", tree.path(), &[]);
    let line = server.errors.wait_for(1)[0].clone();
    assert!(line.contains("a.pem expires on ") && line.ends_with(": renew it"), "{line}");
}
