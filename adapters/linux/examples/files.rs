//! Files as `ls -l` shows them: the letter of their type, their size and their name. `files DIR` lists a directory, and
//! `files --remove PATH` removes a file or an empty directory. All by the standard library.

use std::fs::{self, FileType};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--remove", path] => Ok(remove(Path::new(path))?),
        [directory] => Ok(list(Path::new(directory))?),
        _ => Err("files DIR, or files --remove PATH".into()),
    }
}

fn list(directory: &Path) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        // Of a link itself, and not of what it leads to.
        let metadata = entry.metadata()?;
        // Debug output escapes what a terminal would obey.
        println!("{} {:>8} {:?}", letter(metadata.file_type()), metadata.len(), entry.file_name());
    }
    Ok(())
}

fn letter(kind: FileType) -> char {
    match kind {
        _ if kind.is_dir() => 'd',
        _ if kind.is_symlink() => 'l',
        _ if kind.is_char_device() => 'c',
        _ if kind.is_block_device() => 'b',
        _ if kind.is_fifo() => 'p',
        _ if kind.is_socket() => 's',
        // A regular file.
        _ => '-',
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) }
}
