use std::io::{Read, Write};
use std::net::Shutdown;

use proptest::collection::vec;
use proptest::prelude::*;
use rcgen::generate_simple_self_signed;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, SupportedProtocolVersion};
use wirenut_linux::socket::{Mode, UnixStream};

use super::*;

const BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// A client and a server that trust each other.
fn configs(version: &'static SupportedProtocolVersion) -> (Arc<ClientConfig>, ServerConfig) {
    let made = generate_simple_self_signed(["a".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&[version]).unwrap();
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let server = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let server = server.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    (Arc::new(client), server)
}

/// One end: a session and its socket.
struct End(Session, AnyByteStream);

impl End {
    fn recv(&mut self, into: &mut [u8]) -> Result<Received, Error> {
        self.0.recv(&self.1, into)
    }
}

fn sockets() -> (AnyByteStream, AnyByteStream) {
    let (one, other) = UnixStream::pair().unwrap();
    one.set_mode(Mode::NonBlocking).unwrap();
    other.set_mode(Mode::NonBlocking).unwrap();
    (one.into(), other.into())
}

/// Both ends, before they have agreed on anything.
fn strangers(version: &'static SupportedProtocolVersion, tickets: usize) -> (End, End) {
    let (client, mut server) = configs(version);
    server.send_tls13_tickets = tickets;
    let (one, other) = sockets();
    let client = Session::client(&client, "a").unwrap();
    (End(client, one), End(Session::server(&Arc::new(server)).unwrap(), other))
}

fn pair(version: &'static SupportedProtocolVersion) -> (End, End) {
    let (mut client, mut server) = strangers(version, 2);
    while client.0.handshake(&client.1).unwrap().is_some() | server.0.handshake(&server.1).unwrap().is_some() {}
    (client, server)
}

/// A peer that sends tickets without end holds up neither the deadline of a request nor the check of an idle connection.
#[test]
fn messages_of_tls_alone_do_not_hold_up_the_caller() {
    for room in [1, PIECE] {
        let (mut client, mut server) = strangers(&TLS13, 500);
        while client.0.handshake(&client.1).unwrap().is_some() | server.0.handshake(&server.1).unwrap().is_some() {}
        let mut into = vec![0; room];
        assert_eq!(client.recv(&mut into).unwrap(), Received::WouldBlock);
        assert_eq!(client.1.peek(&mut [0]).unwrap(), Received::Data(1), "all was taken at once");
        while client.1.peek(&mut [0]).unwrap() == Received::Data(1) {
            assert_eq!(client.recv(&mut into).unwrap(), Received::WouldBlock);
        }
    }
}

/// However the bytes are cut on their way, and however much room there is, they are the same.
#[test]
fn all_that_is_sent_comes() {
    let content: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
    for version in BOTH {
        for (cut, room) in [(1, 70_000), (4_095, 4_096), (5, 16), (16_401, 20_000), (30_000, 5_000), (100_000, 65_536)]
        {
            let (mut client, mut server) = pair(version);
            // What the client sends goes through a second pair of sockets, cut there.
            let (from, to) = sockets();
            let wire = core::mem::replace(&mut server.1, to);
            let (mut unsent, mut came, mut into) = (&content[..], Vec::new(), vec![0; room]);
            let mut encrypted = vec![0; cut];
            while came.len() < content.len() {
                if let Attempt::Done(count) = client.0.send(&client.1, unsent).unwrap() {
                    unsent = &unsent[count..];
                }
                if let Ok(count) = (&wire).read(&mut encrypted) {
                    (&from).write_all(&encrypted[..count]).unwrap();
                }
                while let Received::Data(count) = server.recv(&mut into).unwrap() {
                    came.extend_from_slice(&into[..count]);
                }
                assert!(!server.0.holds_unread());
            }
            assert!(came == content, "{version:?}, cut at {cut}, room for {room}");
        }
    }
}

#[test]
fn no_more_is_taken_until_all_has_left() {
    let (mut client, mut server) = pair(&TLS13);
    let mut taken = 0;
    while let Attempt::Done(count) = client.0.send(&client.1, &[b'a'; 10_000]).unwrap() {
        taken += count;
    }
    assert!(!client.0.flush(&client.1).unwrap());
    let (mut came, mut into) = (0, [0; 9_000]);
    while came < taken {
        if let Received::Data(count) = server.recv(&mut into).unwrap() {
            came += count;
        }
        client.0.flush(&client.1).unwrap();
    }
    assert_eq!(came, taken);
    assert_eq!(client.0.send(&client.1, b"b").unwrap(), Attempt::Done(1));
}

#[test]
fn what_is_held_is_said() {
    for version in BOTH {
        let (mut client, mut server) = pair(version);
        assert!(!server.0.holds_unread());
        assert_eq!(client.0.send(&client.1, b"abc").unwrap(), Attempt::Done(3));
        assert!(client.0.close(&client.1).unwrap());
        assert_eq!(server.recv(&mut [0; 2]).unwrap(), Received::Data(2));
        assert!(server.0.holds_unread());
        assert_eq!(server.recv(&mut [0; 2]).unwrap(), Received::Data(1));
        assert_eq!(server.recv(&mut [0; 2]).unwrap(), Received::End);
        assert!(server.0.holds_unread(), "the end can be received again");
        // The other direction goes on.
        assert_eq!(server.0.send(&server.1, b"d").unwrap(), Attempt::Done(1));
        assert_eq!(client.recv(&mut [0; 2]).unwrap(), Received::Data(1));
    }
}

/// Wherever a record is cut, and whatever came before in the same call.
#[test]
fn a_part_of_a_record_is_said() {
    for version in BOTH {
        for room in [2, 8_192] {
            let (mut client, mut server) = pair(version);
            // The tickets of the server.
            while client.recv(&mut [0; 9]).unwrap() != Received::WouldBlock {}
            assert!(!client.0.holds_part() && !server.0.holds_part());
            let mut encrypt = |text: &[u8]| {
                let Connection::Client(connection) = &mut client.0.connection else { panic!("it is a client") };
                connection.writer().write_all(text).unwrap();
                let mut record = Vec::new();
                connection.write_tls(&mut record).unwrap();
                record
            };
            for cut in [1, 4, 5, 6, 20] {
                let (first, second) = (encrypt(b"ab"), encrypt(b"cd"));
                let (mut into, mut came) = (vec![0; room], Vec::new());
                let mut receive = |bytes: &[u8]| {
                    (&client.1).write_all(bytes).unwrap();
                    while let Received::Data(count) = server.recv(&mut into).unwrap() {
                        came.extend_from_slice(&into[..count]);
                    }
                    (server.0.holds_part(), server.0.holds_unread())
                };
                assert_eq!(receive(&[&first, &second[..cut]].concat()), (true, false), "{version:?}, {cut}, {room}");
                assert_eq!(receive(&second[cut..]), (false, false), "{version:?}, {cut}, {room}");
                assert_eq!(came, b"abcd");
            }
        }
    }
}

#[test]
fn an_end_without_close_notify_is_a_cut() {
    for version in BOTH {
        for room in [2, 8_192] {
            let (mut client, mut server) = pair(version);
            assert_eq!(client.0.send(&client.1, b"abc").unwrap(), Attempt::Done(3));
            client.1.shutdown(Shutdown::Write).unwrap();
            let mut into = vec![0; room];
            let mut came = 0;
            let error = loop {
                match server.recv(&mut into) {
                    Ok(Received::Data(count)) => came += count,
                    Ok(other) => panic!("{other:?}"),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, Error::Truncated), "{error}");
            assert_eq!(came, 3);
            assert!(matches!(server.recv(&mut into), Err(Error::Truncated)), "and again");
        }
    }
}

#[test]
fn failures_of_a_handshake_are_typed() {
    let (mut client, server) = strangers(&TLS13, 2);
    assert_eq!(client.0.handshake(&client.1).unwrap(), Some(Interest::READABLE));
    server.1.shutdown(Shutdown::Write).unwrap();
    assert!(matches!(client.recv(&mut [0]), Err(Error::HandshakeEnded)));
    assert!(matches!(client.0.send(&client.1, b"a"), Err(Error::HandshakeEnded)));

    // A peer that speaks something else gets an alert.
    let (client, mut server) = strangers(&TLS13, 2);
    (&client.1).write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(matches!(server.recv(&mut [0]), Err(Error::Tls(rustls::Error::InvalidMessage(_)))));
    let mut alert = [0; 100];
    assert_eq!(client.1.recv(&mut alert).unwrap(), Received::Data(7));
    assert_eq!(alert[0], 21, "the content type of alerts (RFC 8446 §5.1)");

    assert!(matches!(Session::client(&configs(&TLS13).0, "a b"), Err(Error::InvalidName)));
}

/// What a client sends first, unless the attacker changes it.
fn hello(version: &'static SupportedProtocolVersion) -> Vec<u8> {
    let (mut client, server) = strangers(version, 2);
    client.0.handshake(&client.1).unwrap();
    let mut hello = vec![0; 4_096];
    let Received::Data(count) = server.1.recv(&mut hello).unwrap() else { panic!("no hello") };
    hello.truncate(count);
    hello
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever an attacker sends as a handshake, a server waits or fails. It keeps few bytes of it, and sends few.
    #[test]
    fn an_attacker_gets_nowhere(
        is_old in any::<bool>(),
        changes in vec((0..600_usize, any::<u8>()), 0..6),
        kept in 0..700_usize,
        more in vec(any::<u8>(), 0..3_000),
        room in 1..9_000_usize,
    ) {
        let version = if is_old { &TLS12 } else { &TLS13 };
        let mut bytes = hello(version);
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        bytes.truncate(kept);
        bytes.extend_from_slice(&more);
        let (client, mut server) = strangers(version, 2);
        (&client.1).write_all(&bytes).unwrap();
        client.1.shutdown(Shutdown::Write).unwrap();
        let mut into = vec![0; room];
        let error = server.recv(&mut into).unwrap_err();
        prop_assert!(!matches!(error, Error::System(_)), "{error}");
        prop_assert!(!server.0.holds_unread() || matches!(error, Error::HandshakeEnded | Error::Tls(_)));
        let mut said = vec![0; 20_000];
        let said = (&client.1).read(&mut said);
        prop_assert!(said.is_err() || said.is_ok_and(|count| count < 5_000));
    }
}
