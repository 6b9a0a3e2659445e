//! A load at a constant rate: how long answers take, counted from when each request was due, not from when it was sent. So a
//! server that stalls is charged for all who would have come meanwhile ("coordinated omission").
//!
//! It never sleeps: give it a core of its own.

extern crate alloc;

use alloc::collections::VecDeque;
use core::error::Error;
use core::time::Duration;
use std::os::fd::AsFd;
use std::time::Instant;

use wirenut::time;
use wirenut_linux::poller::{Epoll, Interest, Poller, Token};
use wirenut_linux::socket::{Attempt, Mode, Received, TcpStream};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// How every answer ends.
const END: &[u8] = b"\r\n\r\nHello, World!";

/// How long answers are waited for once the last request was due.
const GRACE: Duration = Duration::from_secs(5);

/// A connection, and when the request that it waits for was due.
struct Client {
    stream: TcpStream,
    request: &'static [u8],
    due: Option<Instant>,
    answer: Vec<u8>,
}

impl Client {
    fn connect(address: &str, request: &'static [u8]) -> Result<Self, Box<dyn Error>> {
        let stream = TcpStream::connect(&address.parse()?)?;
        stream.set_no_delay(true)?;
        stream.set_mode(Mode::NonBlocking)?;
        Ok(Self { stream, request, due: None, answer: Vec::new() })
    }

    fn send(&mut self, due: Instant) -> Result<(), Box<dyn Error>> {
        self.due = Some(due);
        match self.stream.send(self.request)? {
            Attempt::Done(count) if count == self.request.len() => Ok(()),
            Attempt::Done(_) | Attempt::WouldBlock => Err("the server does not read".into()),
        }
    }

    /// Takes what has come. Some if the answer is whole: when its request was due.
    fn receive(&mut self) -> Result<Option<Instant>, Box<dyn Error>> {
        let mut bytes = [0; 4096];
        while let Received::Data(count) = self.stream.recv(&mut bytes)? {
            self.answer.extend_from_slice(&bytes[..count]);
            if self.answer.ends_with(END) {
                if !self.answer.starts_with(b"HTTP/1.1 200") {
                    return Err(format!("{}", self.answer.escape_ascii()).into());
                }
                self.answer.clear();
                return Ok(self.due.take());
            }
        }
        Ok(None)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, rate, seconds, connections, slow] = &*arguments else {
        return Err("usage: steady ADDR:PORT REQUESTS-PER-SECOND SECONDS CONNECTIONS SLOW-CONNECTIONS".into());
    };
    let (rate, seconds): (u32, u32) = (rate.parse()?, seconds.parse()?);
    let (connections, slow): (usize, usize) = (connections.parse()?, slow.parse()?);
    let mut latencies = load(address, (rate, rate * seconds), connections, slow)?;
    latencies.sort_unstable();
    let expected = (rate * seconds) as usize;
    let quantile =
        |per_mille: usize| latencies.get(expected * per_mille / 1000).map_or(f64::NAN, |at| at.as_secs_f64() * 1e6);
    let quantiles = [500, 990, 999].map(quantile);
    println!("{:.0} {:.0} {:.0} {}", quantiles[0], quantiles[1], quantiles[2], expected - latencies.len());
    Ok(())
}

/// The latencies of those requests that were answered in time.
fn load(
    address: &str,
    (rate, total): (u32, u32),
    connections: usize,
    slow: usize,
) -> Result<Vec<Duration>, Box<dyn Error>> {
    let requests = core::iter::repeat_n(REQUEST, connections).chain(core::iter::repeat_n(SLOW, slow));
    let mut clients = requests.map(|request| Client::connect(address, request)).collect::<Result<Vec<_>, _>>()?;
    let mut poller = Epoll::new()?;
    for (number, client) in clients.iter().enumerate() {
        poller.register(client.stream.as_fd(), Token(number as u64), Interest::READABLE)?;
    }
    let start = Instant::now();
    for client in &mut clients[connections..] {
        client.send(start)?;
    }
    let (mut due, mut free): (VecDeque<Instant>, Vec<usize>) = (VecDeque::new(), (0..connections).collect());
    let (mut begun, mut latencies) = (0, Vec::with_capacity(total as usize));
    let interval = Duration::from_secs(1) / rate;
    while latencies.len() < total as usize && start.elapsed() < interval * total + GRACE {
        let now = Instant::now();
        while begun < total && start + interval * begun <= now {
            due.push_back(start + interval * begun);
            begun += 1;
        }
        while let (Some(&number), Some(&at)) = (free.last(), due.front()) {
            clients[number].send(at)?;
            free.pop();
            due.pop_front();
        }
        let _ = poller.wait(Some(time::Duration::default()))?;
        while let Some(event) = poller.next_event() {
            let number = usize::try_from(event.token.0)?;
            let Some(was_due) = clients[number].receive()? else { continue };
            if number < connections {
                latencies.push(was_due.elapsed());
                free.push(number);
            } else {
                clients[number].send(Instant::now())?;
            }
        }
    }
    Ok(latencies)
}
