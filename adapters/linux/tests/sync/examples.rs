//! The examples say what they should.

use wirenut_tests::example;

/// What an example prints, in the order of its lines where that is not the system's choice.
fn lines(name: &str) -> Vec<String> {
    let output = example!(name).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn sorted(name: &str) -> Vec<String> {
    let mut lines = lines(name);
    lines.sort_unstable();
    lines
}

pub(crate) fn share() {
    assert_eq!(lines("shared_value"), ["[0, 1, 4, 9] are 14 together"]);
    assert_eq!(lines("lock"), ["the first ended by SIGABRT", "half-written: [70, 0]", "repaired: [70, 30]"]);
    assert_eq!(sorted("event"), ["1 runs", "2 runs", "3 runs", "ready, steady, go"]);
    let printed = sorted("semaphore");
    assert_eq!(printed.len(), 5);
    assert_eq!(printed[0], "2 printers are free");
    assert!(printed[1..].iter().all(|line| line.ends_with("prints, at most one beside it")), "{printed:?}");
    let mut had: Vec<String> = lines("queue").iter().map(|line| line["consumer a has ".len()..].to_owned()).collect();
    had.sort_unstable();
    assert_eq!(had, ["one: 1", "one: 2", "one: 3", "two: 1", "two: 2", "two: 3"]);
}
