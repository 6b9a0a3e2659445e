//! Over TLS, and through proxies.

use alloc::sync::Arc;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;

use super::{Served, answering, ws};
use crate::process::wirenut;

/// A server of tungstenite's over TLS, which sends back what comes, with a certificate for that name; and where that lies.
fn secure(name: &str) -> (String, tempfile::NamedTempFile) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key).unwrap());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(made.cert.pem().as_bytes()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let stream = rustls::StreamOwned::new(session, stream.unwrap());
            let Ok(mut socket) = tungstenite::accept(stream) else { continue };
            while let Ok(message) = socket.read() {
                if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
                    break;
                }
            }
        }
    });
    (url, file)
}

#[test]
fn a_websocket_over_tls_is_one() {
    let (url, certificate) = secure("localhost");
    let path = certificate.path().to_str().unwrap();
    let lines: String = (0..2_000).map(|n| format!("{n} {}\n", "x".repeat(n % 500))).collect();
    // More than the buffers of both sockets and of TLS hold: the client must read what comes back while it sends.
    let long = format!("{}\n", "x".repeat(12_000_000));
    for (options, input) in
        [(["--cacert", path], "hello\n"), (["--cacert", path], &lines), (["--timeout=20", "--insecure"], &long)]
    {
        let (status, output, errors) = ws(&[&[&*url], &options[..]].concat(), input.as_bytes());
        assert_eq!((status, errors.as_str()), (Some(0), ""), "{options:?}");
        assert!(output == input.as_bytes(), "{} bytes of {}", output.len(), input.len());
    }
}

#[test]
fn nobody_is_trusted_without_reason() {
    let (url, _) = secure("localhost");
    let (other, certificate) = secure("other.example");
    let path = certificate.path().to_str().unwrap();
    let plain = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n").replace("ws:", "wss:");
    for (arguments, complaint) in [
        (&[&*url][..], "trusted here (--cacert FILE"),
        (&[&*other, "--cacert", path], "is not for localhost, but for other.example ("),
        (&[&*plain, "-k"], "corrupt message"),
    ] {
        let (status, _, errors) = ws(arguments, b"");
        assert_eq!(status, Some(1));
        assert!(errors.starts_with("wirenut: cannot agree on TLS with 127.0.0.1:"), "{errors}");
        assert!(errors.contains(complaint) && errors.lines().count() == 1, "{errors}");
    }
    for (path, why) in [
        ("/nowhere", "No such file or directory (os error 2)"),
        ("/dev/null", "there is none in it (-----BEGIN CERTIFICATE-----)"),
    ] {
        let (status, _, errors) = ws(&[&url, "--cacert", path], b"");
        let expected = format!("wirenut: cannot read the certificates of '{path}': {why}\n");
        assert_eq!((status, errors), (Some(1), expected));
    }
}

/// What openssl-req(1) makes is the certificate of an authority, unless it is asked for another one.
#[test]
fn a_certificate_of_an_authority_is_none_of_a_server() {
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(certificate.pem().as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("//localhost:{}/", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            // The client refuses, and that is read here.
            let _ = rustls::StreamOwned::new(session, stream.unwrap()).read(&mut [0; 100]);
        }
    });
    for (command, scheme, status) in [("ws", "wss:", 1), ("get", "https:", 60)] {
        let (found, _, errors) =
            crate::process::run(&[command, "--cacert", path, "--noproxy=*", &format!("{scheme}{place}")]);
        assert_eq!(found, Some(status), "{errors}");
        assert!(errors.contains("the server's certificate is that of an authority (CA:TRUE)"), "{errors}");
        assert!(!errors.contains("CaUsedAsEndEntity") && errors.lines().count() == 1, "{errors}");
    }
}

/// A proxy that opens tunnels; and the heads that it got.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, heads) = (listener.local_addr().unwrap().to_string(), Arc::new(Mutex::new(Vec::new())));
    let noted = Arc::clone(&heads);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut client = stream.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let mut server = TcpStream::connect(head.split(' ').nth(1).unwrap()).unwrap();
            noted.lock().unwrap().push(head);
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
            let _ = std::io::copy(&mut server, &mut client);
            let _ = client.shutdown(std::net::Shutdown::Write);
        }
    });
    (address, heads)
}

#[test]
fn a_proxy_is_asked_for_a_tunnel() {
    let (served, (secure, _file), (proxy, heads)) = (Served::start(), secure("localhost"), proxy());
    let plain = format!("{}/echo", served.url);
    let option = format!("http://me:secret@{proxy}");
    for url in [&plain, &secure] {
        let (status, output, errors) = ws(&[url, "-k", "--proxy", &option], b"hello\n");
        assert_eq!((status, errors.as_str(), &output[..]), (Some(0), "", &b"hello\n"[..]));
    }
    // The environment names it, and an option does without.
    for (options, is_through) in [(&[][..], true), (&["--noproxy", "127.0.0.1"], false), (&["--proxy", ""], false)] {
        heads.lock().unwrap().clear();
        let mut command = wirenut();
        command.args(["ws", &plain]).args(options).env("http_proxy", &proxy).stdin(Stdio::null());
        assert!(command.status().unwrap().success());
        assert_eq!(heads.lock().unwrap().len(), usize::from(is_through), "{options:?}");
    }
    heads.lock().unwrap().clear();
    let _ = ws(&[&secure, "-k", "--proxy", &option], b"");
    let head = heads.lock().unwrap().remove(0);
    assert!(head.starts_with("CONNECT localhost:") && head.contains("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
}
