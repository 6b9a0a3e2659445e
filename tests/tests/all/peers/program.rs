//! What programs read that are not Rust: each runs once, and is given stream after stream.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::reading::{Field, Reading, Step};

/// A script of `tests/peers`, which says how it is spoken to.
pub(crate) struct Program {
    child: Child,
    /// `None`: it is told to end.
    streams: Option<ChildStdin>,
    readings: BufReader<ChildStdout>,
}

impl Program {
    /// Has `interpreter` run `script`.
    ///
    /// # Panics
    /// If there is no such program.
    pub(crate) fn start(interpreter: &str, script: &str) -> Self {
        let path = format!("{}/peers/{script}", env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(interpreter);
        command.arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{interpreter}: {error}"));
        let streams = child.stdin.take();
        let readings = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, streams, readings }
    }

    /// What it reads in `stream`, which holds what `kind` says. The script tells the kinds.
    ///
    /// # Panics
    /// If it has ended, or does not answer as it should.
    pub(crate) fn read(&mut self, kind: &str, stream: &[u8]) -> Reading<String> {
        let frame = [format!("{kind}, {}\n", stream.len()).as_bytes(), stream].concat();
        self.streams.as_mut().expect("a pipe").write_all(&frame).expect("a program that reads");
        let mut line = String::new();
        self.readings.read_line(&mut line).expect("a program that answers");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        let steps = answer["steps"].as_array().expect("steps").iter().map(step).collect();
        Reading { steps, refused: answer["refused"].as_str().map(str::to_owned) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.streams = None;
        let _ = self.child.wait();
    }
}

fn step(step: &Value) -> Step {
    let field = |field: &Value| -> Field { (bytes(&field[0]), bytes(&field[1])) };
    let fields = step[2].as_array().expect("fields").iter().map(field).collect();
    if step[0] == "head" { Step::head(bytes(&step[1]), fields) } else { Step::end(bytes(&step[1]), fields) }
}

/// Each character stands for the byte of its number.
fn bytes(text: &Value) -> Vec<u8> {
    let sign = |sign| u8::try_from(u32::from(sign)).expect("a byte");
    text.as_str().expect("text").chars().map(sign).collect()
}
