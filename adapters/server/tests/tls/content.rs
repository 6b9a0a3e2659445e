//! What is said over TLS comes, whatever is spoken, and however much it is.

use alloc::sync::Arc;
use core::time::Duration;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, mpsc};
use std::thread;

use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut_linux::socket::{self, Family, Socket};
use wirenut_server::handler::Stream;
use wirenut_server::{Arrival, Config, Model, PollerKind, Server, Tls};
use wirenut_tls::rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use wirenut_tls::rustls::crypto::ring::default_provider;
use wirenut_tls::rustls::crypto::{CipherSuiteCommon, CryptoProvider};
use wirenut_tls::rustls::pki_types::PrivateKeyDer;
use wirenut_tls::rustls::{ServerConfig, SupportedCipherSuite, Tls13CipherSuite};

use crate::lab::{BLOCKING, FOUR, Place, Running, Transport};
use crate::secure::{ALL, BIG, Secure, certificate, echo, serve, start, tls, trusting};

pub(crate) fn of_http_comes_under_each_model() {
    let (made, program) = (certificate(), fs::read(std::env::current_exe().unwrap()).unwrap());
    let config = trusting(&made, &[b"http/1.1"]);
    for model in ALL {
        println!("{}", model.name());
        let running = start(&made, Config { model, ..Config::DEFAULT }, serve);
        for _ in 0..2 {
            let mut client = Secure::connect(&running, &config);
            assert_eq!(client.ask("GET", "/", b""), b"Hello, World!\n");
            assert!(client.ask("GET", "/file", b"") == program, "a file, which the kernel would move");
            assert_eq!(client.ask("GET", "/big", b"").len(), BIG);
            let content: Vec<u8> = (0..BIG).map(|number| (number % 251) as u8).collect();
            assert!(client.ask("POST", "/echo", &content) == content);
            client.end_sending();
            assert_eq!(client.rest(), b"");
        }
        assert!(running.finish().starts_with("accepted 2 "));
    }
    for poller in [PollerKind::Poll, PollerKind::Select] {
        let running = start(&made, Config { poller, ..Config::DEFAULT }, serve);
        let mut client = Secure::connect(&running, &config);
        assert!(client.ask("GET", "/file", b"") == program);
    }
}

/// A key encrypts so many records at most (RFC 8446 §5.5): usually 2^24, here few.
pub(crate) fn comes_whole_while_keys_change() {
    let (made, program) = (certificate(), fs::read(std::env::current_exe().unwrap()).unwrap());
    let SupportedCipherSuite::Tls13(usual) = TLS13_AES_128_GCM_SHA256 else { panic!("not of TLS 1.3") };
    let common = CipherSuiteCommon { confidentiality_limit: 50, ..usual.common };
    let suite = Box::leak(Box::new(Tls13CipherSuite { common, ..*usual }));
    let provider = CryptoProvider { cipher_suites: vec![SupportedCipherSuite::Tls13(suite)], ..default_provider() };
    let config = ServerConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let tls = Tls::from_config(&Arc::new(config));
    let running = Running::start(Transport::Tcp, Config::DEFAULT, move |server| serve(server.with_tls(tls)));
    let mut client = Secure::connect(&running, &trusting(&made, &[]));
    assert!(client.ask("GET", "/file", b"") == program);
    assert_eq!(client.ask("GET", "/big", b"").len(), BIG);
}

/// One thread of the client writes while another reads, and the handler has no more than one.
pub(crate) fn of_handlers_comes_under_each_model() {
    let made = certificate();
    let config = trusting(&made, &[]);
    for model in BLOCKING {
        println!("{}", model.name());
        let running = start(&made, Config { model, ..Config::DEFAULT }, echo);
        for _ in 0..2 {
            assert_echoed(Secure::connect(&running, &config));
        }
        assert!(running.finish().starts_with("accepted 2 "));
    }
}

/// A handler that goes on after a write has timed out sends nothing twice.
pub(crate) fn comes_once_although_a_write_times_out() {
    const LENGTH: usize = 32 << 20;
    let content = || (0..LENGTH).map(|number| (number % 251) as u8).collect::<Vec<u8>>();
    let made = certificate();
    let model = Model::Threading { threads: FOUR };
    let server = Server::bind("127.0.0.1:0", Config { model, ..Config::DEFAULT }).unwrap().with_tls(tls(&made));
    let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
    let (sender, time_outs) = mpsc::channel();
    let running = thread::spawn(move || {
        let sender = Mutex::new(sender);
        server.run_handler(&|mut stream: &Stream| {
            stream.set_write_timeout(Some(Duration::from_millis(50)));
            let content = content();
            let mut unsent = &content[..];
            while !unsent.is_empty() {
                match stream.write(unsent) {
                    Ok(count) => unsent = &unsent[count..],
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::TimedOut);
                        stream.set_write_timeout(None);
                        sender.lock().unwrap().send(()).unwrap();
                    }
                }
            }
            Ok(())
        })
    });
    let mut client = Secure::over(TcpStream::connect(address).unwrap(), &trusting(&made, &[]));
    client.0.sock.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    client.agree().unwrap();
    time_outs.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(client.rest() == content());
    stopper.stop();
    running.join().unwrap().unwrap();
}

