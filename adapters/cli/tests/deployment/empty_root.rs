//! The program without shared libraries, where there is nothing but itself and the files to serve.

use core::net::SocketAddr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use wirenut_tests::tools::has;
use wirenut_tests::waiting::until;

use crate::get;

struct Root {
    path: PathBuf,
    server: Option<Child>,
}

impl Drop for Root {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
        for process in processes_in(&self.path) {
            let _ = Command::new("kill").args(["-s", "KILL", &process]).status();
        }
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// `cargo test -p wirenut-cli --test deployment -- --ignored`
#[test]
#[ignore = "builds everything once more"]
fn serves_in_an_empty_root_directory() {
    assert!(is_root(), "only root changes the root directory");
    assert!(has("curl") && has("readelf"));
    let build = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("static")).arg("--debug").output().unwrap();
    assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    let program = PathBuf::from(String::from_utf8(build.stdout).unwrap().trim());
    let path = std::env::temp_dir().join(format!("wirenut-empty-root-{}", std::process::id()));
    fs::create_dir_all(path.join("www")).unwrap();
    let mut root = Root { path, server: None };
    fs::copy(program, root.path.join("wirenut")).unwrap();
    fs::write(root.path.join("www/hello.txt"), "Hello from nowhere\n").unwrap();
    let mut command = Command::new("chroot");
    // A user of no database: there is none.
    command.args(["--userspec=4242:4242"]).arg(&root.path);
    command.args(["/wirenut", "serve", "/www", "--listen", "127.0.0.1:0"]);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").process_group(0);
    let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(server.stdout.take().unwrap());
    let errors = server.stderr.take().unwrap();
    let pid = server.id().to_string();
    root.server = Some(server);
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let url = line.trim_end();
    assert!(url.starts_with("http://127.0.0.1:"), "{line:?}, {:?}", std::io::read_to_string(errors));
    let address: SocketAddr = url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    assert!(get(address, "/hello.txt").ends_with("\r\n\r\nHello from nowhere\n"));
    let curl = Command::new("curl").args(["--silent", "--fail"]).arg(format!("{url}hello.txt")).output().unwrap();
    assert_eq!(String::from_utf8(curl.stdout).unwrap(), "Hello from nowhere\n");
    assert!(get(address, "/../wirenut").starts_with("HTTP/1.1 40"));
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("\nUid:\t4242\t4242\t4242\t4242\n"), "{status}");
    assert_eq!(fs::read_link(format!("/proc/{pid}/root")).unwrap(), root.path);
    // Another process goes on in its place, found by the path that the first one was called by.
    signal("USR2", &pid);
    let server = root.server.as_mut().unwrap();
    assert!(until("the end of the old process", || server.try_wait().unwrap()).success());
    assert!(get(address, "/hello.txt").ends_with("\r\n\r\nHello from nowhere\n"));
    let [successor] = &processes_in(&root.path)[..] else { panic!("one process") };
    signal("TERM", successor);
    until("its end", || processes_in(&root.path).is_empty().then_some(()));
}

fn signal(name: &str, process: &str) {
    assert!(Command::new("kill").args(["-s", name, process]).status().unwrap().success());
}

/// Those whose root directory this is.
fn processes_in(root: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let theirs = processes.filter(|process| fs::read_link(process.path().join("root")).is_ok_and(|path| path == root));
    theirs.map(|process| process.file_name().to_string_lossy().into_owned()).collect()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
