//! `.ci/install`, with stand-ins for apt-get, sudo, cargo and dpkg: nothing is really installed.
//!
//! It sees only the programs of a folder of its own, so that it makes no difference what this machine has.

mod callers;
mod locks;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;
use wirenut_tests::waiting::until;

use crate::process::{ROOT, write_program};

/// What the script itself and the stand-ins use.
const USED: [&str; 21] = [
    "bash", "cat", "chmod", "dirname", "env", "flock", "grep", "id", "ln", "mkdir", "mktemp", "readlink", "rm", "sed",
    "setpriv", "sleep", "sort", "tail", "timeout", "tr", "true",
];

/// Puts a stand-in for each package into the path. It refuses a second caller in the words of the real one, and keeps
/// what it was asked in `calls`.
const APT_GET: &str = r#"
exec 9>>"$0.lock"
if ! flock -n 9; then
    echo refused >>"$0.calls"
    echo 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt-get)' >&2
    exit 100
fi
echo "$*" >>"$0.calls"
sleep 0.3
case " $* " in *' install '*) ;; *) exit ;; esac
for package; do
    case $package in
        socat | curl) printf '#!/bin/sh\n' >"${0%/*}/$package"; chmod 755 "${0%/*}/$package" ;;
    esac
done
"#;

/// A machine: the script, and the folder of all programs that it sees.
struct Machine {
    folder: TempDir,
}

impl Machine {
    /// Without any way to install something.
    fn bare() -> Self {
        let machine = Self { folder: TempDir::new().expect("a folder") };
        // For another user, too.
        fs::set_permissions(machine.folder.path(), fs::Permissions::from_mode(0o755)).expect("our folder");
        for name in ["bin", "home", "tmp"] {
            fs::create_dir(machine.path(name)).expect("our folder");
        }
        fs::set_permissions(machine.path("tmp"), fs::Permissions::from_mode(0o1777)).expect("our folder");
        for name in USED {
            symlink(lookup(name), machine.path("bin").join(name)).expect("our folder");
        }
        fs::copy(format!("{ROOT}/.ci/install"), machine.path("install")).expect("a copy");
        machine
    }

