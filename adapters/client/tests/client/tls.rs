//! TLS: whom the client trusts, and what it takes for the end.

use alloc::sync::Arc;
use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::{fs, io, thread};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ProtocolVersion, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion, version};
use wirenut_client::{Body, Cancel, Cause, Client, Error, Phase, Proxies, Proxy, Redirects, Timeouts};

use crate::lab::{LONG, Peer, Server, builder};
use crate::peers::{Program, wait};
use crate::proxies::through;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Who signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        Self::named("authority")
    }

    fn named(name: &str) -> Self {
        Self::with(name, |_| {})
    }

    fn with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        change(&mut params);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for that name, and its key.
    fn pems(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// The settings of a server with a certificate for that name, which `change` has made what the test needs.
    fn server(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        Arc::new(self.server_of(name, &[&version::TLS12, &version::TLS13], change))
    }

    /// The same for a server that speaks only these versions.
    fn server_of(
        &self,
        name: &str,
        versions: &[&'static SupportedProtocolVersion],
        change: impl FnOnce(&mut CertificateParams),
    ) -> ServerConfig {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_protocol_versions(versions)
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }

    /// A client that trusts this authority only.
    fn client(&self) -> Client {
        builder().add_root_certificates(self.pem.as_bytes()).only_added_roots().build()
    }
}

/// The server's end of a connection over TLS.
struct Secure(StreamOwned<ServerConnection, TcpStream>);

impl Secure {
    fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        String::from_utf8(head).ok()
    }

    fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).and_then(|()| self.0.flush()).is_ok()
    }

    fn close(&mut self) {
        self.0.conn.send_close_notify();
        let _ = self.0.flush();
    }
}

fn secure(config: Arc<ServerConfig>, serve: impl Fn(&mut Secure) + Send + Sync + 'static) -> Server {
    Server::new(move |_, peer| serve(&mut accept(&config, peer)))
}

/// Takes so many bytes of content, and answers with them.
fn send_back(peer: &mut Secure, length: usize) {
    let mut content = vec![0; length];
    peer.0.read_exact(&mut content).unwrap();
    peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"));
    peer.say(content);
}

fn accept(config: &Arc<ServerConfig>, peer: &mut Peer) -> Secure {
    let connection = ServerConnection::new(Arc::clone(config)).unwrap();
    Secure(StreamOwned::new(connection, peer.stream().try_clone().unwrap()))
}

fn url(server: &Server) -> String {
    format!("https://localhost:{}/", server.address().port())
}

fn text(client: &Client, url: &str) -> Result<String, Error> {
    client.get(url).send()?.text(100)
}

#[test]
fn a_trusted_server_is_asked_twice_over_one_session() {
    let authority = Authority::new();
    for (host, only) in [("localhost", &version::TLS13), ("127.0.0.1", &version::TLS12)] {
        let mut config = authority.server_of(host, &[only], |_| {});
        if only.version == ProtocolVersion::TLSv1_2 {
            config.alpn_protocols = Vec::new();
        }
        let server = secure(Arc::new(config), move |peer| {
            while peer.head().is_some() {
                assert_eq!(peer.0.conn.protocol_version(), Some(only.version));
                let protocol = peer.0.conn.alpn_protocol().map_or(0, <[u8]>::len);
                peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{protocol:2}"));
            }
        });
        let (client, url) = (authority.client(), format!("https://{host}:{}/", server.address().port()));
        let first = client.get(&url).send().unwrap();
        assert!(first.timings().tls.is_some());
        let expected = if host == "localhost" { " 8" } else { " 0" };
        assert_eq!(first.text(10).unwrap(), expected);
        let second = client.get(&url).send().unwrap();
        assert!(second.timings().tls.is_none(), "a second session");
        assert_eq!(second.text(10).unwrap(), expected);
    }
}