/// Sends content, without waiting for it to come back, and then ends.
fn assert_echoed(mut client: Secure) {
    let content: Vec<u8> = (0..BIG).map(|number| (number % 251) as u8).collect();
    client.agree().unwrap();
    client.0.sock.set_nonblocking(true).unwrap();
    let (mut unsent, mut came, mut has_ended) = (&content[..], Vec::new(), false);
    let mut piece = vec![0; 10_000];
    loop {
        let mut moves = false;
        if !unsent.is_empty() && !client.0.conn.wants_write() {
            let count = client.0.conn.writer().write(unsent).unwrap();
            unsent = &unsent[count..];
            moves = true;
        } else if unsent.is_empty() && !has_ended {
            client.0.conn.send_close_notify();
            has_ended = true;
        }
        if client.0.conn.wants_write() {
            moves |= client.0.conn.write_tls(&mut client.0.sock).is_ok();
        }
        moves |= client.0.conn.read_tls(&mut client.0.sock).is_ok_and(|count| count > 0);
        client.0.conn.process_new_packets().unwrap();
        match client.0.conn.reader().read(&mut piece) {
            Ok(0) => break,
            Ok(count) => came.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error} after {} bytes", came.len()),
        }
        if !moves {
            thread::sleep(Duration::from_millis(1));
        }
    }
    assert!(came == content, "{} of {} bytes", came.len(), content.len());
}

/// Sends back what comes, until the peer ends, and greets first.
struct Echo {
    greeting: &'static [u8],
    has_ended: bool,
}

impl Protocol for Echo {
    fn drive(&mut self, input: &[u8], _: &mut [u8], output: &mut [u8]) -> Progress {
        if !self.greeting.is_empty() {
            let greeting = core::mem::take(&mut self.greeting);
            output[..greeting.len()].copy_from_slice(greeting);
            return Progress { taken: 0, written: greeting.len() };
        }
        let count = input.len().min(output.len());
        output[..count].copy_from_slice(&input[..count]);
        Progress { taken: count, written: count }
    }

    fn handle_eof(&mut self) {
        self.has_ended = true;
    }

    fn handle_sent(&mut self, _: usize, _: usize) {}

    fn handle_timeout(&mut self) {}

    fn handle_reset(&mut self) {
        self.has_ended = true;
    }

    fn retire(&mut self) {
        self.has_ended = true;
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn is_readable(&self) -> bool {
        true
    }

    fn standing(&self) -> Standing {
        Standing::Busy
    }

    fn disposition(&self) -> Disposition {
        if self.has_ended { Disposition::Close } else { Disposition::Open }
    }
}

pub(crate) fn of_protocols_comes() {
    let made = certificate();
    let config = trusting(&made, &[]);
    for model in ALL {
        println!("{}", model.name());
        let running = start(&made, Config { model, ..Config::DEFAULT }, |server| {
            server.run_protocol(&|_: &Arrival<'_>| Echo { greeting: b"hello ", has_ended: false })
        });
        let mut client = Secure::connect(&running, &config);
        let mut greeting = [0; 6];
        client.0.read_exact(&mut greeting).unwrap();
        assert_eq!(&greeting, b"hello ");
        assert_echoed(client);
        assert!(running.finish().starts_with("accepted 1 "));
    }
}

/// Little of what waits is in our memory, and all of it comes.
pub(crate) fn waits_for_a_slow_reader() {
    let (made, program) = (certificate(), fs::read(std::env::current_exe().unwrap()).unwrap());
    let config = trusting(&made, &[]);
    let running = start(&made, Config::DEFAULT, serve);
    for (target, content) in [("/file", program), ("/big", vec![b'x'; BIG])] {
        let socket = Socket::tcp(Family::V4).unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let Place::Port(port) = running.place else { panic!("no port") };
        let stream: socket::TcpStream = socket.connect(&(core::net::Ipv4Addr::LOCALHOST, port).into()).unwrap();
        let mut client = Secure::over(TcpStream::from(std::os::fd::OwnedFd::from(stream)), &config);
        client.agree().unwrap();
        client.0.write_all(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).unwrap();
        // Others are served meanwhile.
        assert_eq!(Secure::connect(&running, &config).ask("GET", "/", b""), b"Hello, World!\n");
        assert!(client.answer() == content, "{target}");
    }
}

/// Requests that came in one record wait in the session while answers before them are sent: nothing but the server itself
/// would remember them.
pub(crate) fn that_is_held_is_not_forgotten() {
    let made = certificate();
    let config = trusting(&made, &[]);
    for model in ALL {
        let running = start(&made, Config { model, ..Config::DEFAULT }, serve);
        let mut client = Secure::connect(&running, &config);
        let requests = "GET /big HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(4);
        let post = format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", 200_000);
        client.0.write_all(requests.as_bytes()).unwrap();
        client.0.write_all(post.as_bytes()).unwrap();
        client.0.write_all(&vec![b'p'; 200_000]).unwrap();
        client.0.write_all(requests.as_bytes()).unwrap();
        for round in 0..2 {
            for _ in 0..4 {
                assert_eq!(client.answer().len(), BIG);
                assert_eq!(client.answer(), b"Hello, World!\n");
            }
            if round == 0 {
                assert_eq!(client.answer(), vec![b'p'; 200_000]);
            }
        }
    }
}