    /// With apt-get, and the right to use it.
    fn new() -> Self {
        let machine = Self::bare();
        machine.add("apt-get", APT_GET);
        // For whoever runs these tests without being root.
        machine.add("sudo", "[ \"$1\" = -n ] || exit 1\nshift\nexec \"$@\"\n");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn add(&self, program: &str, script: &str) {
        write_program(&self.path("bin").join(program), &format!("#!{}\n{script}", lookup("bash").display()));
    }

    /// What the stand-in was asked, in order.
    fn calls(&self, program: &str) -> Vec<String> {
        let calls = fs::read_to_string(self.path("bin").join(format!("{program}.calls"))).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    fn command(&self, tools: &[&str]) -> Command {
        // A shell that starts us in the background has us ignore SIGINT, and bash cannot undo that.
        let mut command = Command::new(lookup("env"));
        command.args(["--default-signal=TERM,INT,HUP"]).arg(lookup("bash")).arg(self.path("install")).args(tools);
        command
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn install(&self, tools: &[&str]) -> Output {
        self.command(tools).output().expect("bash")
    }
}

fn lookup(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("a path");
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("no {program}"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_success(output: &Output) {
    assert!(output.status.success(), "{}: {}", output.status, said(output));
}

fn is_install(call: &str) -> bool {
    call.contains(" install ")
}

#[test]
fn what_is_there_is_not_installed() {
    let machine = Machine::new();
    machine.add("socat", "");
    assert_success(&machine.install(&["socat"]));
    assert_success(&machine.install(&["socat", "curl"]));
    let calls = machine.calls("apt-get");
    assert!(calls.iter().any(|call| call.ends_with("--no-install-recommends curl")), "{calls:?}");
}

#[test]
fn without_apt_get_there_is_no_way() {
    let output = Machine::bare().install(&["qemu-system-arm", "nc"]);
    assert_fails(
        &output,
        77,
        &["qemu-system-arm nc is missing", "no apt-get", "netcat-openbsd qemu-system-arm on Debian"],
    );
}

#[test]
fn without_cargo_there_is_no_way() {
    assert_fails(&Machine::bare().install(&["defmt-print"]), 77, &["defmt-print is missing", "no cargo", "rustup"]);
}

#[test]
fn who_is_not_root_needs_sudo_without_a_password() {
    let machine = Machine::new();
    for sudo in [None, Some("echo 'sudo: a password is required' >&2\nexit 1\n")] {
        match sudo {
            Some(script) => machine.add("sudo", script),
            None => fs::remove_file(machine.path("bin/sudo")).expect("our folder"),
        }
        let output = as_nobody(&machine, &["socat"]);
        assert_fails(&output, 77, &["socat is missing", "only root", "'apt-get install socat' as root"]);
    }
    assert!(machine.calls("apt-get").is_empty());
}

#[test]
fn sudo_without_a_password_installs() {
    let machine = Machine::new();
    // As the real one, it makes root of who calls it; here, of the one who calls a program that only root may call.
    machine.add("sudo", "[ \"$1\" = -n ] || exit 1\nshift\necho \"$*\" >>\"$0.calls\"\nexec \"$@\"\n");
    fs::set_permissions(machine.path("bin"), fs::Permissions::from_mode(0o777)).expect("our folder");
    assert_success(&as_nobody(&machine, &["socat"]));
    let calls = machine.calls("sudo");
    assert!(calls.iter().any(|call| call.contains("apt-get") && is_install(call)), "{calls:?}");
}

#[test]
fn a_failing_apt_get_is_told_with_what_to_do() {
    let machine = Machine::new();
    machine.add("apt-get", "echo 'E: Unable to locate package socat' >&2\nexit 100\n");
    let output = machine.install(&["socat"]);
    assert_fails(
        &output,
        1,
        &["Unable to locate package", "apt-get update && apt-get install socat", "run this again"],
    );
}

#[test]
fn an_apt_get_that_installs_nothing_is_told() {
    let machine = Machine::new();
    machine.add("apt-get", "");
    assert_fails(&machine.install(&["socat"]), 1, &["socat is installed, and yet not found"]);
}

#[test]
fn what_was_interrupted_is_put_right() {
    let machine = Machine::new();
    let interrupted = "[ -e \"$0.whole\" ] || {
        echo \"E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.\" >&2
        exit 100
    }\n";
    machine.add("apt-get", &format!("{interrupted}{APT_GET}"));
    machine.add("dpkg", "[ \"$*\" = '--configure -a' ] && : >\"${0%/*}/apt-get.whole\"\n");
    assert_success(&machine.install(&["socat"]));
}

#[test]
fn a_cancelled_install_takes_apt_get_with_it_and_may_be_run_again() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let machine = Machine::new();
        machine.add("apt-get", "echo $$ >>\"$0.calls\"\nexec sleep 600\n");
        let mut child = machine.command(&["socat"]).spawn().expect("bash");
        let id = until("apt-get", || machine.calls("apt-get").first().and_then(|id| Pid::from_raw(id.parse().ok()?)));
        kill_process(Pid::from_child(&child), signal).expect("a child");
        let status = child.wait().expect("a child");
        assert!(status.code().is_some_and(|code| code > 128), "{status}");
        until("the end of apt-get", || test_kill_process(id).err());
        assert_eq!(fs::read_dir(machine.path("tmp")).expect("our folder").count(), 1, "more than the lock is left");
        machine.add("apt-get", APT_GET);
        assert_success(&machine.install(&["socat"]));
    }
}

#[test]
fn cargo_installs_what_is_on_crates_io() {
    let machine = Machine::bare();
    machine.add(
        "cargo",
        "echo \"$* ${CARGO_TARGET_DIR-}\" >>\"$0.calls\"
        mkdir -p \"$HOME/.cargo/bin\"
        printf '#!/bin/sh\\n' >\"$HOME/.cargo/bin/defmt-print\"
        chmod 755 \"$HOME/.cargo/bin/defmt-print\"\n",
    );
    let install = || machine.command(&["defmt-print"]).env("CARGO_TARGET_DIR", "/nowhere").output().expect("bash");
    assert_success(&install());
    assert_success(&install());
    assert_eq!(machine.calls("cargo"), ["install --quiet --locked defmt-print "]);
}

#[test]
fn a_failing_cargo_is_told_with_what_to_do() {
    let machine = Machine::bare();
    machine.add("cargo", "echo 'error: no network' >&2\nexit 101\n");
    assert_fails(&machine.install(&["cargo-deny"]), 1, &["no network", "'cargo install --locked cargo-deny' works"]);
}

#[test]
fn every_tool_of_the_help_is_known_and_others_are_not() {
    let machine = Machine::bare();
    let help = machine.install(&["--help"]);
    assert_success(&help);
    let help = String::from_utf8(help.stdout).expect("a text");
    let (_, tools) = help.split_once("programs of Debian:").expect("a list");
    let (debian, crates) = tools.split_once("programs of crates.io:").expect("a list");
    let (crates, _) = crates.split_once("\n\n").expect("an end");
    let tools: Vec<&str> = [debian, crates].iter().flat_map(|list| list.split([' ', '\n', ','])).collect();
    let tools: Vec<&str> =
        tools.into_iter().filter(|tool| !tool.is_empty()).chain(["debian-rust", "python3-venv"]).collect();
    assert!(tools.len() > 15, "{tools:?}");
    for tool in tools {
        let output = machine.install(&[tool]);
        assert!(matches!(output.status.code(), Some(0 | 77)), "{tool}: {}", said(&output));
    }
    assert_fails(&machine.install(&["socat", "sokat"]), 2, &["unknown tool 'sokat'"]);
    assert_fails(&machine.install(&[]), 2, &["which tool"]);
}

/// As a user who is not root, whoever runs the tests.
fn as_nobody(machine: &Machine, tools: &[&str]) -> Output {
    if !rustix::process::geteuid().is_root() {
        return machine.install(tools);
    }
    let install = machine.command(tools);
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(install.get_program());
    command.args(install.get_args()).env_clear();
    command.envs(install.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).output().expect("setpriv of util-linux")
}

fn assert_fails(output: &Output, status: i32, words: &[&str]) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(status), "{said}");
    for word in words {
        assert!(said.contains(word), "no '{word}' in: {said}");
    }
}
