//! `-C -` and `--retry`: what broke off goes on, and two versions are never put together.

mod changes;
mod files;
mod servers;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::path::Path;
use std::sync::Mutex;

use super::server::{Asked, Reply, Server};
use crate::process::wirenut;

/// A resource as a server has it at a time.
#[derive(Clone, Copy)]
struct Resource {
    letter: u8,
    length: usize,
    /// Field lines that name the version.
    validators: &'static str,
    /// How ranges are answered.
    ranges: Ranges,
}

#[derive(Clone, Copy, PartialEq)]
enum Ranges {
    /// As they should be.
    Served,
    /// As if none had been asked for.
    Ignored,
    /// Whatever If-Range says.
    Unconditional,
    /// From one byte later than was asked for.
    Shifted,
    /// Without Content-Range.
    Unnamed,
    /// Two bytes at a time.
    Meagre,
    /// As a 416.
    Unsatisfied,
    /// As a failure.
    Failing,
}

const STRONG: &str = "ETag: \"1\"\r\n";
const NEXT: &str = "ETag: \"2\"\r\n";
const WEAK: &str = "ETag: W/\"1\"\r\n";
const DATED: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 09:00:00 GMT\r\n";
const TOO_FRESH: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

const fn resource(letter: u8, validators: &'static str) -> Resource {
    Resource { letter, length: 10, validators, ranges: Ranges::Served }
}

impl Resource {
    fn content(&self) -> Vec<u8> {
        (0..self.length)
            .map(|at| if at % 2 == 0 { self.letter } else { b'0' + u8::try_from(at % 10).unwrap() })
            .collect()
    }

    const fn with(self, ranges: Ranges) -> Self {
        Self { ranges, ..self }
    }

    fn answer(&self, asked: &Asked) -> Reply {
        let range =
            asked.field("range").map(|range| range["bytes=".len()..].trim_end_matches('-').parse::<usize>().unwrap());
        let is_current = asked.field("if-range").is_none_or(|validator| self.validators.contains(validator));
        let content = self.content();
        let is_served = is_current || self.ranges == Ranges::Unconditional;
        let Some(start) = range.filter(|_| is_served && self.ranges != Ranges::Ignored) else {
            return Reply::new("200 OK", self.validators, content);
        };
        if self.ranges == Ranges::Failing {
            return Reply::new("404 Not Found", "", "no such file");
        }
        if start >= content.len() || self.ranges == Ranges::Unsatisfied {
            let range = format!("Content-Range: bytes */{}\r\n", content.len());
            return Reply::new("416 Range Not Satisfiable", &range, "");
        }
        let start = if self.ranges == Ranges::Shifted { start + 1 } else { start };
        let end = if self.ranges == Ranges::Meagre { (start + 2).min(content.len()) } else { content.len() };
        let mut fields = format!("Content-Range: bytes {start}-{}/{}\r\n{}", end - 1, content.len(), self.validators);
        if self.ranges == Ranges::Unnamed {
            fields = self.validators.to_owned();
        }
        Reply::new("206 Partial Content", &fields, &content[start..end])
    }
}

/// A server whose resource changes, and whose answers are cut behind so many bytes of content.
struct Changing {
    server: Server,
    resource: Arc<Mutex<Resource>>,
    cut: Arc<AtomicUsize>,
}

const WHOLE: usize = usize::MAX;

impl Changing {
    fn new(first: Resource) -> Self {
        let (resource, cut) = (Arc::new(Mutex::new(first)), Arc::new(AtomicUsize::new(WHOLE)));
        let shared = (Arc::clone(&resource), Arc::clone(&cut));
        let server = Server::new(move |asked| {
            let Reply(bytes, goes_on) = shared.0.lock().unwrap().answer(asked);
            // One answer alone.
            let cut = shared.1.swap(WHOLE, Ordering::SeqCst);
            let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            if cut == WHOLE { Reply(bytes, goes_on) } else { Reply::last(&bytes[..(head + cut).min(bytes.len())]) }
        });
        Self { server, resource, cut }
    }

    fn set(&self, resource: Resource) {
        *self.resource.lock().unwrap() = resource;
    }

    /// Cuts the next answer.
    fn cut(&self, at: usize) {
        self.cut.store(at, Ordering::SeqCst);
    }

    /// The Range fields of all requests.
    fn ranges(&self) -> Vec<Option<String>> {
        self.server.asked().iter().map(|asked| asked.field("range").map(str::to_owned)).collect()
    }
}

fn get(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = wirenut().args(["get", "-q"]).args(arguments).current_dir(folder).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}
