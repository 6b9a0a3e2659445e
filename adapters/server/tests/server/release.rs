//! What only the release profile can show: that it unwinds.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::client::{Client, get};

/// Ended, whatever happens.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where the tests build releases.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/nested");

/// The example, built with the workspace's release profile, but without optimizing, which takes minutes.
fn example(name: &str) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    for setting in ["lto='off'", "opt-level=0", "codegen-units=16"] {
        cargo.args(["--config", &format!("profile.release.{setting}")]);
    }
    cargo.args(["build", "--quiet", "--offline", "--release", "--example", name, "--target-dir", TARGET]);
    cargo.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    assert!(cargo.status().unwrap().success());
    Command::new(Path::new(TARGET).join("release/examples").join(name))
}

#[test]
fn a_panic_costs_its_connection_in_the_release_profile_too() {
    let mut child = Ended(example("panicking").arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = lines.next().unwrap()["http://".len()..].trim_end_matches('/').parse().unwrap();
    let mut bystander = Client::connect(address);
    assert_eq!(bystander.get("/").status, 200);
    for _ in 0..10 {
        let mut client = Client::connect(address);
        assert_eq!(client.get("/before").status, 500);
        client.assert_closed();
        let mut client = Client::connect(address);
        client.send(get("/") + &get("/within"));
        assert_eq!(client.response().body, b"fine\n");
        assert_eq!(client.head().status, 200);
        assert!(client.rest().1);
    }
    assert_eq!(bystander.get("/").status, 200);
    let id = child.0.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    assert_eq!(lines.next().unwrap(), "21 connections, 20 panics");
    assert!(child.0.wait().unwrap().success());
}
