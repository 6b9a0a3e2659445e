//! Several at once, and whoever else holds the lock of apt.

use std::fs::File;
use std::process::Child;

use wirenut_tests::waiting::until;

use super::{Machine, assert_fails, assert_success, is_install, said};

#[test]
fn two_at_once_install_once() {
    let machine = Machine::new();
    let children: Vec<Child> = (0..2).map(|_| machine.command(&["socat"]).spawn().expect("bash")).collect();
    for child in children {
        assert_success(&child.wait_with_output().expect("a child"));
    }
    let calls = machine.calls("apt-get");
    assert!(!calls.iter().any(|call| call == "refused"), "both asked at once: {calls:?}");
    assert_eq!(calls.iter().filter(|call| is_install(call)).count(), 1, "{calls:?}");
    assert!(machine.path("bin/socat").exists());
}

#[test]
fn different_tools_at_once_wait_for_each_other() {
    let machine = Machine::new();
    let children: Vec<Child> = [["socat"], ["curl"]].map(|tools| machine.command(&tools).spawn().expect("bash")).into();
    for child in children {
        assert_success(&child.wait_with_output().expect("a child"));
    }
    let calls = machine.calls("apt-get");
    assert!(!calls.iter().any(|call| call == "refused"), "{calls:?}");
    assert_eq!(calls.iter().filter(|call| is_install(call)).count(), 2, "{calls:?}");
}

#[test]
fn a_lock_that_another_program_holds_is_waited_for() {
    let machine = Machine::new();
    let holder = File::create(machine.path("bin/apt-get.lock")).expect("our folder");
    holder.lock().expect("a lock of our own");
    let mut child = machine.command(&["socat"]).spawn().expect("bash");
    until("a refusal", || {
        assert!(child.try_wait().expect("a child").is_none(), "it did not wait");
        machine.calls("apt-get").contains(&"refused".to_owned()).then_some(())
    });
    drop(holder);
    let output = child.wait_with_output().expect("a child");
    assert_success(&output);
    assert!(said(&output).contains("another program holds apt's lock"), "{}", said(&output));
}

#[test]
fn a_lock_that_is_held_for_ever_is_told() {
    let machine = Machine::new();
    let holder = File::create(machine.path("bin/apt-get.lock")).expect("our folder");
    holder.lock().expect("a lock of our own");
    let output = machine.command(&["socat"]).env("INSTALL_APT_SECONDS", "1").output().expect("bash");
    assert_fails(&output, 1, &["E: Could not get lock", "apt-get update && apt-get install socat"]);
}
