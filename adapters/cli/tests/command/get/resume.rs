//! `-C -` and `--retry`: what broke off goes on, and two versions are never put together.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;

use super::names;
use super::server::{Asked, Reply, Server};
use crate::process::{PATIENCE, wirenut};

/// A resource as a server has it at a time.
#[derive(Clone, Copy)]
struct Resource {
    letter: u8,
    length: usize,
    /// Field lines that name the version.
    validators: &'static str,
    /// How ranges are answered.
    ranges: Ranges,
}

#[derive(Clone, Copy, PartialEq)]
enum Ranges {
    /// As they should be.
    Served,
    /// As if none had been asked for.
    Ignored,
    /// Whatever If-Range says.
    Unconditional,
    /// From one byte later than was asked for.
    Shifted,
    /// Without Content-Range.
    Unnamed,
    /// Two bytes at a time.
    Meagre,
    /// As a 416.
    Unsatisfied,
    /// As a failure.
    Failing,
}

const STRONG: &str = "ETag: \"1\"\r\n";
const NEXT: &str = "ETag: \"2\"\r\n";
const WEAK: &str = "ETag: W/\"1\"\r\n";
const DATED: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 09:00:00 GMT\r\n";
const TOO_FRESH: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

const fn resource(letter: u8, validators: &'static str) -> Resource {
    Resource { letter, length: 10, validators, ranges: Ranges::Served }
}

impl Resource {
    fn content(&self) -> Vec<u8> {
        (0..self.length)
            .map(|at| if at % 2 == 0 { self.letter } else { b'0' + u8::try_from(at % 10).unwrap() })
            .collect()
    }

    const fn with(self, ranges: Ranges) -> Self {
        Self { ranges, ..self }
    }

    fn answer(&self, asked: &Asked) -> Reply {
        let range =
            asked.field("range").map(|range| range["bytes=".len()..].trim_end_matches('-').parse::<usize>().unwrap());
        let is_current = asked.field("if-range").is_none_or(|validator| self.validators.contains(validator));
        let content = self.content();
        let is_served = is_current || self.ranges == Ranges::Unconditional;
        let Some(start) = range.filter(|_| is_served && self.ranges != Ranges::Ignored) else {
            return Reply::new("200 OK", self.validators, content);
        };
        if self.ranges == Ranges::Failing {
            return Reply::new("404 Not Found", "", "no such file");
        }
        if start >= content.len() || self.ranges == Ranges::Unsatisfied {
            let range = format!("Content-Range: bytes */{}\r\n", content.len());
            return Reply::new("416 Range Not Satisfiable", &range, "");
        }
        let start = if self.ranges == Ranges::Shifted { start + 1 } else { start };
        let end = if self.ranges == Ranges::Meagre { (start + 2).min(content.len()) } else { content.len() };
        let mut fields = format!("Content-Range: bytes {start}-{}/{}\r\n{}", end - 1, content.len(), self.validators);
        if self.ranges == Ranges::Unnamed {
            fields = self.validators.to_owned();
        }
        Reply::new("206 Partial Content", &fields, &content[start..end])
    }
}

/// A server whose resource changes, and whose answers are cut behind so many bytes of content.
struct Changing {
    server: Server,
    resource: Arc<Mutex<Resource>>,
    cut: Arc<AtomicUsize>,
}

const WHOLE: usize = usize::MAX;

impl Changing {
    fn new(first: Resource) -> Self {
        let (resource, cut) = (Arc::new(Mutex::new(first)), Arc::new(AtomicUsize::new(WHOLE)));
        let shared = (Arc::clone(&resource), Arc::clone(&cut));
        let server = Server::new(move |asked| {
            let Reply(bytes, goes_on) = shared.0.lock().unwrap().answer(asked);
            // One answer alone.
            let cut = shared.1.swap(WHOLE, Ordering::SeqCst);
            let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            if cut == WHOLE { Reply(bytes, goes_on) } else { Reply::last(&bytes[..(head + cut).min(bytes.len())]) }
        });
        Self { server, resource, cut }
    }

    fn set(&self, resource: Resource) {
        *self.resource.lock().unwrap() = resource;
    }

    /// Cuts the next answer.
    fn cut(&self, at: usize) {
        self.cut.store(at, Ordering::SeqCst);
    }

    /// The Range fields of all requests.
    fn ranges(&self) -> Vec<Option<String>> {
        self.server.asked().iter().map(|asked| asked.field("range").map(str::to_owned)).collect()
    }
}