#[test]
fn nobody_else_is_trusted() {
    let (authority, other) = (Authority::new(), Authority::named("another"));
    let cases: [(&str, Arc<ServerConfig>, &Authority, &str); 4] = [
        ("wrong host", authority.server("other.example", |_| {}), &authority, "not valid for name \"localhost\""),
        (
            "expired",
            authority.server("localhost", |params| params.not_after = date_time_ymd(2001, 1, 1)),
            &authority,
            "expired",
        ),
        (
            "not yet valid",
            authority.server("localhost", |params| params.not_before = date_time_ymd(3001, 1, 1)),
            &authority,
            "not valid yet",
        ),
        ("unknown issuer", authority.server("localhost", |_| {}), &other, "UnknownIssuer"),
    ];
    for (name, config, trusted, expected) in cases {
        let server = secure(config, |peer| assert!(peer.head().is_none(), "a request was shown to whoever that is"));
        let error = text(&trusted.client(), &url(&server)).unwrap_err();
        assert_eq!(error.phase(), Phase::Tls, "{name}");
        assert!(matches!(error.cause(), Cause::Tls(text) if text.contains(expected)), "{name}: {error}");
    }
    // The usual roots have not signed it either.
    let server = secure(authority.server("localhost", |_| {}), |peer| assert!(peer.head().is_none()));
    let error = text(&builder().build(), &url(&server)).unwrap_err();
    assert_eq!(error.phase(), Phase::Tls);
}

/// Whoever lists a root trusts its key, not its dates; those of all that it signed count.
#[test]
fn a_listed_root_counts_until_it_is_listed_no_more() {
    let authority = Authority::with("old", |params| params.not_after = date_time_ymd(2001, 1, 1));
    let server =
        secure(authority.server("localhost", |_| {}), |peer| while peer.head().is_some_and(|_| peer.say(OK)) {});
    assert_eq!(text(&authority.client(), &url(&server)).unwrap(), "ok");
}

#[test]
fn danger_has_to_be_asked_for() {
    let config = Authority::new().server("other.example", |params| params.not_after = date_time_ymd(2001, 1, 1));
    let server = secure(config, |peer| while peer.head().is_some_and(|_| peer.say(OK)) {});
    let client = builder().dangerously_trust_anybody().build();
    assert_eq!(text(&client, &url(&server)).unwrap(), "ok");
}

#[test]
fn a_handshake_that_is_cut_fails_as_one() {
    type Cut = (&'static str, fn(&mut Peer));
    let cuts: [Cut; 5] = [
        ("closed at once", |_| {}),
        ("closed after the hello", |peer| drop(peer.bytes(5))),
        ("reset", |peer| {
            peer.bytes(5);
            peer.reset();
        }),
        ("no TLS at all", |peer| {
            peer.say("HTTP/1.1 400 Bad Request\r\n\r\n");
            peer.wait_for_end();
        }),
        ("half a record", |peer| {
            peer.say([22, 3, 3, 0, 100, 2]);
            peer.end();
            peer.wait_for_end();
        }),
    ];
    for (name, cut) in cuts {
        let server = Server::new(move |_, peer| cut(peer));
        let error = text(&Authority::new().client(), &url(&server)).unwrap_err();
        assert_eq!((error.phase(), error.is_timeout()), (Phase::Tls, false), "{name}: {error}");
    }
}

#[test]
fn a_handshake_has_its_time_and_can_be_cancelled() {
    let server = Server::new(|_, peer| peer.wait_for_end());
    let authority = Authority::new();
    let timeouts = Timeouts { tls: Duration::from_millis(40).into(), whole: Some(LONG.into()), ..Timeouts::DEFAULT };
    let client = builder().add_root_certificates(authority.pem.as_bytes()).timeouts(timeouts).build();
    let error = text(&client, &url(&server)).unwrap_err();
    assert_eq!((error.phase(), error.kind()), (Phase::Tls, ErrorKind::TimedOut));
    let cancel = Cancel::new().unwrap();
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            cancel.cancel();
        });
        authority.client().get(url(&server)).cancel(&cancel).send().unwrap_err()
    });
    assert!(matches!(error.cause(), Cause::Cancelled), "{error}");
}

#[test]
fn an_end_without_close_notify_is_a_cut() {
    let authority = Authority::new();
    for (head, closes, is_whole) in [
        ("HTTP/1.1 200 OK\r\n\r\n", true, true),
        ("HTTP/1.1 200 OK\r\n\r\n", false, false),
        // Content that says where it ends needs no other end.
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", false, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", true, false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", false, false),
    ] {
        let server = secure(authority.server("localhost", |_| {}), move |peer| {
            peer.head();
            peer.say(head);
            peer.say("all of it");
            if closes {
                peer.close();
            }
        });
        let outcome = text(&authority.client(), &url(&server));
        match outcome {
            Ok(text) => assert!(is_whole && text == "all of it", "{head:?} {closes}"),
            Err(error) => {
                assert!(!is_whole, "{head:?} {closes}: {error}");
                assert_eq!(error.phase(), Phase::Body);
            }
        }
    }
}

