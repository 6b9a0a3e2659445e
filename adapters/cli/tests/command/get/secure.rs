//! Over TLS: whom `--cacert` trusts, as curl does.

use alloc::sync::Arc;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use wirenut_tests::tools::has;

use crate::process::wirenut;

/// Who signs certificates, and the PEM of it.
fn authority(name: &str) -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), pem)
}

/// A server with a certificate for that name. It answers so many connections, and ends each with or without close_notify.
fn serve(
    issuer: &Issuer<'static, KeyPair>,
    name: &str,
    is_expired: bool,
    answer: &'static str,
    is_closed: bool,
) -> u16 {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if is_expired {
        params.not_after = date_time_ymd(2001, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // It ends with the process of the tests.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let config = Arc::clone(&config);
            thread::spawn(move || {
                let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream.unwrap());
                let mut head = [0; 1024];
                if stream.read(&mut head).is_ok() {
                    let _ = stream.write_all(answer.as_bytes());
                    if is_closed {
                        stream.conn.send_close_notify();
                    }
                    let _ = stream.flush();
                }
            });
        }
    });
    port
}

#[test]
fn verbose_says_with_what_it_is_secure() {
    let (issuer, _) = authority("authority");
    let port = serve(&issuer, "localhost", false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true);
    let output =
        wirenut().args(["get", "-kv", &format!("https://localhost:{port}/")]).env("NO_PROXY", "*").output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("* TLS: TLS 1.3, TLS13_") && errors.contains(", TLS "), "{errors}");
}

/// Each phase that `--write-out` tells ends after the one before.
#[test]
fn the_phases_follow_each_other() {
    const FORMAT: &str = "%{time_namelookup} %{time_connect} %{time_appconnect} %{time_pretransfer} \
                          %{time_starttransfer} %{time_total}\\n";
    let (issuer, _) = authority("authority");
    let port = serve(&issuer, "localhost", false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\n\n", true);
    let url = format!("https://localhost:{port}/");
    let output = wirenut().args(["get", "-k", "-w", FORMAT, &url]).env("NO_PROXY", "*").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let micros = text.split_whitespace().map(|time| time.replace('.', "").parse::<u64>().unwrap());
    let micros: Vec<u64> = micros.collect();
    assert!(micros.len() == 6 && micros[2] > 0 && micros.is_sorted(), "{text}");
}

/// In words of ours, with what may help.
#[test]
fn it_is_said_why_a_certificate_is_not_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, pem) = authority("authority");
    let path = folder.path().join("ca.pem");
    fs::write(&path, pem).unwrap();
    let trusted = ["--cacert", path.to_str().unwrap()];
    for (name, is_expired, options, expected) in [
        (
            "localhost",
            false,
            &[][..],
            "is not signed by an authority that is trusted here (--cacert FILE trusts the authority whose certificate is in FILE; \
             --insecure trusts anybody)",
        ),
        (
            "localhost",
            true,
            &trusted,
            "expired on Mon, 01 Jan 2001 00:00:00 GMT; is the clock of this machine right? (--insecure trusts anybody)",
        ),
        (
            "other.example",
            false,
            &trusted,
            "is not for localhost, but for other.example (use a name that it is for, with --connect-to if that leads elsewhere; \
             --insecure trusts anybody)",
        ),
    ] {
        let port = serve(&issuer, name, is_expired, "", true);
        let url = format!("https://localhost:{port}/");
        let output = wirenut().arg("get").args(options).arg(&url).env("NO_PROXY", "*").output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        let start = "wirenut: cannot agree on TLS with 127.0.0.1:";
        let end = format!(" (localhost): the server's certificate {expected}\n");
        assert!(errors.starts_with(start) && errors.ends_with(&end), "{errors}");
    }
}

/// The name that TLS asks for is that of the URL, wherever the connection leads.
#[test]
fn tls_asks_for_the_name_of_the_url() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, pem) = authority("authority");
    let path = folder.path().join("ca.pem");
    fs::write(&path, pem).unwrap();
    let port = serve(&issuer, "a.example", false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true);
    let detour = format!("a.example:443:127.0.0.1:{port}");
    let line = ["get", "--cacert", path.to_str().unwrap(), "--connect-to", &detour, "https://a.example/"];
    let output = wirenut().args(line).env("NO_PROXY", "*").output().unwrap();
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(0), &b"ok"[..]), "{output:?}");
}

#[test]
fn curl_trusts_the_same() {
    const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    const UNTIL_CLOSE: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok";
    let folder = tempfile::tempdir().unwrap();
    let (issuer, pem) = authority("authority");
    fs::write(folder.path().join("ca.pem"), pem).unwrap();
    fs::write(folder.path().join("other.pem"), authority("another").1).unwrap();
    fs::write(folder.path().join("no.pem"), "no certificate").unwrap();
    let good = serve(&issuer, "localhost", false, WHOLE, true);
    let expired = serve(&issuer, "localhost", true, WHOLE, true);
    let other = serve(&issuer, "other.example", false, WHOLE, true);
    let closed = serve(&issuer, "localhost", false, UNTIL_CLOSE, true);
    let cut = serve(&issuer, "localhost", false, UNTIL_CLOSE, false);
    for (options, port, status) in [
        (&["--cacert", "ca.pem"][..], good, 0),
        (&[], good, 60),
        (&["--cacert", "other.pem"], good, 60),
        (&["-k"], good, 0),
        (&["--cacert", "ca.pem"], expired, 60),
        (&["-k"], expired, 0),
        (&["--cacert", "ca.pem"], other, 60),
        (&["-k"], other, 0),
        (&["--cacert", "no.pem"], good, 77),
        (&["--cacert", "ca.pem"], closed, 0),
        (&["--cacert", "ca.pem"], cut, 56),
    ] {
        let url = format!("https://localhost:{port}/");
        let mut programs = vec![(wirenut(), vec!["get"])];
        if has("curl") {
            programs.push((Command::new("curl"), vec!["-sS"]));
        }
        for (mut program, first) in programs {
            // An end without close_notify may be a cut: curl 7 takes it for whole.
            let status = if status == 56 && first == ["-sS"] { 0 } else { status };
            program.args(first).args(options).arg(&url).current_dir(folder.path());
            let output = program.env("NO_PROXY", "*").output().unwrap();
            assert_eq!(output.status.code(), Some(status), "{program:?}: {output:?}");
            assert_eq!(output.stdout, if matches!(status, 0 | 56) { "ok" } else { "" }.as_bytes(), "{program:?}");
        }
    }
}
