//! `wirenut ps`: this test, its child, and what is not there.

use std::fs::OpenOptions;
use std::process::{Child, Command, Stdio};

use crate::process::{run, wirenut};

/// A child that waits until it is killed.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        Self(Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    fn id(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[test]
fn processes_that_are_named_are_shown_and_no_others() {
    let sleeper = Sleeper::start();
    let (status, output, errors) = run(&["ps", &sleeper.id()]);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(words(lines[0]), ["PID", "PPID", "STAT", "NI", "THR", "RSS", "START", "TIME", "COMMAND"]);
    let cells = words(lines[1]);
    assert_eq!((cells.len(), lines.len()), (9, 2), "{output}");
    assert_eq!((cells[0], cells[1]), (sleeper.id().as_str(), std::process::id().to_string().as_str()));
    assert!(cells[6].ends_with('Z') && cells[7] == "00:00:00", "{output}");
    // It may not be so far yet.
    assert!(["cat", "command"].iter().any(|name| cells[8].starts_with(name)), "{output}");
}

#[test]
fn all_processes_are_shown() {
    let sleeper = Sleeper::start();
    for arguments in [&["ps"][..], &["ps", "--tree"]] {
        let (status, output, errors) = run(arguments);
        assert_eq!((status, errors.as_str()), (Some(0), ""));
        for pid in [sleeper.id(), std::process::id().to_string()] {
            assert_eq!(output.lines().filter(|line| words(line)[0] == pid).count(), 1, "{output}");
        }
    }
}

#[test]
fn children_are_beneath_their_parents() {
    let sleeper = Sleeper::start();
    let this = std::process::id().to_string();
    let (status, output, _) = run(&["ps", "--tree", &this]);
    assert_eq!(status, Some(0));
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(words(lines[1])[0], this);
    let child = lines.iter().find(|line| words(line)[0] == sleeper.id()).unwrap();
    assert_eq!(words(child)[8], "\\_");
}

#[test]
fn processes_that_are_not_there_are_told_and_the_others_shown() {
    let this = std::process::id().to_string();
    for tree in [&[][..], &["--tree"]] {
        let (status, output, errors) = run(&[&["ps", "4194304", &this, "4294967295"], tree].concat());
        assert_eq!(status, Some(1));
        assert_eq!(errors, "wirenut: there is no process 4194304, 4294967295\n");
        assert!(output.lines().any(|line| words(line)[0] == this), "{output}");
    }
    let (status, output, errors) = run(&["ps", "0"]);
    assert_eq!((status, output.as_str()), (Some(2), ""));
    assert!(errors.contains("0 is not in 1.."), "{errors}");
}

#[test]
fn a_table_that_cannot_be_written_is_told() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = wirenut().arg("ps").stdout(full).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(errors.starts_with("wirenut: cannot write to 'standard output': "), "{errors}");
    // Like `ps | head`.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = wirenut().arg("ps").stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

/// Skipped by who may not mount a /proc that hides other users' processes.
#[test]
fn processes_that_are_hidden_are_left_out() {
    // The shell, which is root's, is hidden.
    let script = "mount -t proc -o hidepid=1 proc /proc && echo mounted && cd / && \
                  setpriv --reuid 65534 --regid 65534 --clear-groups \"$0\" ps; exit $?";
    let mut hidden = Command::new("unshare");
    let hidden =
        hidden.args(["--mount", "--pid", "--fork", "sh", "-c", script, env!("CARGO_BIN_EXE_wirenut")]).output();
    let Ok(output) = hidden else { return };
    let (shown, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    if shown.contains("mounted") && !errors.contains("setpriv") {
        assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""));
        assert!(shown.lines().any(|line| line.ends_with(" wirenut")), "{shown}");
    }
}