fn get(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = wirenut().args(["get", "-q"]).args(arguments).current_dir(folder).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// What is there after the first try, which was cut behind four bytes, what the server has then, the range that is asked for
/// first, how many requests there are, and the status.
#[test]
fn every_change_between_two_tries() {
    let first = resource(b'a', STRONG);
    for (name, first, then, asks_for_rest, requests, status) in [
        ("the same", first, first, true, 1, 0),
        ("the same by its date", resource(b'a', DATED), resource(b'a', DATED), true, 1, 0),
        ("another version", first, resource(b'b', NEXT), true, 1, 0),
        (
            "another version, shorter than what is there",
            first,
            Resource { length: 3, ..resource(b'b', NEXT) },
            true,
            1,
            0,
        ),
        ("another version, longer", first, Resource { length: 20, ..resource(b'b', NEXT) }, true, 1, 0),
        ("empty now", first, Resource { length: 0, ..resource(b'b', NEXT) }, true, 1, 0),
        (
            "another version, by a server without If-Range",
            first,
            resource(b'b', NEXT).with(Ranges::Unconditional),
            true,
            2,
            0,
        ),
        (
            "another version without a tag, by a server without If-Range",
            first,
            Resource { length: 12, ..resource(b'b', "") }.with(Ranges::Unconditional),
            true,
            2,
            0,
        ),
        ("no ranges", first, first.with(Ranges::Ignored), true, 1, 0),
        ("a wrong range", first, first.with(Ranges::Shifted), true, 2, 0),
        ("a range without Content-Range", first, first.with(Ranges::Unnamed), true, 2, 0),
        ("two bytes at a time", first, first.with(Ranges::Meagre), true, 3, 0),
        ("416 without a reason", first, first.with(Ranges::Unsatisfied), true, 2, 0),
        ("gone", first, first.with(Ranges::Failing), true, 1, 22),
        ("a weak tag", resource(b'a', WEAK), resource(b'a', WEAK), false, 1, 0),
        ("a weak tag, changed", resource(b'a', WEAK), resource(b'b', WEAK), false, 1, 0),
        ("no validator", resource(b'a', ""), resource(b'b', ""), false, 1, 0),
        ("a date that may not tell", resource(b'a', TOO_FRESH), resource(b'b', TOO_FRESH), false, 1, 0),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let changing = Changing::new(first);
        let url = changing.server.url("/file");
        let line = ["-C", "-", "-o", "file", &url];
        changing.cut(4);
        assert_eq!(get(folder.path(), &line).0, Some(18), "{name}");
        assert!(!folder.path().join("file").exists(), "{name}");
        assert_eq!(fs::read(folder.path().join("file.part")).unwrap(), first.content()[..4], "{name}");
        changing.set(then);
        let (found, errors) = get(folder.path(), &line);
        assert_eq!(found, Some(status), "{name}: {errors}");
        let ranges = changing.ranges();
        assert_eq!(ranges[1].as_deref() == Some("bytes=4-"), asks_for_rest, "{name}: {ranges:?}");
        assert_eq!(ranges.len() - 1, requests, "{name}: {ranges:?}");
        if status == 0 {
            assert_eq!(fs::read(folder.path().join("file")).unwrap(), then.content(), "{name}");
            assert_eq!(names(folder.path()), ["file"], "{name}");
        } else {
            // For another try.
            assert_eq!(fs::read(folder.path().join("file.part")).unwrap(), first.content()[..4], "{name}");
        }
    }
}

#[test]
fn wherever_it_is_cut_it_goes_on_in_another_run_and_in_the_same_one() {
    let resource = resource(b'a', STRONG);
    for cut in 0..=9 {
        let folder = tempfile::tempdir().unwrap();
        let changing = Changing::new(resource);
        let url = changing.server.url("/file");
        changing.cut(cut);
        assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &url]).0, Some(18), "{cut}");
        assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &url]).0, Some(0), "{cut}");
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), resource.content(), "{cut}");
        let expected = (cut > 0).then(|| format!("bytes={cut}-"));
        assert_eq!(changing.ranges(), [None, expected.clone()], "{cut}");
        // In the same run: a file, and standard output, of which nothing can be taken back.
        for line in [
            &["--retry", "1", "--retry-delay", "0.01", "-o", "other", &url][..],
            &["--retry", "1", "--retry-delay", "0.01", &url],
        ] {
            changing.cut(cut);
            let output = wirenut().args(["get", "-q"]).args(line).current_dir(folder.path()).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{cut} {line:?}");
            let content = if line.len() == 5 { output.stdout } else { fs::read(folder.path().join("other")).unwrap() };
            assert_eq!(content, resource.content(), "{cut} {line:?}");
            assert_eq!(changing.ranges().pop().unwrap(), expected, "{cut} {line:?}");
        }
    }
}

