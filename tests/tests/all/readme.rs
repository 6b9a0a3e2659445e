//! What the README tells people to type does what it says. Its Rust examples are doctests of [`wirenut_tests`].

use core::net::IpAddr;
use core::time::Duration;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;
use wirenut_tests::parity::Case;
use wirenut_tests::reserved::Reserved;

use crate::parity::board;
use crate::parity::client;
use crate::process::{Program, ROOT};

const WIRENUT: &str = "cargo run --release -p wirenut-cli -- ";

fn file(path: &str) -> String {
    fs::read_to_string(format!("{ROOT}/{path}")).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The blocks of code in the README, each behind what its fence says.
fn blocks() -> Vec<(String, String)> {
    let readme = file("README.md");
    let mut blocks = Vec::new();
    // Text and code by turns.
    let mut parts = readme.split("```").skip(1);
    while let (Some(code), Some(_text)) = (parts.next(), parts.next()) {
        let (language, code) = code.split_once('\n').expect("a fence on a line of its own");
        blocks.push((language.to_owned(), code.to_owned()));
    }
    blocks
}

#[test]
fn every_command_does_what_it_says() {
    let scripts: String = blocks().into_iter().filter(|(language, _)| language == "sh").map(|(_, code)| code).collect();
    let commands: Vec<&str> = scripts.lines().collect();
    assert!(commands.len() >= 4, "the README has lost its commands: {commands:?}");
    for command in commands {
        check(command);
    }
}

/// Whoever writes another command into the README writes down here what it must do.
fn check(command: &str) {
    let port = |text: &str| text.parse::<u16>().unwrap_or_else(|_| panic!("no port: {command}"));
    if let Some(words) = command.strip_prefix(WIRENUT) {
        if words == "serve" {
            let mut server = start(&format!("{command} --listen 127.0.0.1:0"));
            assert_eq!(get(&server, "/README.md"), file("README.md"), "it serves this directory");
            assert!(server.terminate().is_some_and(|status| status.success()), "{}", server.log());
            return;
        }
        if let Some(given) = words.strip_prefix("demo --listen 127.0.0.1:") {
            port(given);
            // Another port, for that one may be taken here.
            let mut server = start(&format!("{WIRENUT}demo --listen 127.0.0.1:0"));
            assert_eq!(get(&server, "/reading"), r#"{"celsius":21.5,"setting":20,"requests":0}"#);
            assert!(server.terminate().is_some_and(|status| status.success()), "{}", server.log());
            return;
        }
    }
    if command == format!("{WIRENUT}get http://127.0.0.1:8080/README.md") {
        let mut server = start(&format!("{WIRENUT}serve --listen 127.0.0.1:0"));
        let got = output(&command.replace("127.0.0.1:8080", &server.address.to_string()));
        assert!(got.status.success() && got.stdout == file("README.md").as_bytes(), "{got:?}");
        assert!(server.terminate().is_some_and(|status| status.success()), "{}", server.log());
        return;
    }
    if command == format!("{WIRENUT}echo --listen 127.0.0.1:7007 --listen udp:127.0.0.1:7007") {
        let mut server = start(&command.replace(":7007", ":0"));
        let mut client = TcpStream::connect(server.address).expect("it listens");
        client.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
        client.write_all(b"hello").expect("it receives");
        let mut echoed = [0; 5];
        client.read_exact(&mut echoed).expect("it sends back");
        assert_eq!(&echoed, b"hello");
        drop(client);
        assert!(server.terminate().is_some_and(|status| status.success()), "{}", server.log());
        return;
    }
    if command == "cargo run -p wirenut-linux --example queue" {
        // What it prints is told by its own test. Cargo would build it once more, for that package alone.
        let mut queue = wirenut_tests::examples::of(&format!("{ROOT}/adapters/linux"), "queue");
        assert!(queue.status().expect("it runs").success(), "{command}");
        return;
    }
    if command == format!("{WIRENUT}ps --tree 1") {
        let found = output(command);
        let lines = String::from_utf8_lossy(&found.stdout);
        let first = lines.lines().nth(1).and_then(|line| line.split_whitespace().next());
        assert!(found.status.success() && lines.trim_start().starts_with("PID ") && first == Some("1"), "{lines}");
        return;
    }
    if let Some(command) = command.strip_suffix(" <README.md") {
        assert_eq!(command, format!("{WIRENUT}frame decode --codec lines"));
        let readme = fs::File::open(format!("{ROOT}/README.md")).expect("the file");
        let found = cargo(command).stdin(readme).output().expect("cargo runs");
        let shown = String::from_utf8_lossy(&found.stdout);
        let last = format!("{} bytes read\n", file("README.md").len());
        assert!(found.status.success() && shown.starts_with("#1  ") && shown.ends_with(&last), "{shown}");
        return;
    }
    if command == format!("{WIRENUT}lookup localhost") {
        let found = output(command);
        let lines = String::from_utf8_lossy(&found.stdout);
        let is_loopback = |line: &str| line.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        assert!(found.status.success() && lines.lines().count() > 0 && lines.lines().all(is_loopback), "{lines}");
        return;
    }
    if let Some(given) = command.strip_prefix(board::SMOLTCP).and_then(|rest| rest.strip_prefix(" --port ")) {
        // It is run by the tests of parity, at a port of its choice.
        port(given);
        assert!(file("adapters/firmware/run").contains("--port N "), "{command}");
        return;
    }
    if command == "cargo test --workspace" {
        // It runs this; and the gate runs it.
        let gate = file(".ci/run");
        let is_run = |line: &str| line.trim().strip_prefix(command).is_some_and(|rest| rest.starts_with(" --locked "));
        assert!(gate.lines().any(is_run), "{command}");
        return;
    }
    panic!("the README says `{command}`, which no test runs: say in `check` what it must do");
}

/// What a command of cargo's prints.
fn output(command: &str) -> Output {
    cargo(command).output().expect("cargo runs")
}

fn cargo(command: &str) -> Command {
    let words = words(command);
    let mut cargo = Command::new(&words[0]);
    cargo.args(&words[1..]).current_dir(ROOT);
    cargo
}

/// The words of a command. What builds a release does so in a folder of its own and without optimizing, which takes minutes:
/// what is left of the profile is the same.
fn words(command: &str) -> Vec<String> {
    let mut words: Vec<String> = command.split(' ').map(str::to_owned).collect();
    if words[0] == "cargo" {
        words[0] = env!("CARGO").to_owned();
        if words.iter().any(|word| word == "--release") {
            let folder = format!("build.target-dir={TARGET:?}");
            let settings = [
                &folder,
                "profile.release.lto='off'",
                "profile.release.opt-level=0",
                "profile.release.codegen-units=16",
            ];
            words.splice(1..1, settings.iter().flat_map(|setting| ["--config".to_owned(), (*setting).to_owned()]));
        }
    }
    words
}

#[test]
fn the_linux_example_says_hello() {
    let (_, example) = blocks().into_iter().find(|(_, code)| code.contains("wirenut_server")).expect("an example");
    let source = file("examples/hello.rs");
    let (_, code) = source.split_once("\n\n").expect("a head and the code");
    assert_eq!(code, example, "examples/hello.rs is not what the README shows");
    // Another port, for that one may be taken here.
    let reserved = Reserved::new();
    let address = reserved.address;
    let here = example.replace("127.0.0.1:8080", &address.to_string());
    assert_ne!(here, example, "the address has changed");
    let project = Project::new(&dependencies_of("wirenut-server"), &here);
    let mut server = Program::start_at(&[project.build().to_str().expect("a path")], address);
    assert_eq!(get(&server, "/"), "Hello, World!\n");
    assert!(server.terminate().is_some_and(|status| status.success()), "{}", server.log());
}

#[test]
fn a_firmware_on_embassy_is_as_short_as_it_says() {
    let source = file("adapters/firmware/src/bin/hello_embassy.rs");
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//");
    let lines = source.lines().map(str::trim).filter(is_code).count();
    let claim = format!("is a whole firmware with admission in {lines} lines");
    assert!(lines <= 40 && file("README.md").contains(&claim), "{lines} lines");
}

#[test]
fn examples_hide_nothing() {
    // Rustdoc hides lines that begin so; others show them, and people copy what they see.
    let is_rust = |language: &str| language == "rust" || language.starts_with("rust,");
    let examples: Vec<_> = blocks().into_iter().filter(|(language, _)| is_rust(language)).collect();
    assert_eq!(examples.len(), 8);
    for (_, code) in examples {
        assert!(!code.lines().any(|line| line.trim_start().starts_with("# ")), "{code}");
    }
}

/// The list of dependencies with this package in it.
fn dependencies_of(package: &str) -> String {
    let lists = blocks().into_iter().filter(|(language, _)| language == "toml").map(|(_, code)| code);
    lists.into_iter().find(|list| list.contains(package)).expect("a list of dependencies")
}

fn start(command: &str) -> Program {
    Program::start(&words(command).iter().map(String::as_str).collect::<Vec<_>>())
}

/// The body of a response that is 200 (OK).
fn get(server: &Program, path: &str) -> String {
    let case = Case::new(path).ask(&format!("GET {path} HTTP/1.1↵Host: a↵Connection: close↵↵"));
    let got = client::converse(server.address, &case, true).unwrap_or_else(|why| panic!("{path}: {why:?}"));
    assert_eq!(got.codes(), [200], "{got:?}");
    String::from_utf8(got.responses[0].body.clone()).expect("a text")
}

/// The repository as the README's `[dependencies]` name it.
const CLONE: &str = "../wirenut/";

/// A project of its own for each list of dependencies, with the examples behind it: what they need is there, by the
/// features that the list names, and not by those that this workspace switches on.
#[test]
fn dependencies_are_enough_for_the_examples_behind_them() {
    let (mut lists, mut checked) = (Vec::new(), 0);
    for (language, code) in blocks() {
        match language.as_str() {
            "toml" => lists.push((code, Vec::new())),
            "rust" | "rust,no_run" => lists.last_mut().expect("a list of dependencies").1.push(code),
            _ => (),
        }
    }
    assert_eq!(
        lists.len(),
        6,
        "of the core, for a server and a client on Linux, for sockets and processes, for smoltcp, for streams"
    );
    for (list, mut examples) in lists {
        if examples.is_empty() {
            // The core alone.
            examples.push("pub use wirenut::http::ServerConnection;\n".to_owned());
        }
        for example in examples {
            let project = Project::new(&list, &example);
            let output = project.check();
            assert!(output.status.success(), "{list}\n{example}\n{}", String::from_utf8_lossy(&output.stderr));
            checked += 1;
        }
    }
    assert_eq!(checked, 9);
    // Such a test finds what is missing.
    let output = Project::new("[dependencies]\n", "pub use wirenut::http::Limits;\n").check();
    assert!(!output.status.success());
}

/// Where tests build packages and releases.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/nested");

/// A package outside of the workspace.
struct Project(TempDir);

impl Project {
    fn new(dependencies: &str, code: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("our folder");
        let root = fs::canonicalize(ROOT).expect("the root");
        let dependencies = dependencies.replace(CLONE, &format!("{}/", root.display()));
        let package = "[package]\nname = \"project\"\nedition = \"2024\"\n\n";
        write("Cargo.toml", &format!("{package}{dependencies}\n[workspace]\n"));
        // The versions that are here already.
        write("Cargo.lock", &file("Cargo.lock"));
        fs::create_dir(folder.path().join("src")).expect("our folder");
        write(if code.contains("fn main") { "src/main.rs" } else { "src/lib.rs" }, code);
        Self(folder)
    }

    fn check(&self) -> Output {
        self.cargo("check")
    }

    /// The program.
    fn build(&self) -> PathBuf {
        let output = self.cargo("build");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // Others are built in the same folder.
        let program = self.0.path().join("program");
        // By a program: a child of another test could have a copy of our descriptor for a while, and the file would be busy.
        let status = Command::new("cp").arg(format!("{TARGET}/debug/project")).arg(&program).status();
        assert!(status.expect("cp").success(), "what was built");
        program
    }

    fn cargo(&self, command: &str) -> Output {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([command, "--quiet", "--offline"]).current_dir(self.0.path());
        cargo.env("CARGO_TARGET_DIR", TARGET).output().expect("cargo runs")
    }
}

#[test]
fn links_lead_to_files() {
    for page in ["README.md", "ARCHITECTURE.md", "BENCHMARKS.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"] {
        for link in file(page).split("](").skip(1) {
            let (target, _) = link.split_once(')').expect("an end of the link");
            let path = target.split('#').next().unwrap_or_default();
            let is_ours = !path.is_empty() && !path.contains("://");
            assert!(
                !is_ours || fs::exists(format!("{ROOT}/{path}")).is_ok_and(|is_there| is_there),
                "{page}: {target}"
            );
        }
    }
}
