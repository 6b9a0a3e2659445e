//! A server in a process of its own, under a model, over a transport; and clients of it.

use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use wirenut_linux::process::pipe::{Receiver, pipe};
use wirenut_linux::process::{Child, Ended, Process, check_threads};
use wirenut_linux::socket::{AnyAddress, Received};
use wirenut_server::datagram::DatagramServer;
use wirenut_server::{Config, Model, Report, Server};

pub(crate) const FOUR: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// The models that give each connection a thread or process.
pub(crate) const BLOCKING: [Model; 5] = [
    Model::Iterative,
    Model::Forking { children: FOUR },
    Model::Threading { threads: FOUR },
    Model::PreForked { workers: FOUR },
    Model::PreThreaded { workers: FOUR },
];

pub(crate) const fn forks(model: Model) -> bool {
    matches!(model, Model::Forking { .. } | Model::PreForked { .. })
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transport {
    Tcp,
    Unix,
}

pub(crate) const TRANSPORTS: [Transport; 2] = [Transport::Tcp, Transport::Unix];

/// Runs a test for each model and transport, and says which one it was if it fails.
pub(crate) fn each(models: &[Model], test: impl Fn(Model, Transport)) {
    for model in models {
        for transport in TRANSPORTS {
            println!("{} over {transport:?}", model.name());
            test(*model, transport);
        }
    }
}

/// Where a server listens.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Port(u16),
    Path(PathBuf),
}

/// A server that runs.
pub(crate) struct Running {
    pub(crate) place: Place,
    pub(crate) process: Child,
    report: Receiver,
    /// Descriptors that it had before it served anybody.
    descriptors: Option<usize>,
    warmed_up: u64,
}

impl Running {
    /// `run` is called in the server's process, which has one thread.
    pub(crate) fn start(
        transport: Transport,
        config: Config,
        run: impl FnOnce(Server) -> Result<Report, wirenut_server::Error> + Send + 'static,
    ) -> Self {
        Self::spawn(transport, move |path, tell| {
            let mut server = match transport {
                Transport::Tcp => Server::bind("127.0.0.1:0", config)?,
                Transport::Unix => Server::bind_unix(path, 0o600, config)?,
            };
            server.stop_on_signals()?;
            tell(server.address());
            run(server)
        })
    }

    /// The same of datagrams: UDP takes the place of TCP.
    pub(crate) fn start_datagrams(
        transport: Transport,
        config: Config,
        run: impl FnOnce(DatagramServer) -> Result<Report, wirenut_server::Error> + Send + 'static,
    ) -> Self {
        Self::spawn(transport, move |path, tell| {
            let mut server = match transport {
                Transport::Tcp => DatagramServer::bind("127.0.0.1:0", config)?,
                Transport::Unix => DatagramServer::bind_unix(path, 0o600, config)?,
            };
            server.stop_on_signals()?;
            tell(server.address());
            run(server)
        })
    }

    fn spawn(
        transport: Transport,
        run: impl FnOnce(&Path, &dyn Fn(&AnyAddress)) -> Result<Report, wirenut_server::Error> + Send + 'static,
    ) -> Self {
        // A scope returns when its threads have done their work, which may be a moment before they end.
        wait_until("the threads of a test before have ended", || check_threads().is_ok());
        let ((tell, told), path) = (pipe().unwrap(), spare_path());
        let its_path = path.clone();
        let process = Process::new().daemon(true).spawn(move || {
            let tell_address = |address: &AnyAddress| {
                let port = address.internet().map_or(0, |address| address.port());
                tell.send(&port.to_be_bytes()).unwrap();
            };
            let outcome = run(&its_path, &tell_address).map(|report| told_by(&report));
            tell.send(outcome.unwrap_or_else(|error| format!("error {error}")).as_bytes()).unwrap();
        });
        let process = process.unwrap();
        let port = told.recv().unwrap().expect("a server that listens");
        let place = match transport {
            Transport::Tcp => Place::Port(u16::from_be_bytes(port.try_into().unwrap())),
            Transport::Unix => Place::Path(path),
        };
        Self { place, process, report: told, descriptors: None, warmed_up: 0 }
    }

    pub(crate) fn connect(&self) -> Client {
        connect(&self.place)
    }

    /// Whether a socket listens there, as the system shows it: who connects to find out would wait in the queue.
    pub(crate) fn listens(&self) -> bool {
        let (table, here) = match &self.place {
            // The local address, any remote one, and the state LISTEN.
            Place::Port(port) => ("/proc/net/tcp", format!(":{port:04X} 00000000:0000 0A ")),
            Place::Path(path) => ("/proc/net/unix", path.display().to_string()),
        };
        let listens = |line: &str| match &self.place {
            Place::Port(_) => line.contains(&here),
            // Its connections have the same path, and not the flag of a socket that listens.
            Place::Path(_) => line.ends_with(&here) && line.split_whitespace().nth(3) == Some("00010000"),
        };
        fs::read_to_string(table).unwrap().lines().any(listens)
    }