/// A version that changed while it was got: a file begins anew, but what is on standard output cannot be taken back.
#[test]
fn a_retry_never_mixes_versions() {
    for (target, status, expected) in
        [(&["-o", "file"][..], 0, resource(b'b', NEXT).content()), (&[], 33, b"a1a3".to_vec())]
    {
        let folder = tempfile::tempdir().unwrap();
        let changes = AtomicUsize::new(0);
        let server = Server::new(move |asked| match changes.fetch_add(1, Ordering::SeqCst) {
            0 => {
                let Reply(bytes, _) = resource(b'a', STRONG).answer(asked);
                Reply::last(&bytes[..bytes.len() - 6])
            }
            _ => resource(b'b', NEXT).answer(asked),
        });
        let url = server.url("/");
        let output = wirenut()
            .args(["get", "-q", "--retry", "3", "--retry-delay", "0.01", &url])
            .args(target)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        let content = if target.is_empty() { output.stdout } else { fs::read(folder.path().join("file")).unwrap() };
        assert_eq!(content, expected);
    }
}

#[test]
fn a_finished_file_is_no_error_and_stays_unless_it_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let changing = Changing::new(resource(b'a', STRONG));
    let url = changing.server.url("/file");
    for (name, resource, requests) in [
        ("first", resource(b'a', STRONG), 1),
        ("finished", resource(b'a', STRONG), 1),
        ("longer now", Resource { length: 12, ..resource(b'b', NEXT) }, 2),
        ("shorter now", Resource { length: 5, ..resource(b'c', STRONG) }, 2),
        ("without ranges", resource(b'd', "").with(Ranges::Ignored), 1),
    ] {
        changing.set(resource);
        let before = changing.server.asked().len();
        assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &url]), (Some(0), String::new()), "{name}");
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), resource.content(), "{name}");
        assert_eq!(changing.server.asked().len() - before, requests, "{name}");
        assert_eq!(names(folder.path()), ["file"], "{name}");
    }
    // By -O, a file of another version is not replaced.
    let found = get(folder.path(), &["-C", "-", "-O", &url]);
    assert_eq!(found.0, Some(23), "{found:?}");
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), resource(b'd', "").content());
}

/// Nothing is put beside a device, and a link stays one.
#[test]
fn what_is_no_file_is_written_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let changing = Changing::new(resource(b'a', STRONG));
    let url = changing.server.url("/file");
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "/dev/null", &url]), (Some(0), String::new()));
    assert!(!Path::new("/dev/null.part").exists());
    fs::write(folder.path().join("file"), "old").unwrap();
    std::os::unix::fs::symlink("file", folder.path().join("link")).unwrap();
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "link", &url]).0, Some(0));
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), resource(b'a', STRONG).content());
    assert!(folder.path().join("link").symlink_metadata().unwrap().is_symlink());
    assert_eq!(names(folder.path()), ["file", "link"]);
}

/// All was received, but the file had not got its name yet.
#[test]
fn what_is_whole_but_has_no_name_is_asked_for_once() {
    let folder = tempfile::tempdir().unwrap();
    let changing = Changing::new(resource(b'a', STRONG));
    let url = changing.server.url("/file");
    changing.cut(9);
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &url]).0, Some(18));
    fs::write(folder.path().join("file.part"), resource(b'a', STRONG).content()).unwrap();
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &url]).0, Some(0));
    assert_eq!(changing.ranges().last().unwrap().as_deref(), Some("bytes=10-"));
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), resource(b'a', STRONG).content());
}

#[test]
fn a_file_of_another_url_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let changing = Changing::new(resource(b'a', STRONG));
    changing.cut(4);
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &changing.server.url("/one")]).0, Some(18));
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &changing.server.url("/two")]).0, Some(0));
    assert_eq!(changing.ranges(), [None, None]);
    // Two runs at a time do not write to the same file.
    let held = fs::File::create(folder.path().join("other.part")).unwrap();
    held.try_lock().unwrap();
    let found = get(folder.path(), &["-C", "-", "-o", "other", &changing.server.url("/two")]);
    assert!(found.0 == Some(23) && found.1.contains("another process"), "{found:?}");
}

