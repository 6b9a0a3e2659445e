//! Our client, ureq and hyper's with a pool, each against the same server on loopback: CPU time and allocations of a request
//! over a connection that is kept. See `BENCHMARKS.md`.

#[path = "../values/allocations.rs"]
mod allocations;

use core::net::SocketAddr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::{env, thread};

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

type Failed = Box<dyn core::error::Error>;
/// Asks once, reads all of the answer, and says how long it was.
type Ask = Box<dyn FnMut() -> Result<u64, Failed>>;

/// How often each asks in one round.
const CASES: [(usize, u64); 2] = [(200, 20_000), (1_000_000, 500)];
const ROUNDS: usize = 5;

fn main() -> Result<(), Failed> {
    match env::args().nth(1) {
        Some(length) => serve(length.parse()?),
        None => CASES.into_iter().try_for_each(|(length, count)| compare(length, count)),
    }
}

/// Prints a line for each client: the best of the rounds, in which they take turns.
fn compare(length: usize, count: u64) -> Result<(), Failed> {
    let server = Server::start(length)?;
    let url = format!("http://{}/reading?sensor=1", server.address);
    let mut clients = [("wirenut-client", wirenut(&url)?), ("ureq", ureq(&url)), ("hyper-util", hyper(&url)?)];
    let mut best = [f64::INFINITY; 3];
    for _ in 0..ROUNDS {
        for ((_, ask), best) in clients.iter_mut().zip(&mut best) {
            let before = cpu_time();
            for _ in 0..count {
                assert_eq!(ask()?, length as u64);
            }
            *best = best.min((cpu_time() - before) / count as f64);
        }
    }
    println!("| content of {length} bytes | µs of CPU | ratio | allocations |\n|---|---|---|---|");
    for ((name, ask), time) in clients.iter_mut().zip(best) {
        let allocations = allocations::of(|| drop(ask()));
        println!("| {name} | {time:.2} | {:.2} | {allocations} |", time / best[0]);
    }
    Ok(())
}

fn wirenut(url: &str) -> Result<Ask, Failed> {
    let client = wirenut_client::Client::builder().proxies(wirenut_client::Proxies::none()).build();
    let url: wirenut_client::Url = url.parse()?;
    Ok(Box::new(move || Ok(client.get(&url).send()?.copy_to(&mut io::sink(), |_, _| {})?)))
}

fn ureq(url: &str) -> Ask {
    let (agent, url) = (ureq::Agent::from(ureq::Agent::config_builder().proxy(None).build()), url.to_owned());
    Box::new(move || Ok(io::copy(&mut agent.get(&url).call()?.body_mut().as_reader(), &mut io::sink())?))
}

fn hyper(url: &str) -> Result<Ask, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let uri: hyper::Uri = url.parse()?;
    Ok(Box::new(move || {
        runtime.block_on(async {
            let mut body = client.get(uri.clone()).await?.into_body();
            let mut length = 0;
            while let Some(frame) = body.frame().await {
                length += frame?.data_ref().map_or(0, |bytes| bytes.len() as u64);
            }
            Ok(length)
        })
    }))
}

/// Microseconds of CPU that this process has used.
fn cpu_time() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec, which the call fills.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

/// This program once more, as the server: so its time does not count.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(length: usize) -> Result<Self, Failed> {
        let mut command = Command::new(env::current_exe()?);
        let mut child = command.arg(length.to_string()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { address: line.trim().parse()?, child })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(length: usize) -> Result<(), Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Fri, 27 Nov 2026 16:52:00 GMT\r\nContent-Type: text/plain\r\n\
         Content-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    answer.extend(core::iter::repeat_n(b'x', length));
    for stream in listener.incoming() {
        let (stream, answer) = (stream?, answer.clone());
        thread::spawn(move || answer_all(stream, &answer));
    }
    Ok(())
}

/// Each request comes whole, and is answered so.
fn answer_all(mut stream: TcpStream, answer: &[u8]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = [0; 4_096];
    while stream.read(&mut request)? > 0 {
        stream.write_all(answer)?;
    }
    Ok(())
}
