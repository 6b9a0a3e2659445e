//! The examples of pipes and pools, as programs.

use wirenut_tests::example;

fn says(name: &str, arguments: &[&str]) -> String {
    let output = example!(name).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn pipe() {
    assert_eq!(says("pipe", &["1", "-20", "300"]), "2 × 1 = 2\n2 × -20 = -40\n2 × 300 = 600\n");
}

#[test]
fn pool() {
    let expected = "10: 4\n1000: 168\nten: invalid digit found in string\n2: 0\n";
    assert_eq!(says("pool", &["10", "1000", "ten", "2"]), expected);
}
