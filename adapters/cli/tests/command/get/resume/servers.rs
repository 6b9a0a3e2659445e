//! Processes that are killed, and servers that are not ours.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::fs;
use std::path::Path;
use std::process::Stdio;

use super::super::names;
use super::super::server::{Reply, Server};
use super::super::terminal::{end, wait_until};
use super::{Resource, STRONG, resource};
use crate::process::{PATIENCE, wirenut};

/// Killed at whatever moment: the final name never has a part, and what is there goes on to the whole.
#[test]
fn killed_at_any_moment_the_final_name_never_has_a_part() {
    const LENGTH: usize = 400_000;
    const KILLS: usize = 6;
    // So much of an answer comes before the server falls silent, so that no run ends before it is killed.
    const PIECE: usize = 60_000;
    let whole = Resource { length: LENGTH, ..resource(b'k', STRONG) };
    let answers = AtomicUsize::new(0);
    let server = Server::new(move |asked| {
        let Reply(bytes, goes_on) = whole.answer(asked);
        if asked.target == "/file" && answers.fetch_add(1, Ordering::SeqCst) >= KILLS {
            return Reply(bytes, goes_on);
        }
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        Reply(bytes[..head + PIECE].to_vec(), true)
    });
    let folder = tempfile::tempdir().unwrap();
    let (file, part) = (folder.path().join("file"), folder.path().join("file.part"));
    let start = |target: &str, options: &[&str]| {
        let mut command = wirenut();
        command.args(["get", "-q"]).args(options).arg(server.url(target)).current_dir(folder.path());
        command.stderr(Stdio::null()).spawn().unwrap()
    };
    for round in 0..KILLS {
        let length = || fs::metadata(&part).map_or(0, |part| part.len());
        let before = length();
        let mut child = start("/file", &["-C", "-", "-o", "file"]);
        let enough = before + u64::try_from((round * 7919) % (PIECE - 10_000)).unwrap();
        wait_until("a part that grows", || length() > enough);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!file.exists());
        let has = fs::read(&part).unwrap();
        assert!(has == whole.content()[..has.len()]);
    }
    assert!(end(&mut start("/file", &["-C", "-", "-o", "file"])).success());
    assert!(fs::read(&file).unwrap() == whole.content());
    assert_eq!(names(folder.path()), ["file"]);
    // Without -C nothing stays at all.
    let mut child = start("/other", &["-o", "other"]);
    wait_until("a request", || server.asked().iter().any(|asked| asked.target == "/other"));
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
            // The first piece comes at once, and all of them would take half a minute.
            let slow = [&["get", "-q", "--limit-rate", "10k"], &line[..]].concat();
            let mut child = wirenut().args(slow).current_dir(folder.path()).spawn().unwrap();
            wait_until(name, || fs::metadata(&part).is_ok_and(|part| part.len() > 0));
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
