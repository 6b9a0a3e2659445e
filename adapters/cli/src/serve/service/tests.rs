//! `Files` driven by sessions in memory: every size of room, disks that do not answer, failures.

use super::super::policy::Policy;
use super::super::reader::FileReader;
use super::super::root::Root;
use super::super::waiting::{Bell, occupy, pool};
use super::*;
use crate::log::{Format, LineLog};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::task::Waker;
use rustix::fs::{Advice, fadvise};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Mutex;
use tempfile::TempDir;
use wirenut::http::service::Session;
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
    files: &'f Files,
    session: Session<Files>,
    place: Place,
    now: Instant,
    input: Vec<u8>,
    store: Vec<u8>,
    output: Vec<u8>,
}

impl<'f> Pair<'f> {
    fn new(files: &'f Files, capacity: usize) -> Self {
        let (bell, waker) = Bell::new();
        let context = Context { now: Instant::START, limits: &LIMITS, date: None };
        let place = Place { bell, waker, made: Mutex::new(0), capacity };
        Self {
            files,
            session: Session::new(&context),
            place,
            now: Instant::START,
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
        let place = &self.place;
        let environment =
            Environment { waker: &|| place.waker(), peer: &|| Some(PEER), output_capacity: place.capacity };
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
        let moved = source.transfer(&socket, length.min(10_000)).unwrap();
        drop(socket);
        peer.read_to_end(&mut self.output).unwrap();
        let _ = match moved {
            0 => self.session.handle_lost(context, self.files, Rule::SourceFailed),
            moved => self.session.handle_transferred(context, self.files, moved),
        };
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
        let _ = self.session.handle_lost(&context, self.files, Rule::Reset);
    }

    fn status(&self) -> &str {
        core::str::from_utf8(&self.output[9..12]).unwrap()
    }
}

/// `Files` over a small tree, and what they log.
struct World {
    files: Files,
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
        let log = AccessLog { lines: log, format: Format::Short };
        Self { files: Files::new(Arc::new(finder), pool, Some(log)), tree, page }
    }

