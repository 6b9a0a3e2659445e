//! What `wirenut trace` says.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use super::theirs::{Ends, ends};

/// What it may take of each capture, in seconds and bytes.
const SECONDS: &str = "30";
const MEMORY: &str = "--as=536870912";

/// The programs that are compared.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The command `wirenut`.
    pub wirenut: PathBuf,
}

/// A connection that it lists.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) ends: Ends,
    /// Of the client and of the server, as RFC 9293 names them.
    pub(super) states: [String; 2],
    pub(super) anomalies: Vec<String>,
}

/// What it says of a capture.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    pub(super) connections: Vec<Connection>,
    pub(super) packets: u64,
    pub(super) segments: u64,
    pub(super) fragments: u64,
    pub(super) unknown_links: u64,
    pub(super) others: u64,
    pub(super) datagrams: u64,
    pub(super) malformed: u64,
    pub(super) strays: u64,
    /// Why it could not read the capture to its end.
    pub(super) damage: Option<String>,
    pub(super) seconds: f64,
}

/// Reads a capture. `Err`: it did not end by itself, or not as it says that it ends.
///
/// # Errors
/// It cannot be started.
pub(super) fn trace(programs: &Programs, file: &Path) -> io::Result<Result<Trace, String>> {
    let begun = Instant::now();
    let mut command = Command::new("timeout");
    command.args([SECONDS, "prlimit", MEMORY]).arg(&programs.wirenut).args(["trace", "--json"]).arg(file);
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let is_panic = said.contains("panicked");
    match output.status.code() {
        Some(0) if !is_panic => {}
        Some(1) if !is_panic => {}
        _ => return Ok(Err(format!("{}: {said}", output.status))),
    }
    let seconds = begun.elapsed().as_secs_f64();
    let damage = (!said.is_empty()).then_some(said);
    let Ok(value) = serde_json::from_slice::<Value>(&output.stdout) else {
        // Nothing could be read at all.
        return Ok(damage.map_or(Err("it says nothing".into()), |damage| {
            Ok(Trace { damage: Some(damage), seconds, ..Trace::default() })
        }));
    };
    let count = |name: &str| value["packets"][name].as_u64().unwrap_or(0);
    Ok(Ok(Trace {
        connections: value["connections"].as_array().map_or(&[][..], Vec::as_slice).iter().map(connection).collect(),
        packets: count("all"),
        segments: count("tcp"),
        fragments: count("fragments"),
        unknown_links: count("unknown_links"),
        others: count("others"),
        datagrams: count("udp"),
        malformed: count("malformed"),
        strays: count("of_no_connection"),
        damage,
        seconds,
    }))
}

fn connection(value: &Value) -> Connection {
    let text = |side: &str, name: &str| value[side][name].as_str().unwrap_or_default().to_owned();
    Connection {
        ends: ends(text("client", "address"), text("server", "address")),
        states: ["client", "server"].map(|side| text(side, "state")),
        anomalies: value["anomalies"].as_object().map_or_else(Vec::new, |all| all.keys().cloned().collect()),
    }
}
