//! Servers that do what a test tells them.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use wirenut_client::{Client, ClientBuilder, Proxies, Timeouts};
use wirenut_linux::socket::{Family, Socket};

/// Nothing that a test waits for takes longer.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// A client that the environment of the test does not change.
pub(crate) fn client() -> Client {
    builder().build()
}

pub(crate) fn builder() -> ClientBuilder {
    let timeouts = Timeouts { whole: Some(LONG.into()), ..Timeouts::DEFAULT };
    Client::builder().proxies(Proxies::none()).timeouts(timeouts)
}

/// A server that gives each connection to a closure, on a thread of its own. It ends when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    heads: Arc<Mutex<Vec<String>>>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// `serve` gets the number of the connection, from 0, and the connection.
    pub(crate) fn new(serve: impl Fn(usize, &mut Peer) + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), serve)
    }

    pub(crate) fn on(listener: TcpListener, serve: impl Fn(usize, &mut Peer) + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let (is_over, heads) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let accepting = thread::spawn({
            let (is_over, heads) = (Arc::clone(&is_over), Arc::clone(&heads));
            move || {
                let serve = &serve;
                thread::scope(|scope| {
                    for (number, stream) in listener.incoming().enumerate() {
                        if is_over.load(Ordering::SeqCst) {
                            break;
                        }
                        let stream = stream.unwrap();
                        stream.set_read_timeout(Some(LONG)).unwrap();
                        stream.set_write_timeout(Some(LONG)).unwrap();
                        let heads = Arc::clone(&heads);
                        scope.spawn(move || serve(number, &mut Peer { stream: Some(stream), heads }));
                    }
                });
            }
        });
        Self { address, is_over, heads, accepting: Some(accepting) }
    }

    /// Answers each request with that, and keeps the connection.
    pub(crate) fn answering(answer: &'static str) -> Self {
        Self::new(move |_, peer| while peer.head().is_some_and(|_| peer.say(answer)) {})
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// The heads of all requests that came, in their order.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// The request lines of these.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.heads().iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // It wakes up for one more connection.
        let _ = TcpStream::connect(self.address);
        let outcome = self.accepting.take().unwrap().join();
        if !thread::panicking() {
            outcome.unwrap();
        }
    }
}

/// An address at which nobody listens, and which is nobody else's while the socket is there.
pub(crate) fn nobody() -> (impl Sized, SocketAddr) {
    let socket = Socket::tcp(Family::V4).unwrap();
    socket.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_address().unwrap();
    (socket, address)
}

/// The server's end of a connection.
pub(crate) struct Peer {
    stream: Option<TcpStream>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.stream.as_mut().unwrap()
    }

    /// The next head of a request, noted. None, if the client has ended.
    pub(crate) fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match self.stream().read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                Ok(_) => return None,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("no head of a request: {error}"),
            }
        }
        let head = String::from_utf8(head).unwrap();
        self.heads.lock().unwrap().push(head.clone());
        Some(head)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream().read_exact(&mut bytes).unwrap();
        bytes
    }

    /// All that comes up to the end.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.stream().read_to_end(&mut rest);
        rest
    }

    /// Sends that. False, if the client is gone.
    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream().write_all(bytes.as_ref()).is_ok()
    }

    /// Sends that with `pause` between the bytes, as long as the client is there.
    pub(crate) fn drip(&mut self, bytes: impl AsRef<[u8]>, pause: Duration) {
        for byte in bytes.as_ref() {
            if !self.say([*byte]) {
                break;
            }
            thread::sleep(pause);
        }
    }

    /// Ends this direction.
    pub(crate) fn end(&mut self) {
        let _ = self.stream().shutdown(Shutdown::Write);
    }

    /// Waits until the client has ended.
    pub(crate) fn wait_for_end(&mut self) {
        self.rest();
    }

    /// Breaks the connection off.
    pub(crate) fn reset(&mut self) {
        let stream = wirenut_linux::socket::TcpStream::from(self.stream.take().unwrap());
        stream.abort().unwrap();
    }
}
