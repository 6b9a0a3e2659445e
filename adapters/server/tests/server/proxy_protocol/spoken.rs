//! Whatever is spoken begins behind the header.

use core::num::NonZeroUsize;
use std::io::{Read, Write};
use std::thread;

use wirenut::proxy::Limits;
use wirenut::readiness::Standing;
use wirenut::time::{Duration, Instant};
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut_server::handler::Stream;
use wirenut_server::{Arrival, Config, Model, ProxyProtocol, Server};

use super::{LOOPBACK, assert_dropped, headers, logged, own, trusting};
use crate::client::Client;
use crate::logging;

/// Whatever is spoken, it begins when the proxy has said for whom.
#[test]
fn a_protocol_begins_with_the_client() {
    let server = Server::bind("127.0.0.1:0", trusting(LOOPBACK)).unwrap();
    let (at, stopper) = (server.local_addr().unwrap(), server.stopper());
    let begin = |arrival: &Arrival<'_>| Greeting(arrival.peer().unwrap().to_string());
    let thread = thread::spawn(move || server.run_protocol(&begin).unwrap());
    for (header, named) in headers() {
        let mut client = Client::connect(at);
        let expected = named.unwrap_or_else(|| own(&client)).to_string();
        let (most, last) = header.split_at(header.len() - 1);
        client.send(most);
        client.send(last);
        let mut greeting = String::new();
        client.stream.read_to_string(&mut greeting).unwrap();
        assert_eq!(greeting, expected);
    }
    stopper.stop();
    thread.join().unwrap();
}

/// It is not given a byte of the header, nor is one of its own missing.
#[test]
fn a_handler_is_called_for_the_client() {
    logging::keep();
    let one = NonZeroUsize::MIN;
    for model in [Model::Iterative, Model::Threading { threads: one }, Model::PreThreaded { workers: one }] {
        let limits = Limits { header: Duration::from_secs(1), ..Limits::DEFAULT };
        let settings = ProxyProtocol { networks: LOOPBACK, limits, ..ProxyProtocol::DEFAULT };
        let config = Config { model, proxy_protocol: Some(settings), ..Config::DEFAULT };
        let server = Server::bind("127.0.0.1:0", config).unwrap();
        let (at, stopper) = (server.local_addr().unwrap(), server.stopper());
        let handler = |mut stream: &Stream| {
            let mut said = String::new();
            stream.read_to_string(&mut said)?;
            write!(stream, "{} said {said}", stream.peer())
        };
        let thread = thread::spawn(move || server.run_handler(&handler).unwrap());
        for (header, named) in headers() {
            let mut client = Client::connect(at);
            let expected = named.unwrap_or_else(|| own(&client));
            let all = [&header[..], b"hello"].concat();
            let (most, last) = all.split_at(header.len() - 1);
            client.send(most);
            client.send(last);
            client.end_sending();
            let mut answer = String::new();
            client.stream.read_to_string(&mut answer).unwrap();
            assert_eq!(answer, format!("{expected} said hello"), "{model:?}");
        }
        for (bytes, is_end, expected) in [
            ("hello", false, "WARN PEER: no PROXY header at byte 0 (proxy-protocol 2)"),
            ("PROXY TCP", true, "WARN PEER: header cut off at byte 9 (proxy-protocol 2)"),
            ("PROXY TCP", false, "WARN PEER: header took too long at byte 9 (proxy-protocol 2)"),
            ("", true, "DEBUG PEER: header cut off at byte 0 (proxy-protocol 2)"),
        ] {
            let mut client = Client::connect_alone(at);
            client.send(bytes);
            if is_end {
                client.end_sending();
            }
            assert_dropped(&mut client);
            assert_eq!(logged(own(&client)), expected);
        }
        stopper.stop();
        thread.join().unwrap();
    }
}

/// Says first to whom it speaks, and nothing else.
struct Greeting(String);

impl Protocol for Greeting {
    fn drive(&mut self, input: &[u8], _: &mut [u8], output: &mut [u8]) -> Progress {
        let written = self.0.len();
        output[..written].copy_from_slice(self.0.as_bytes());
        self.0.clear();
        Progress { taken: input.len(), written }
    }
    fn handle_eof(&mut self) {}
    fn handle_sent(&mut self, _: usize, _: usize) {}
    fn handle_timeout(&mut self) {}
    fn handle_reset(&mut self) {}
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
        if self.0.is_empty() { Disposition::Close } else { Disposition::Open }
    }
}