    /// As on a file system that cannot tell what it has in memory: every look-up is the pool's.
    fn cold(pool: Pool) -> Self {
        let mut world = Self::new(pool);
        Arc::get_mut(&mut world.files.finder).unwrap().root.distrust_cache();
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

fn head(target: &str) -> String {
    get(target).replacen("GET", "HEAD", 1)
}

#[test]
fn rooms_of_any_size_give_the_same_bytes_and_the_same_log() {
    let requests = [
        get("/small"),
        head("/small"),
        get("/empty"),
        get("/dir"),
        get("/dir?q=%0d%0a&r='"),
        get("/dir/"),
        get("/dir/bare/"),
        head("/missing"),
        get("/%2e%2e/"),
        "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello".into(),
        get("/large"),
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        get("http://a/small"),
    ];
    let run = |world: World, rooms: &[usize]| {
        let mut pair = Pair::new(&world.files, 4096);
        pair.input = requests.concat().into_bytes();
        pair.finish(rooms);
        assert!(pair.session.is_idle() && pair.input.is_empty());
        let text = String::from_utf8_lossy(&pair.output).into_owned();
        // What each tree has its own of.
        let of_a_file = |line: &&str| !line.starts_with("ETag: ") && !line.starts_with("Last-Modified: ");
        (text.split_inclusive("\r\n").filter(of_a_file).collect::<String>(), world.log())
    };
    let expected = run(World::new(pool(2, 8)), &[4096]);
    assert_eq!(
        expected.1,
        [
            "GET /small 200 5",
            "HEAD /small 200 0",
            "GET /empty 200 0",
            "GET /dir 301 123",
            "GET /dir?q=%0d%0a&r=' 301 123",
            "GET /dir/ 200 7",
            "GET /dir/bare/ 404 68",
            "HEAD /missing 404 0",
            "GET /%2e%2e/ 400 108",
            "POST /small 405 111",
            "GET /large 200 800000",
            "OPTIONS * 405 111",
            "GET http://a/small 200 5",
        ]
    );
    for rooms in [&[0, 1, 4096][..], &[300, 4096], &[100, 200, 260, 1, 4096], &[65_536]] {
        for world in [World::new(pool(2, 8)), World::cold(pool(2, 8))] {
            let got = run(world, rooms);
            assert_eq!(got.1, expected.1, "{rooms:?}");
            assert!(got.0 == expected.0, "{rooms:?}");
        }
    }
}

#[test]
fn every_kind_of_answer_says_what_it_is() {
    let world = World::new(pool(1, 8));
    for (request, status, fields) in [
        (get("/small"), "200", &["Content-Type: application/octet-stream", "Content-Length: 5"][..]),
        (get("/dir/"), "200", &["Content-Type: text/html; charset=utf-8", "Content-Length: 7"]),
        (head("/large"), "200", &["Content-Length: 800000"]),
        (get("/dir?a=/../b"), "301", &["Location: /dir/?a=/../b", "Content-Type: text/html; charset=utf-8"]),
        (get("//dir"), "301", &["Location: /dir/"]),
        (get("/missing"), "404", &["Content-Type: text/html; charset=utf-8"]),
        (get("/%00"), "400", &["Content-Type: text/html; charset=utf-8"]),
        (get("/").replacen("GET", "DELETE", 1), "405", &["Allow: GET, HEAD"]),
    ] {
        let mut pair = Pair::new(&world.files, 4096);
        pair.ask(&request);
        pair.finish(&[4096]);
        assert_eq!(pair.status(), status, "{request}");
        let text = String::from_utf8_lossy(&pair.output);
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        for field in fields.iter().chain(&["X-Content-Type-Options: nosniff"]) {
            assert!(head.lines().any(|line| line == *field), "{request}: {field} is not in {head}");
        }
    }
}

/// Whether this kernel and file system tell what is in memory. Without that everything goes by way of the pool, and
/// there is no difference to be tested.
fn tells_cached(world: &World) -> bool {
    let small = RelativePath::parse(b"/small").unwrap();
    let directory = world.files.finder.root.directory(Blocking::Forbidden);
    directory.is_some_and(|directory| directory.unwrap().look_up_cached(&small).is_some())
        && FileReader::new(File::open(world.tree.path().join("small")).unwrap(), 0, 5).read(&mut [0; 5])
            == Read::Bytes(5)
}

/// Takes the content of a file out of the kernel's memory, where the file system has another place for it.
fn evict(path: &Path) {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
}

/// Whether [`evict`] does what it says. Looking makes the kernel fetch the content, so it is not looked at the file that
/// is to be absent.
fn can_evict(world: &World) -> bool {
    let probe = world.tree.path().join("probe");
    fs::write(&probe, large()).unwrap();
    evict(&probe);
    FileReader::new(File::open(probe).unwrap(), 0, 1).read(&mut [0]) == Read::Absent
}

#[test]
fn what_is_in_memory_needs_neither_pool_nor_waker() {
    let world = World::new(pool(1, 8));
    if !tells_cached(&world) {
        return;
    }
    let _release = occupy(&world.files.pool);
    let mut pair = Pair::new(&world.files, 65_536);
    pair.ask(&get("/large"));
    assert_eq!((pair.status(), *pair.place.made.lock().unwrap()), ("200", 0));
    assert!(pair.output.ends_with(&large()));
}

/// Every thread of the pool waits for a disk, and stays there.
#[test]
fn a_disk_that_does_not_answer_holds_up_only_who_needs_it() {
    let world = World::new(pool(1, 8));
    if !tells_cached(&world) || !can_evict(&world) {
        return;
    }
    evict(&world.tree.path().join("large"));
    let release = occupy(&world.files.pool);
    let mut slow = Pair::new(&world.files, 4096);
    slow.ask(&get("/large"));
    assert_eq!(slow.status(), "200");
    assert!(slow.output.len() < 1000, "its content is not there yet");

    for _ in 0..10 {
        let mut fast = Pair::new(&world.files, 4096);
        fast.ask(&get("/small"));
        assert!(fast.output.ends_with(b"small"));
    }
    slow.drive(&[4096]);
    assert!(slow.output.len() < 1000, "and its thread is still asked for it");

    drop(release);
    slow.finish(&[4096]);
    assert!(slow.output.ends_with(&large()));
}

#[test]
fn a_look_up_that_waits_holds_nobody_up_either() {
    let world = World::cold(pool(1, 8));
    let release = occupy(&world.files.pool);
    let mut waiting = Pair::new(&world.files, 4096);
    waiting.ask(&get("/small"));
    waiting.ask(&get("/empty"));
    let mut left = Pair::new(&world.files, 4096);
    left.ask(&get("/dir/"));
    left.lose();
    let mut refused = Pair::new(&world.files, 4096);
    refused.ask("PUT / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((refused.status(), waiting.output.len()), ("405", 0));

    drop(release);
    waiting.finish(&[4096]);
    assert!(waiting.session.is_idle());
    assert_eq!(world.log(), ["GET /dir/ - 0", "PUT / 405 111", "GET /small 200 5", "GET /empty 200 0"]);
}

#[test]
fn a_full_pool_is_asked_again_when_the_time_has_come() {
    let world = World::cold(pool(1, 0));
    let release = occupy(&world.files.pool);
    let mut pair = Pair::new(&world.files, 4096);
    pair.ask(&get("/small"));
    assert_eq!(pair.output, b"");
    for _ in 0..3 {
        let due = pair.session.poll_timeout(pair.now).unwrap();
        assert_eq!(due, pair.now.saturating_add(FULL_WAIT));
        pair.now = due;
        pair.drive(&[4096]);
        assert_eq!((pair.output.len(), pair.place.bell.rung()), (0, 0));
    }
    drop(release);
    pair.finish(&[4096]);
    assert!(pair.output.ends_with(b"small"));
}

#[test]
fn a_file_that_shrinks_is_cut_off() {
    for world in [World::new(pool(1, 8)), World::cold(pool(1, 8))] {
        let mut pair = Pair::new(&world.files, 4096);
        pair.input.extend_from_slice(get("/large").as_bytes());
        for woken in 1.. {
            while pair.drive_once(4096) && pair.output.len() < 5000 {}
            if pair.output.len() >= 5000 {
                break;
            }
            pair.place.bell.wait_for(woken);
            pair.session.wake();
        }
        File::options().write(true).open(world.tree.path().join("large")).unwrap().set_len(100_000).unwrap();
        pair.finish(&[4096]);
        assert_eq!(pair.session.disposition(), Disposition::Abort);
        let body = pair.output.len() - pair.output.windows(4).position(|end| end == b"\r\n\r\n").unwrap() - 4;
        drop(pair);
        assert_eq!(world.log(), [format!("GET /large 200 {body}")]);
        assert!(body <= 100_000, "{body}");
    }
}

#[test]
fn a_file_that_grows_is_sent_as_long_as_it_was() {
    let world = World::new(pool(1, 8));
    let mut pair = Pair::new(&world.files, 4096);
    pair.input.extend_from_slice(get("/large").as_bytes());
    pair.input.extend_from_slice(get("/small").as_bytes());
    // The head and little more, so that the length is promised.
    pair.drive_once(RESERVE);
    let mut grown = File::options().append(true).open(world.tree.path().join("large")).unwrap();
    io::Write::write_all(&mut grown, b"more").unwrap();
    pair.finish(&[4096]);
    assert_eq!(world.log(), ["GET /large 200 800000", "GET /small 200 5"]);
}

/// It is written while it is sent.
#[test]
fn a_listing_is_the_same_through_any_room() {
    let page = |rooms: &[usize]| {
        let world = World::cold(pool(1, 8));
        for number in 0..300 {
            fs::write(world.tree.path().join(format!("dir/bare/{number:03} <&>.txt")), "").unwrap();
        }
        let listing = Policy::default();
        let mut world = world;
        Arc::get_mut(&mut world.files.finder).unwrap().policy = listing;
        let mut pair = Pair::new(&world.files, 4096);
        pair.input.extend_from_slice((get("/dir/bare/") + &get("/empty")).as_bytes());
        pair.finish(rooms);
        let text = String::from_utf8(pair.output.clone()).unwrap();
        let (head, rest) = text.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        let (page, next) = rest.split_at(length.parse().unwrap());
        assert!(next.starts_with("HTTP/1.1 200 OK\r\n") && page.matches("<tr><td>").count() == 301, "{rooms:?}");
        assert!(page.ends_with("</body></html>\n"), "{rooms:?}");
        // Of the time at which the files were made.
        let lines = page.lines().map(|line| line.split("</td><td>").next().unwrap().to_owned());
        lines.collect::<Vec<_>>()
    };
    let whole = page(&[65_536]);
    for rooms in [&[4096][..], &[300, 4096], &[1, 512, 700]] {
        assert_eq!(page(rooms), whole, "{rooms:?}");
    }
}

/// By the connection, before the service is asked.
#[test]
fn what_is_refused_is_in_the_log_too() {
    let world = World::new(pool(1, 8));
    for request in ["GET /small HTTP/1.1\r\nHost", "GET /small HTTP/1.1\r\n\r\n", "GET\r\n"] {
        let mut pair = Pair::new(&world.files, 4096);
        pair.ask(&get("/empty"));
        pair.ask(request);
        if let Some(due) = pair.session.poll_timeout(pair.now) {
            pair.now = due;
            let context = Context { now: due, limits: &LIMITS, date: None };
            let _ = pair.session.handle_timeout(&context, pair.files);
            pair.drive(&[4096]);
        }
    }
    let expected = ["GET /empty 200 0", "GET /small 408 0", "GET /empty 200 0", "GET /small 400 0"];
    assert_eq!(world.log(), [&expected[..], &["GET /empty 200 0", "GET - 400 0"]].concat());
}
