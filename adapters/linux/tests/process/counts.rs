//! What /proc shows of this process: its children, its zombies, its descriptors.

use std::fs;
use std::io::Read as _;
use std::os::fd::OwnedFd;

/// The states of this process's children.
pub(crate) fn children() -> Vec<char> {
    let this = std::process::id().to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let states = processes.filter_map(|folder| {
        let stat = fs::read_to_string(folder.path().join("stat")).ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let state = fields.next()?.chars().next()?;
        (fields.next()? == this).then_some(state)
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
