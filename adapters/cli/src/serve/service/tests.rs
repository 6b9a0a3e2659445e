//! `Files` driven by sessions in memory: every size of room, disks that do not answer, failures.

mod answers;
mod disks;
mod uploads;

use super::super::path::RelativePath;
use super::super::policy::Policy;
use super::super::reader::FileReader;
use super::super::root::Root;
use super::super::waiting::{Bell, pool};
use super::*;
use crate::log::{AccessLog, Format, LineLog};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::task::Waker;
use rustix::fs::{Advice, fadvise};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Mutex;
use tempfile::TempDir;
use wirenut::http::service::{Observed, Session};
use wirenut::http::{Context, Limits};
use wirenut::time::Instant;
use wirenut::transport::Disposition;
use wirenut::transport::Environment;
use wirenut_linux::socket::{Mode, TcpListener, TcpStream};
use wirenut_server::Transfer as _;

/// More than any of the heads here.
const RESERVE: usize = 700;
const LIMITS: Limits = Limits { output_reserve: RESERVE as u32, ..Limits::DEFAULT };

const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4711);

/// With their log.
type Logged = Observed<Files, Option<AccessLog>>;

/// Where one connection runs: what rings when it is woken, and how often it was asked for that.
struct Place {
    bell: Arc<Bell>,
    waker: Waker,
    made: Mutex<usize>,
    capacity: usize,
}

impl Place {
    fn waker(&self) -> Waker {
        *self.made.lock().unwrap() += 1;
        self.waker.clone()
    }
}

/// One connection in memory, and a peer that takes all that is written.
struct Pair<'f> {
    files: &'f Logged,
    session: Session<Logged>,
    place: Place,
    now: Instant,
    peer: SocketAddr,
    input: Vec<u8>,
    store: Vec<u8>,
    output: Vec<u8>,
}

impl<'f> Pair<'f> {
    fn new(files: &'f Logged, capacity: usize) -> Self {
        let (bell, waker) = Bell::new();
        let context = Context { now: Instant::START, limits: &LIMITS, date: None };
        let place = Place { bell, waker, made: Mutex::new(0), capacity };
        Self {
            files,
            session: Session::new(&context),
            place,
            now: Instant::START,
            peer: PEER,
            input: Vec::new(),
            store: vec![0; LIMITS.store_bytes()],
            output: Vec::new(),
        }
    }

    /// Drives with rooms of these sizes in turn, until nothing more is done in the largest.
    fn drive(&mut self, rooms: &[usize]) {
        let mut stuck = 0;
        for &room in rooms.iter().cycle() {
            stuck = if self.drive_once(room) { 0 } else { stuck + 1 };
            if stuck == rooms.len() {
                return;
            }
        }
    }

    /// Whether anything was taken or written.
    fn drive_once(&mut self, room: usize) -> bool {
        let mut out = vec![0; room];
        let context = Context { now: self.now, limits: &LIMITS, date: None };
        let (place, peer) = (&self.place, self.peer);
        let environment =
            Environment { waker: &|| place.waker(), peer: &|| Some(peer), output_capacity: place.capacity };
        let driven = self.session.drive(&context, &environment, self.files, &self.input, &mut self.store, &mut out);
        self.input.drain(..driven.taken);
        self.output.extend_from_slice(&out[..driven.written]);
        let has_moved = self.transfer(&context);
        driven.taken > 0 || driven.written > 0 || has_moved
    }

    /// Has the kernel move some of what is to be moved. Whether there was any.
    fn transfer(&mut self, context: &Context<'_>) -> bool {
        let Some((source, length)) = self.session.transfer() else { return false };
        let listener = TcpListener::bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
        let socket = TcpStream::connect(&listener.local_address().unwrap()).unwrap();
        let (mut peer, _) = listener.accept(Mode::Blocking).unwrap().done().unwrap();
        let socket = socket.into();
        let moved = source.transfer(&socket, length.min(10_000)).unwrap();
        drop(socket);
        peer.read_to_end(&mut self.output).unwrap();
        match moved {
            0 => self.session.handle_lost(context, self.files, Rule::SourceFailed),
            moved => self.session.handle_transferred(context, self.files, moved),
        }
        true
    }

    fn ask(&mut self, request: &str) {
        self.input.extend_from_slice(request.as_bytes());
        self.drive(&[self.place.capacity]);
    }

    /// Goes on each time it is woken, or the pool is to be asked again, until a whole response to GET is there.
    fn finish(&mut self, rooms: &[usize]) {
        let mut woken = 0;
        loop {
            self.drive(rooms);
            if self.session.is_idle() || self.session.disposition() != Disposition::Open {
                return;
            }
            if self.asks_again() {
                continue;
            }
            woken += 1;
            self.place.bell.wait_for(woken);
            self.session.wake();
        }
    }

    /// Where the pool was full: lets the time pass after which it is asked again. (Its thread comes back for the next job
    /// when it likes.) Whether so.
    fn asks_again(&mut self) -> bool {
        let again = self.now.saturating_add(FULL_WAIT);
        let is_full = self.session.poll_timeout(self.now).is_some_and(|due| due <= again);
        if is_full {
            std::thread::yield_now();
            self.now = again;
        }
        is_full
    }

    fn lose(mut self) {
        let context = Context { now: self.now, limits: &LIMITS, date: None };
        self.session.handle_lost(&context, self.files, Rule::Reset);
    }

    fn status(&self) -> &str {
        core::str::from_utf8(&self.output[9..12]).unwrap()
    }
}

/// `Files` over a small tree, and what they log.
struct World {
    files: Logged,
    tree: TempDir,
    page: Page,
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl World {
    fn new(pool: Pool) -> Self {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir_all(tree.path().join("dir/bare")).unwrap();
        fs::write(tree.path().join("dir/index.html"), "<p>page").unwrap();
        fs::write(tree.path().join("small"), "small").unwrap();
        fs::write(tree.path().join("empty"), "").unwrap();
        fs::write(tree.path().join("large"), large()).unwrap();
        let page = Page::default();
        let log = LineLog::new(page.clone()).unwrap();
        let root = Root::open(tree.path()).unwrap();
        let finder = Finder::new(root, Policy { lists: false, ..Policy::default() });
        let log = AccessLog { lines: log.into(), format: Format::Short };
        Self { files: Observed { service: Files::new(Arc::new(finder), pool), observer: Some(log) }, tree, page }
    }

    /// As on a file system that cannot tell what it has in memory: every look-up is the pool's.
    fn cold(pool: Pool) -> Self {
        let mut world = Self::new(pool);
        Arc::get_mut(&mut world.files.service.finder).unwrap().root.distrust_cache();
        world
    }

    /// The lines, without address and time.
    fn log(self) -> Vec<String> {
        drop(self.files);
        let text = String::from_utf8(self.page.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                assert_eq!((words.len(), words[0]), (6, "127.0.0.1:4711"), "{line}");
                words[1..5].join(" ")
            })
            .collect()
    }
}

fn large() -> Vec<u8> {
    (0..200_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// As a browser asks.
fn get_html(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\nAccept: text/html, */*;q=0.5\r\n\r\n")
}

fn head(target: &str) -> String {
    get(target).replacen("GET", "HEAD", 1)
}
