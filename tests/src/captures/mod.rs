//! Captures of others, as `wirenut trace` and as tshark see them.
//!
//! tshark does not follow states. For each conversation its field `tcp.completeness` says what was seen of it: a SYN, its
//! answer, an acknowledgement, data, a FIN, a RST. That says in which states both ends can be.

mod ours;
mod reasons;
mod report;
mod theirs;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use ours::Programs;
pub use report::Report;

/// All captures below a directory, in the order of their names.
///
/// # Errors
/// A directory cannot be read.
pub fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            files.extend(self::files(&entry.path())?);
        } else if kind.is_file() && is_capture(&entry.path())? {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// Does it begin as pcap, with micro- or nanoseconds, in either byte order, or as pcapng?
fn is_capture(path: &Path) -> io::Result<bool> {
    let mut magic = [0; 4];
    let mut file = File::open(path)?;
    if file.read_exact(&mut magic).is_err() {
        return Ok(false);
    }
    let number = u32::from_be_bytes(magic);
    Ok(matches!(number, 0x0a0d_0d0a | 0xa1b2_c3d4 | 0xd4c3_b2a1 | 0xa1b2_3c4d | 0x4d3c_b2a1))
}
