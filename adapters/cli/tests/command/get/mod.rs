//! `wirenut get`, against servers that behave and some that do not.

mod failures;
mod fifos;
mod requests;
mod resume;
mod secure;
mod server;
mod terminal;
mod twin;

use std::fs;
use std::path::Path;

/// The names of all that is in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