/// Killed at whatever moment: the final name never has a part, and what is there goes on to the whole.
#[test]
fn killed_at_any_moment_the_final_name_never_has_a_part() {
    const LENGTH: usize = 400_000;
    let whole = Resource { length: LENGTH, ..resource(b'k', STRONG) };
    let server = Server::new(move |asked| whole.answer(asked));
    let folder = tempfile::tempdir().unwrap();
    let (file, part) = (folder.path().join("file"), folder.path().join("file.part"));
    let url = server.url("/file");
    let mut kills = 0;
    // Slowed down, so that there are moments also for a test that is held up.
    for round in 0_u64.. {
        let line = ["get", "-q", "-C", "-", "--limit-rate", "200k", "-o", "file", &url];
        let mut child = wirenut().args(line).current_dir(folder.path()).stderr(Stdio::null()).spawn().unwrap();
        let start = std::time::Instant::now();
        let before = fs::metadata(&part).map_or(0, |part| part.len());
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            let has = fs::metadata(&part).map_or(0, |part| part.len());
            if kills < 6 && has > before + (round * 7919) % 50_000 {
                child.kill().unwrap();
                child.wait().unwrap();
                kills += 1;
                break None;
            }
            assert!(start.elapsed() < PATIENCE);
            std::thread::yield_now();
        };
        if status.is_some_and(|status| status.success()) {
            break;
        }
        assert!(!file.exists());
        let has = fs::read(&part).unwrap();
        assert!(has == whole.content()[..has.len()]);
        assert!(round < 50);
    }
    assert!(kills >= 3, "{kills}");
    assert!(fs::read(&file).unwrap() == whole.content());
    assert_eq!(names(folder.path()), ["file"]);
    // Without -C nothing stays at all.
    let line = ["get", "-q", "--limit-rate", "50k", "-o", "other", &url];
    let mut child = wirenut().args(line).current_dir(folder.path()).spawn().unwrap();
    while server.asked().iter().filter(|asked| asked.field("range").is_none()).count() < 2 {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(names(folder.path()), ["file"]);
}

/// Real servers: killed in the middle, the same file, then another one.
#[test]
fn servers_of_files_send_the_rest() {
    let site = tempfile::tempdir().unwrap();
    let served = site.path().join("file");
    let ours = crate::process::Server::serve(site.path());
    let mut places = vec![("wirenut serve", format!("http://{}/file", ours.address), String::new())];
    let nginx = wirenut_tests::tools::has("nginx").then(|| Nginx::start(site.path()));
    if let Some(nginx) = &nginx {
        places.push(("nginx", "http://localhost/file".to_owned(), nginx.socket.clone()));
    }
    for (name, url, socket) in places {
        let folder = tempfile::tempdir().unwrap();
        let (part, file) = (folder.path().join("file.part"), folder.path().join("file"));
        let first = Resource { length: 400_000, ..resource(b'f', "") }.content();
        fs::write(&served, &first).unwrap();
        // Not changed just now, or the time would not tell two versions apart.
        let old = std::time::SystemTime::UNIX_EPOCH + core::time::Duration::from_secs(1_000_000_000);
        fs::File::options().write(true).open(&served).unwrap().set_modified(old).unwrap();
        let mut line = vec!["-C", "-", "-o", "file", &url];
        if !socket.is_empty() {
            line.extend(["--unix-socket", &socket]);
        }
        // For a moment after a change, `wirenut serve` vouches for no version.
        let start = std::time::Instant::now();
        let head = [&["get", "-I", url.as_str()], &line[5..]].concat();
        while String::from_utf8_lossy(&wirenut().args(&head).output().unwrap().stdout).contains("ETag: W/") {
            assert!(start.elapsed() < PATIENCE, "{name}");
            std::thread::sleep(core::time::Duration::from_millis(50));
        }
        for second in [first.clone(), Resource { length: 300_000, ..resource(b's', "") }.content()] {
            let slow = [&["get", "-q", "--limit-rate", "100k"], &line[..]].concat();
            let mut child = wirenut().args(slow).current_dir(folder.path()).spawn().unwrap();
            let start = std::time::Instant::now();
            while fs::metadata(&part).map_or(0, |part| part.len()) < 50_000 {
                assert!(start.elapsed() < PATIENCE, "{name}");
                std::thread::yield_now();
            }
            child.kill().unwrap();
            child.wait().unwrap();
            let has = fs::metadata(&part).unwrap().len();
            if second != first {
                fs::write(&served, &second).unwrap();
            }
            let verbose = [&["get", "-v"], &line[..]].concat();
            let output = wirenut().args(verbose).current_dir(folder.path()).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(0), "{name}: {said}");
            assert!(fs::read(&file).unwrap() == second, "{name}");
            let status = if second == first { "< HTTP/1.1 206" } else { "< HTTP/1.1 200" };
            assert!(said.contains(&format!("> Range: bytes={has}-")) && said.contains(status), "{name}: {said}");
            fs::remove_file(&file).unwrap();
        }
    }
}