    /// After this it must come back to as many descriptors as it has now, while nobody is served. `serve` has served four at a
    /// time: what is made for a place is kept.
    pub(crate) fn settle(mut self, model: Model, serve: impl FnOnce(&Self)) -> Self {
        serve(&self);
        self.warmed_up = 4;
        let children = if let Model::PreForked { workers } = model { workers.get() } else { 0 };
        let (mut seen, mut times) = (0, 0);
        wait_until("it has come to rest", || {
            let now = self.count_descriptors();
            times = if now == seen && self.children().len() == children { times + 1 } else { 0 };
            seen = now;
            times == 5
        });
        self.descriptors = Some(seen);
        self
    }

    /// Its children.
    pub(crate) fn children(&self) -> Vec<u32> {
        let pid = self.process.pid();
        let listed = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        listed.split_ascii_whitespace().map(|pid| pid.parse().unwrap()).collect()
    }

    fn count_descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process.pid())).map_or(0, Iterator::count)
    }

    /// Tells it to stop by a signal, waits for its end, and looks whether it has left anything. What it reports.
    pub(crate) fn finish(mut self) -> String {
        self.process.terminate().unwrap();
        self.ended()
    }

    /// Waits for its end, and looks whether it has left anything. What it reports.
    pub(crate) fn ended(&mut self) -> String {
        let limit = Duration::from_secs(20);
        let report = self.report.recv_timeout(limit.into()).unwrap();
        assert_eq!(self.process.join_timeout(limit.into()).unwrap(), Some(Ended::Exited(0)));
        if let Place::Path(path) = &self.place {
            assert!(!path.exists(), "{} is left", path.display());
        }
        match report {
            Received::Data(report) => self.without_warming_up(String::from_utf8(report).unwrap()),
            Received::End | Received::WouldBlock => panic!("no report"),
        }
    }

    fn without_warming_up(&self, report: String) -> String {
        let Some(rest) = report.strip_prefix("accepted ") else { return report };
        let (accepted, rest) = rest.split_once(' ').unwrap();
        format!("accepted {} {rest}", accepted.parse::<u64>().unwrap() - self.warmed_up)
    }

    /// Nothing of those who were served is left: no zombie, no descriptor.
    pub(crate) fn assert_clean(&self) {
        let is_zombie = |pid: &u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'))
        };
        wait_until("no zombies", || !self.children().iter().any(is_zombie));
        if let Some(before) = self.descriptors {
            wait_until("no descriptors more than before", || self.count_descriptors() <= before);
        }
    }
}

/// A path at which there is nothing yet.
pub(crate) fn spare_path() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("wirenut-models-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    std::env::temp_dir().join(name)
}

fn told_by(report: &Report) -> String {
    let Report { accepted, refused, evicted, cut, panics, .. } = report;
    format!("accepted {accepted} refused {refused} evicted {evicted} cut {cut} panics {panics}")
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Place::Path(path) = &self.place {
            let _ = fs::remove_file(path);
        }
    }
}

pub(crate) enum Client {
    Tcp(TcpStream),
    Unix(UnixStream),
}

pub(crate) fn connect(place: &Place) -> Client {
    let limit = Some(Duration::from_secs(20));
    match place {
        Place::Port(port) => {
            let stream = TcpStream::connect(("127.0.0.1", *port)).unwrap();
            stream.set_read_timeout(limit).unwrap();
            stream.set_write_timeout(limit).unwrap();
            Client::Tcp(stream)
        }
        Place::Path(path) => {
            let stream = UnixStream::connect(path).unwrap();
            stream.set_read_timeout(limit).unwrap();
            stream.set_write_timeout(limit).unwrap();
            Client::Unix(stream)
        }
    }
}

impl Client {
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn end_sending(&self) {
        self.shut().unwrap();
    }

    pub(crate) fn shut(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }

    /// All that comes until the end.
    pub(crate) fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// One line.
    pub(crate) fn line(&mut self) -> String {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while self.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }

    /// Reads to the end, which is one that says that something is missing, as far as the transport knows such.
    pub(crate) fn assert_reset(&mut self) {
        match (self.read_to_end(&mut Vec::new()), self) {
            (Err(error), Self::Tcp(_)) if error.kind() == io::ErrorKind::ConnectionReset => {}
            (Ok(_), Self::Unix(_)) => {}
            // Whoever has left something unread breaks a Unix connection off, too.
            (Err(error), Self::Unix(_)) if error.kind() == io::ErrorKind::ConnectionReset => {}
            (other, _) => panic!("{other:?}"),
        }
    }

    /// Breaks the connection off.
    pub(crate) fn reset(self) {
        if let Self::Tcp(stream) = self {
            wirenut_linux::socket::TcpStream::from(stream).abort().unwrap();
        }
    }
}

impl Read for Client {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(into),
            Self::Unix(stream) => stream.read(into),
        }
    }
}

impl Write for Client {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Looks again until it is so; the time is only a bound for a test that fails.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_500 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("never: {what}");
}

/// Runs a test that must do its part within a time of the server's. A try that fails does not count if this machine was too busy
/// for that.
pub(crate) fn in_time(time: Duration, mut test: impl FnMut() -> io::Result<()>) {
    for _ in 0..50 {
        let begun = Instant::now();
        match test() {
            Ok(()) => return,
            Err(error) => assert!(begun.elapsed() >= time, "{error}"),
        }
    }
    panic!("this machine was too busy each time");
}
