//! What the programs that compare in one process have in common.

/// Hands the program's arguments to `run`; where it returns `None`, they are wrong: shows `usage`, and ends with status 2.
pub fn with_arguments(usage: &str, run: impl FnOnce(&[&str]) -> Option<()>) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if run(&arguments).is_none() {
        eprintln!("{usage}");
        std::process::exit(2);
    }
}
