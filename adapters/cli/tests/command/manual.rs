//! `wirenut completions` and `wirenut man`, read by the programs that they are for.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use wirenut_tests::tools::has;

use crate::process::{run, wirenut};
use crate::tree::Tree;

/// All that `wirenut --help` offers, but `help` itself.
fn subcommands() -> Vec<String> {
    let (status, help, _) = run(&["--help"]);
    assert_eq!(status, Some(0));
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let names = list.lines().map(|line| line.split_whitespace().next().unwrap().to_owned());
    let names: Vec<String> = names.filter(|name| name != "help").collect();
    assert!(names.len() >= 6, "{help}");
    names
}

/// The long options of a subcommand, as its help shows them.
fn options(subcommand: &str) -> Vec<String> {
    let (status, help, _) = run(&[subcommand, "--help"]);
    assert_eq!(status, Some(0));
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = lines.flat_map(|line| line.split([' ', ',', '[', '=']).filter(|word| word.starts_with("--")));
    words.map(str::to_owned).collect()
}

fn completions(shell: &str) -> String {
    let (status, script, errors) = run(&["completions", shell]);
    assert_eq!((status, errors.as_str()), (Some(0), ""), "{shell}");
    script
}

/// What a shell makes of a script.
fn bash(arguments: &[&str], script: &str) -> Output {
    let mut bash = Command::new("bash");
    bash.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut bash = bash.spawn().unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    bash.wait_with_output().unwrap()
}

#[test]
fn each_shell_has_completions_of_every_subcommand() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = completions(shell);
        for subcommand in subcommands() {
            assert!(script.contains(&subcommand), "{shell}: {subcommand}");
        }
        assert!(script.contains("no-symlinks"), "{shell}");
    }
    let (status, output, errors) = run(&["completions", "command.com"]);
    assert_eq!((status, output.as_str()), (Some(2), ""));
    assert!(errors.contains("possible values: bash"), "{errors}");
}

#[test]
fn bash_completes_what_the_script_tells() {
    let script = completions("bash");
    let parsed = bash(&["-n"], &script);
    assert!(parsed.status.success() && parsed.stderr.is_empty(), "{parsed:?}");
    for (words, expected) in [("wirenut ser", vec!["serve".to_owned()]), ("wirenut serve --", options("serve"))] {
        let asked = format!(
            "{script}
            COMP_WORDS=({words}) COMP_CWORD=$(({} - 1)) COMP_LINE='{words}' COMP_POINT={}
            _wirenut wirenut \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"
            printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.split(' ').count(),
            words.len()
        );
        let answered = bash(&[], &asked);
        let said = String::from_utf8(answered.stdout).unwrap();
        for word in expected {
            assert!(said.lines().any(|line| line == word), "{words}: no {word} in {said:?}");
        }
        assert!(answered.stderr.is_empty(), "{}", String::from_utf8_lossy(&answered.stderr));
    }
}

#[test]
fn completions_that_are_not_written_whole_are_a_failure() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = wirenut().args(["completions", "zsh"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors, "wirenut: cannot write to 'standard output': No space left on device (os error 28)\n");
}

#[test]
fn every_subcommand_has_a_page_with_its_options() {
    let tree = Tree::new();
    // It is made.
    let directory = tree.path().join("share/man1");
    let (status, output, errors) = run(&["man", directory.to_str().unwrap()]);
    assert_eq!((status, output.as_str(), errors.as_str()), (Some(0), "", ""));
    let mut pages: Vec<String> =
        fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    pages.sort();
    let mut expected: Vec<String> = subcommands().iter().map(|name| format!("wirenut-{name}.1")).collect();
    expected.push("wirenut.1".to_owned());
    expected.sort();
    assert_eq!(pages, expected);
    for subcommand in subcommands() {
        let page = fs::read_to_string(directory.join(format!("wirenut-{subcommand}.1"))).unwrap();
        for option in options(&subcommand) {
            assert!(page.contains(&option.replace('-', "\\-")), "{subcommand}: no {option}");
        }
        let (_, help, _) = run(&[&subcommand, "--help"]);
        assert!(help.contains("Example"), "{subcommand}");
        assert!(page.contains(".SH EXAMPLES\n.nf\nwirenut "), "{subcommand}: {page}");
    }
    // Once more: pages of the same names are replaced.
    fs::write(directory.join("wirenut.1"), "old").unwrap();
    assert_eq!(run(&["man", directory.to_str().unwrap()]).0, Some(0));
    assert!(fs::read_to_string(directory.join("wirenut.1")).unwrap().contains(".TH"));
}

#[test]
fn man_shows_the_pages_without_a_warning() {
    if !has("man") {
        return;
    }
    let tree = Tree::new();
    assert_eq!(run(&["man", tree.path().to_str().unwrap()]).0, Some(0));
    for subcommand in subcommands() {
        let page = tree.path().join(format!("wirenut-{subcommand}.1"));
        let mut man = Command::new("man");
        man.args(["--warnings=w", "-l"]).arg(page).env("LC_ALL", "C.UTF-8").env("MANWIDTH", "120");
        let shown = man.stdin(Stdio::null()).output().unwrap();
        let errors = String::from_utf8_lossy(&shown.stderr).into_owned();
        assert!(shown.status.success() && errors.is_empty(), "{subcommand}: {errors}");
        let text = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(text.contains(&format!("wirenut-{subcommand} - ")), "{text}");
        assert!(text.contains("EXAMPLES"), "{text}");
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_told() {
    let tree = Tree::new();
    fs::write(tree.path().join("file"), "").unwrap();
    let directory = tree.path().join("file/man1");
    let (status, output, errors) = run(&["man", directory.to_str().unwrap()]);
    assert_eq!((status, output.as_str()), (Some(1), ""));
    assert_eq!(errors, format!("wirenut: cannot write to '{}': Not a directory (os error 20)\n", directory.display()));
}
