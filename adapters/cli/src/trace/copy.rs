//! Captured packets as a file: pcap with times in microseconds (draft-ietf-opsawg-pcap).

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::capture::Packet;
use crate::failure::Failure;

/// Tells a reader the byte order of all numbers: that of this machine.
const MAGIC: u32 = 0xa1b2_c3d4;
/// Bytes; no packet is longer.
const SNAP_LENGTH: u32 = 1 << 18;

/// A file that is written. It is whole once it is [finished](Self::finish).
pub(super) struct Copy {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Copy {
    /// Begins a file of packets of this LINKTYPE_ number. One that is there is replaced.
    pub(super) fn create(path: &Path, link: u32) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|error| Failure::Write { path: path.into(), error })?;
        let mut copy = Self { path: path.into(), file: BufWriter::new(file) };
        // Version 2.4, as two numbers; times are of UTC.
        let [major, minor] = [2_u16, 4].map(u16::to_ne_bytes);
        let version = u32::from_ne_bytes([major[0], major[1], minor[0], minor[1]]);
        copy.put(&[MAGIC, version, 0, 0, SNAP_LENGTH, link], &[])?;
        Ok(copy)
    }

    /// Adds a packet.
    pub(super) fn add(&mut self, packet: &Packet<'_>) -> Result<(), Failure> {
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let micros = packet.time.as_micros();
        let bytes = packet.frame.bytes();
        let header = [
            number(micros / 1_000_000),
            number(micros % 1_000_000),
            length(bytes.len()),
            length(packet.frame.length()),
        ];
        self.put(&header, bytes)
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.file.flush();
        self.checked(flushed)
    }

    fn put(&mut self, numbers: &[u32], bytes: &[u8]) -> Result<(), Failure> {
        let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        let written = self.file.write_all(&numbers).and_then(|()| self.file.write_all(bytes));
        self.checked(written)
    }

    fn checked(&self, written: io::Result<()>) -> Result<(), Failure> {
        written.map_err(|error| Failure::Write { path: self.path.clone(), error })
    }
}
