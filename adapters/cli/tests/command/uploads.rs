//! Files that clients write: which are stored, which are not, and what is there when something goes wrong.

mod clients;
mod disks;
mod forms;
mod puts;

use std::path::Path;

use crate::client::{Client, Response};

/// A PUT with its length said.
fn put(target: &str, fields: &str, content: &str) -> String {
    format!("PUT {target} HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: {}\r\n\r\n{content}", content.len())
}

/// The response, of which 204 has no length.
fn response(client: &mut Client) -> Response {
    let response = client.head();
    if response.status == 204 {
        return response;
    }
    let length = response.length();
    client.body(response, length)
}

/// All names beneath a directory, hidden ones as well, with their content, in order.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(path) = left.pop() {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                left.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read(&path).unwrap_or_default()));
            }
        }
    }
    found.sort();
    found
}

fn names(directory: &Path) -> Vec<String> {
    files(directory).into_iter().map(|(name, _)| name).collect()
}
