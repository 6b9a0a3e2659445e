//! What is written about the table, made from it. `WIRENUT_BLESS=1` writes it anew.

extern crate alloc;
extern crate std;

mod document;
mod picture;
mod words;

use alloc::format;
use alloc::string::String;
use std::{env, fs};

fn check(name: &str, expected: &str) {
    let path = format!("{}/src/tcp/state/{name}", env!("CARGO_MANIFEST_DIR"));
    if env::var_os("WIRENUT_BLESS").is_some() {
        fs::write(&path, expected).unwrap();
    }
    let text: String = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{path} is old: WIRENUT_BLESS=1 writes it anew");
}

#[test]
fn the_documents_are_made_from_the_table() {
    check("table.md", &document::document());
}

#[test]
fn the_picture_is_made_from_the_table() {
    check("states.svg", &picture::picture());
}