/// nginx, at a Unix socket, as long as the test lasts.
struct Nginx {
    child: std::process::Child,
    socket: String,
    _folder: tempfile::TempDir,
}

impl Nginx {
    fn start(site: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let (conf, place) = (folder.path().join("conf"), folder.path().display());
        let text = format!(
            "daemon off; master_process off; pid {place}/pid; error_log {place}/errors; events {{ }}
            http {{ access_log off; client_body_temp_path {place}/body; server {{ listen unix:{place}/socket; root {}; }} }}",
            site.display()
        );
        fs::write(&conf, text).unwrap();
        let mut command = std::process::Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "nginx", "-p"]).arg(folder.path()).arg("-c").arg(&conf);
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let start = std::time::Instant::now();
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(start.elapsed() < PATIENCE);
            std::thread::yield_now();
        }
        Self { child, socket: socket.to_str().unwrap().to_owned(), _folder: folder }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A range that the user asks for is not all of a version, so its bytes have other offsets.
#[test]
fn a_range_that_a_field_asks_for_is_not_continued() {
    const CONTENT: &str = "abcdefghij";
    let server = Server::new(|asked| match asked.field("range") {
        Some("bytes=2-7") => {
            let head = "HTTP/1.1 206 Partial Content\r\nETag: \"1\"\r\nContent-Range: bytes 2-7/10\r\n";
            Reply::last(format!("{head}Transfer-Encoding: chunked\r\n\r\n3\r\n{}\r\n", &CONTENT[2..5]))
        }
        _ => Reply::new("206 Partial Content", "ETag: \"1\"\r\nContent-Range: bytes 3-9/10\r\n", &CONTENT[3..]),
    });
    let folder = tempfile::tempdir().unwrap();
    let retries = ["--retry", "1", "--retry-delay", "0.01", "-H", "Range: bytes=2-7", "-o", "file"];
    for more in [&[][..], &["-C", "-"]] {
        let (status, errors) = get(folder.path(), &[&retries, more, &[server.url("/").as_str()]].concat());
        assert_ne!(status, Some(0), "{more:?}: {errors}");
        assert!(!folder.path().join("file").exists());
    }
    let ranges: Vec<_> = server.asked().iter().map(|asked| asked.field("range").map(str::to_owned)).collect();
    assert!(ranges.iter().all(|range| range.as_deref() == Some("bytes=2-7")), "{ranges:?}");
    // On standard output, half of it cannot be taken back, so there is no further try.
    let (status, errors) = get(folder.path(), &[&retries[..6], &[server.url("/").as_str()]].concat());
    assert_eq!(status, Some(18), "{errors}");
}

#[test]
fn a_part_that_nobody_asked_for_gets_no_name() {
    let server = Server::new(|_| Reply::new("206 Partial Content", "Content-Range: bytes 0-4/10\r\n", "01234"));
    let folder = tempfile::tempdir().unwrap();
    let (status, errors) = get(folder.path(), &["-o", "file", &server.url("/")]);
    assert_eq!((status, names(folder.path()).len()), (Some(22), 0), "{errors}");
    let (status, errors) = get(folder.path(), &["-r", "0-4", "-o", "file", &server.url("/")]);
    assert_eq!((status, names(folder.path()).len()), (Some(0), 1), "{errors}");
}

#[test]
fn what_sends_content_is_not_continued() {
    for option in ["--data", "--data-raw", "--data-binary", "--data-urlencode", "--json"] {
        let (status, errors) = get(Path::new("."), &["-C", "-", "-o", "file", option, "{}", "http://127.0.0.1:1/"]);
        assert_eq!(status, Some(2), "{option}: {errors}");
    }
}