#[test]
fn megabytes_go_both_ways() {
    let authority = Authority::new();
    let server = secure(authority.server("localhost", |_| {}), |peer| {
        while peer.head().is_some() {
            send_back(peer, 2_000_000);
        }
    });
    let content: Vec<u8> = (0..2_000_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    let client = authority.client();
    for _ in 0..2 {
        let body = Body::from(&content[..]);
        let response = client.post(url(&server)).expect_continue(false).body(body).send().unwrap();
        assert!(response.bytes(2_000_000).unwrap() == content);
    }
}

#[test]
fn a_session_goes_through_the_tunnel_of_a_proxy() {
    let authority = Authority::new();
    let server =
        secure(authority.server("localhost", |_| {}), |peer| while peer.head().is_some_and(|_| peer.say(OK)) {});
    let proxy = Server::new(|_, peer| {
        let target = peer.head().unwrap().split(' ').nth(1).unwrap().to_owned();
        peer.say("HTTP/1.1 200 Connection established\r\n\r\n");
        relay(peer, &target);
    });
    let through = Proxies::all(&Proxy::parse(&format!("u:p@{}", proxy.address())).unwrap());
    let client = builder().proxies(through).add_root_certificates(authority.pem.as_bytes()).only_added_roots().build();
    for _ in 0..2 {
        assert_eq!(text(&client, &url(&server)).unwrap(), "ok");
    }
    let port = server.address().port();
    assert_eq!(proxy.lines(), [format!("CONNECT localhost:{port} HTTP/1.1")]);
    assert!(proxy.heads()[0].contains("\r\nProxy-Authorization: Basic dTpw\r\n"));
}

/// A tunnel is one's own: neither does the server learn what the proxy was told, nor does another get in by it.
#[test]
fn what_a_proxy_is_told_is_not_for_the_server() {
    let authority = Authority::new();
    let server = secure(authority.server("localhost", |_| {}), |peer| {
        while let Some(head) = peer.head() {
            let length = if head.contains("Proxy-") { "1" } else { "2" };
            peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nok"));
        }
    });
    let proxy = Server::new(|_, peer| {
        let target = peer.head().unwrap().split(' ').nth(1).unwrap().to_owned();
        peer.say("HTTP/1.1 200 Connection established\r\n\r\n");
        relay(peer, &target);
    });
    let through = Proxies::all(&Proxy::parse(&format!("u:p@{}", proxy.address())).unwrap());
    let client = builder().proxies(through).add_root_certificates(authority.pem.as_bytes()).only_added_roots().build();
    for own in [Some("Basic b3du"), None, Some("Basic b3du"), Some("Bearer x")] {
        let request = client.get(url(&server));
        let request = if let Some(own) = own { request.header("proxy-authorization", own) } else { request };
        assert_eq!(request.send().unwrap().text(10).unwrap(), "ok");
    }
    let told =
        |head: String| head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: ").map(str::to_owned));
    let told: Vec<_> = proxy.heads().into_iter().map(told).collect();
    assert_eq!(told, ["Basic b3du", "Basic dTpw", "Bearer x"].map(|value| Some(value.to_owned())));
}

/// The same over TLS, on one thread: the handshake, content held in the session, the end.
#[test]
fn requests_over_tls_do_not_block() {
    use std::os::fd::AsFd as _;
    use wirenut_client::Progress;
    use wirenut_linux::monotonic_time;
    use wirenut_linux::poller::{Epoll, Interest, Poller as _, Token};

    let authority = Authority::new();
    let server = secure(authority.server("localhost", |_| {}), |peer| {
        while peer.head().is_some() {
            send_back(peer, 1_000_000);
        }
    });
    let (client, content) = (authority.client(), vec![9; 1_000_000]);
    let mut poller = Epoll::new().unwrap();
    let start = || client.post(url(&server)).body(&content[..]).expect_continue(false).start().unwrap();
    let mut exchanges: Vec<_> = (0..8).map(|_| (start(), 0)).collect();
    for (number, (exchange, _)) in (0..).zip(&exchanges) {
        poller.register(exchange.as_fd(), Token(number), Interest::READABLE).unwrap();
    }
    while exchanges.iter().any(|(exchange, _)| !exchange.is_over()) {
        for (exchange, received) in &mut exchanges {
            loop {
                match exchange.poll().unwrap() {
                    Progress::Content(piece) => *received += piece.len(),
                    Progress::Head(_) => {}
                    Progress::Pending | Progress::End => break,
                }
            }
        }
        let open = exchanges.iter().filter(|(exchange, _)| !exchange.is_over());
        let Some(next) = open.filter_map(|(exchange, _)| exchange.poll_timeout()).min() else { continue };
        poller.wait_until(Some(next), monotonic_time).unwrap();
        while poller.next_event().is_some() {}
    }
    assert!(exchanges.iter().all(|(_, received)| *received == 1_000_000));
}

/// Credentials do not leave TLS, nor does a request by itself.
#[test]
fn no_redirect_leaves_tls() {
    let authority = Authority::new();
    let server = secure(authority.server("localhost", |_| {}), |peer| {
        peer.head();
        peer.say("HTTP/1.1 302 Found\r\nLocation: http://localhost:9/\r\nContent-Length: 0\r\n\r\n");
    });
    let error = text(&authority.client(), &url(&server)).unwrap_err();
    assert_eq!(error.phase(), Phase::Redirect);
}

/// Each hop of a chain takes its own way: the proxy reads the first request, opens a tunnel for the second, and is not asked for
/// the third. No credentials cross.
#[test]
fn a_chain_of_redirects_goes_through_proxy_and_tunnel() {
    let authority = Authority::new();
    let direct = Server::answering(OK);
    let last = direct.url("/last");
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let server = secure(authority.server("localhost", |_| {}), {
        let (seen, last) = (Arc::clone(&seen), last.clone());
        move |peer| {
            while let Some(head) = peer.head() {
                seen.lock().unwrap().push(head);
                peer.say(format!("HTTP/1.1 307 Elsewhere\r\nLocation: {last}\r\nContent-Length: 0\r\n\r\n"));
            }
        }
    });
    let location = url(&server);
    let proxy = Server::new(move |_, peer| {
        while let Some(head) = peer.head() {
            if let Some(target) = head.strip_prefix("CONNECT ") {
                peer.say("HTTP/1.1 200 Connection established\r\n\r\n");
                return relay(peer, target.split(' ').next().unwrap());
            }
            peer.say(format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"));
        }
    });
    let proxies = Proxies::all(&Proxy::parse(&format!("u:p@{}", proxy.address())).unwrap()).except("127.0.0.0/8");
    let builder = builder().proxies(proxies).add_root_certificates(authority.pem.as_bytes()).only_added_roots();
    let lax = Redirects { may_leave_tls: true, ..Redirects::DEFAULT };
    let client = builder.redirects(lax).build();
    let request = client.get("http://one.invalid/first").basic_auth("me", "secret").header("Cookie", "a=b");
    let response = request.send().unwrap();
    assert_eq!((response.redirects(), response.url().to_string()), (2, last));
    let port = server.address().port();
    assert_eq!(
        proxy.lines(),
        ["GET http://one.invalid/first HTTP/1.1".to_owned(), format!("CONNECT localhost:{port} HTTP/1.1")]
    );
    let names = |head: &str| {
        let names = ["Authorization", "Cookie", "Proxy-Authorization"];
        names.map(|name| head.contains(&format!("\r\n{name}: ")))
    };
    assert_eq!(
        proxy.heads().iter().map(|head| names(head)).collect::<Vec<_>>(),
        [[true, true, true], [false, false, true]]
    );
    assert_eq!(seen.lock().unwrap().iter().map(|head| names(head)).collect::<Vec<_>>(), [[false; 3]]);
    assert_eq!(direct.heads().iter().map(|head| names(head)).collect::<Vec<_>>(), [[false; 3]]);
}

/// Caddy speaks its own TLS, that of Go, and prefers HTTP/2 where it is offered.
#[test]
fn caddy_is_understood() {
    if !wirenut_tests::tools::has("caddy") {
        return;
    }
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let path = folder.path().display();
    let (certificate, key) = authority.pems("localhost");
    let configuration = format!(
        "{{
            admin off
            auto_https off
        }}
        (site) {{
            root * {path}
            redir /moved /file
            respond /teapot short 418
            file_server
        }}
        http://localhost {{
            bind unix/{path}/plain
            import site
        }}
        https://localhost {{
            bind unix/{path}/secure
            tls {path}/certificate {path}/key
            import site
        }}"
    );
    let content: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    for (name, content) in
        [("Caddyfile", configuration.as_bytes()), ("certificate", certificate.as_bytes()), ("key", key.as_bytes())]
    {
        fs::write(folder.path().join(name), content).unwrap();
    }
    fs::write(folder.path().join("file"), &content).unwrap();
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.path().join("Caddyfile"));
    let _caddy = Program::start(command.env("HOME", folder.path()).env_remove("XDG_DATA_HOME"));
    for (scheme, socket) in [("http", "plain"), ("https", "secure")] {
        let builder = builder().add_root_certificates(authority.pem.as_bytes()).only_added_roots();
        let client = builder.unix_socket(folder.path().join(socket)).build();
        let get = |target: &str| client.get(format!("{scheme}://localhost{target}"));
        assert!((0..500).any(|_| get("/").send().is_ok() || wait()), "caddy does not start");
        for _ in 0..2 {
            assert!(get("/moved").send().unwrap().bytes(1_000_000).unwrap() == content);
            let part = get("/file").header("Range", "bytes=5-8").send().unwrap();
            assert_eq!((part.status().code(), part.bytes(10).unwrap()), (206, content[5..9].to_vec()));
            let teapot = client.post(format!("{scheme}://localhost/teapot")).body(Body::reader(&content[..]));
            let teapot = teapot.send().unwrap();
            assert_eq!((teapot.status().code(), teapot.text(10).unwrap().as_str()), (418, "short"));
            assert_eq!(get("/none").send().unwrap().status().code(), 404);
        }
    }
}

