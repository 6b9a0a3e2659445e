//! What /proc shows of this process: its children, its zombies, its descriptors.

use std::fs;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// The states of this process's children.
pub(crate) fn children() -> Vec<char> {
    children_of(std::process::id())
}

/// The states of that process's children.
pub(crate) fn children_of(parent: u32) -> Vec<char> {
    let parent = parent.to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let states = processes.filter_map(|folder| {
        let stat = fs::read_to_string(folder.path().join("stat")).ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let state = fields.next()?.chars().next()?;
        (fields.next()? == parent).then_some(state)
    });
    states.collect()
}

pub(crate) fn zombies() -> usize {
    children().iter().filter(|state| **state == 'Z').count()
}

pub(crate) fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A pipe: the end to read, and the one to write.
pub(crate) fn pipe() -> (OwnedFd, OwnedFd) {
    let (reader, writer) = std::io::pipe().unwrap();
    (reader.into(), writer.into())
}

/// All that comes until the last one who could write is gone.
pub(crate) fn rest(reader: OwnedFd) -> String {
    let mut text = String::new();
    fs::File::from(reader).read_to_string(&mut text).unwrap();
    text
}

/// Waits until that is so; the harness bounds the time.
pub(crate) fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
}

/// The next line, byte by byte, so that nothing behind it is taken.
pub(crate) fn line(reader: &OwnedFd) -> String {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while rustix::io::read(reader, &mut byte).unwrap() == 1 && byte != *b"\n" {
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}

/// A folder that vanishes with this.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("wirenut-process-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
