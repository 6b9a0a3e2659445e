//! The examples of processes, as programs.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use wirenut_tests::example;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::counts::Folder;

/// What it prints, where it succeeds.
fn output(name: &str, arguments: &[&str]) -> String {
    let output = example!(name).args(arguments).output().unwrap();
    assert!(output.status.success(), "{name} {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whatever its arguments are, it says what it wants, in a line.
fn refuses(name: &str, arguments: &[&str]) {
    let output = example!(name).args(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.starts_with("Error: ") && said.lines().count() == 1, "{said}");
}

pub(crate) fn fork_and_wait() {
    let said = output("fork_and_wait", &[]);
    let lines: Vec<&str> = said.lines().collect();
    let parent = lines[0].strip_prefix("parent ").unwrap();
    // The one that a signal ends may not have said anything by then.
    for name in ["exits", "panics"] {
        assert!(lines.iter().any(|line| line.ends_with(&format!(" of {parent}: {name}"))), "{said}");
    }
    // Children and parent speak at the same time.
    let ends: Vec<&str> = lines[1..].iter().copied().filter(|line| !line.starts_with("child ")).collect();
    let expected = ["exits exited with status 7", "panics panicked: no more paper", "waits ended by SIGTERM"];
    assert_eq!(ends, expected);
}

pub(crate) fn zombies() {
    for (way, count) in [("made", 5), ("known", 0), ("ignored", 0), ("detached", 0)] {
        assert_eq!(output("zombies", &[way]), format!("{count} zombies\n"), "{way}");
    }
    refuses("zombies", &[]);
}

pub(crate) fn orphans() {
    let said = output("orphans", &["adopted"]);
    let lines: Vec<&str> = said.lines().collect();
    let subreaper = lines[0].strip_prefix("the subreaper is ").unwrap();
    let orphan = format!("the orphan's parent is {subreaper}");
    assert_eq!(lines[1..], ["its tree exited with status 0", &orphan]);
    assert_eq!(output("orphans", &["killed"]), "the parent exited with status 0\nits child has died with it\n");
    refuses("orphans", &["sold"]);
}

pub(crate) fn process_states() {
    let said = output("process_states", &[]);
    let (states, end) = said.split_once("there is no process ").unwrap();
    let states: Vec<(&str, &str)> = states.lines().filter_map(|line| line.split_once(' ')).collect();
    // Whatever flags the test's own nice value brings.
    let letters: Vec<&str> = states.iter().map(|(state, _)| &state[..1]).collect();
    let phases: Vec<&str> = states.iter().map(|(_, phase)| *phase).collect();
    assert_eq!((letters, phases), (vec!["R", "S", "T", "Z"], vec!["Running", "Waiting", "Waiting", "Ended"]));
    assert!(end.trim_end().parse::<u32>().is_ok());
}

pub(crate) fn files() {
    let folder = Folder::new();
    let path = folder.0.to_str().unwrap();
    let folder = &folder.0;
    fs::create_dir(folder.join("directory")).unwrap();
    fs::write(folder.join("file"), "12345").unwrap();
    symlink("file", folder.join("link")).unwrap();
    mknodat(CWD, folder.join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let listener = UnixListener::bind(folder.join("socket")).unwrap();
    let lines = |said: &str| -> Vec<String> {
        said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let shown: Vec<String> = lines(&output("files", &[path]));
    assert!(shown[0].starts_with("d ") && shown[0].ends_with(" \"directory\""), "{shown:?}");
    assert_eq!(shown[1..], ["- 5 \"file\"", "l 4 \"link\"", "p 0 \"pipe\"", "s 0 \"socket\""]);
    assert!(lines(&output("files", &["/dev"])).iter().any(|line| line == "c 0 \"null\""));
    drop(listener);
    for name in ["directory", "link", "pipe", "socket"] {
        assert_eq!(output("files", &["--remove", &format!("{path}/{name}")]), "");
    }
    // The link is gone, and not what it led to.
    assert_eq!(lines(&output("files", &[path])), ["- 5 \"file\""]);
    refuses("files", &["--remove", &format!("{path}/link")]);
    refuses("files", &[]);
}