/// Moves bytes both ways until both directions have ended.
fn relay(peer: &mut Peer, to: &str) {
    let mut server = TcpStream::connect(to).unwrap();
    let (mut from_client, mut to_client) = (peer.stream().try_clone().unwrap(), peer.stream().try_clone().unwrap());
    let mut to_server = server.try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Write);
        });
        let _ = io::copy(&mut server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    });
}

#[test]
fn a_proxy_that_refuses_a_tunnel_is_the_cause() {
    let proxy = Server::answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    let client = through(&proxy.address().to_string());
    let error = client.get("https://host.invalid/").send().unwrap_err();
    assert_eq!(error.phase(), Phase::Proxy);
    assert!(matches!(error.cause(), Cause::Status(407)), "{error}");
    assert_eq!(proxy.lines(), ["CONNECT host.invalid:443 HTTP/1.1"]);
    assert!(proxy.heads()[0].contains("\r\nHost: host.invalid:443\r\n"));
}

/// A server that has no time for anybody may say so before it was asked, and in the same segment as its last word of the
/// handshake: then the bytes are in the session already, and the socket never becomes readable for them.
#[test]
fn an_answer_that_comes_with_the_handshake_is_heard() {
    let authority = Authority::new();
    let config = Arc::new(authority.server_of("localhost", &[&version::TLS12], |_| {}));
    let server = Server::new(move |_, peer| {
        let mut session = ServerConnection::new(Arc::clone(&config)).unwrap();
        while session.is_handshaking() {
            while session.wants_write() {
                session.write_tls(peer.stream()).unwrap();
            }
            session.read_tls(peer.stream()).unwrap();
            session.process_new_packets().unwrap();
        }
        session.writer().write_all(OK.as_bytes()).unwrap();
        let mut last = Vec::new();
        while session.wants_write() {
            session.write_tls(&mut last).unwrap();
        }
        peer.say(last);
        peer.wait_for_end();
    });
    let response = authority.client().get(url(&server)).timeout(Duration::from_secs(3)).send().unwrap();
    assert_eq!(response.text(10).unwrap(), "ok");
}
