//! Writing to what may be full, or set not to block, or closed.

use core::time::Duration;
use std::io::{self, Write};
use std::thread;

/// How long to wait where standard output was handed to us as one that does not block, and is full.
const PAUSE: Duration = Duration::from_millis(10);

/// Where lines are written to, and what became of the last ones.
pub(super) struct Output<W> {
    out: W,
    /// A line was cut off.
    is_cut: bool,
    /// How many lines were lost, since one was written.
    lost: usize,
}

impl<W: Write> Output<W> {
    pub(super) const fn new(out: W) -> Self {
        Self { out, is_cut: false, lost: 0 }
    }

    /// Writes lines, or counts those that are lost.
    ///
    /// # Errors
    /// Nobody will ever read them.
    pub(super) fn write(&mut self, lines: &str) -> io::Result<()> {
        if self.lost > 0 {
            let end = if self.is_cut { "\n" } else { "" };
            let told = format!("{end}wirenut: {} lines lost, the log could not be written\n", self.lost);
            let lost = self.lost;
            if !self.try_write(&told)? {
                self.lost = lost + count(lines.as_bytes());
                return Ok(());
            }
            self.lost = 0;
        }
        self.try_write(lines)?;
        Ok(())
    }

    /// True: all was written. False: the rest is lost.
    fn try_write(&mut self, lines: &str) -> io::Result<bool> {
        let (written, outcome) = write_all(&mut self.out, lines.as_bytes());
        let (written, rest) = lines.as_bytes().split_at(written);
        if !written.is_empty() {
            self.is_cut = !written.ends_with(b"\n");
        }
        match outcome {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(error),
            Err(_) => {
                self.lost += count(rest);
                Ok(false)
            }
        }
    }
}

/// How many lines end in there.
fn count(lines: &[u8]) -> usize {
    lines.iter().filter(|byte| **byte == b'\n').count()
}

/// Like `Write::write_all`, but it stays with an output that was set not to block, by whoever shares it with us, and tells
/// how much was written.
fn write_all(out: &mut impl Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match out.write(&bytes[written..]) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(error) => return (written, Err(error)),
        }
    }
    loop {
        match out.flush() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
            outcome => return (written, outcome),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What has room, what was written, and whether anybody reads it.
    struct Disk {
        room: usize,
        text: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.room);
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= taken;
            self.text.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_loses_lines_and_not_the_log() {
        for (room, kept, lost) in [
            (12, "line 1\nline ", 3),
            (14, "line 1\nline 2\n", 2),
            (0, "", 4),
            (26, "line 1\nline 2\nline 3\nline ", 1),
        ] {
            let mut output = Output::new(Disk { room, text: Vec::new() });
            for number in 1..=4 {
                output.write(&format!("line {number}\n")).unwrap();
            }
            output.out.room = usize::MAX;
            output.write("line 5\n").unwrap();
            output.write("line 6\n").unwrap();
            let end = if kept.ends_with(' ') { "\n" } else { "" };
            let told = format!("wirenut: {lost} lines lost, the log could not be written\n");
            let text = String::from_utf8(output.out.text).unwrap();
            assert_eq!(text, format!("{kept}{end}{told}line 5\nline 6\n"));
        }
    }

    /// What tells of the loss is no line that is lost, but may be cut off as any other.
    #[test]
    fn the_loss_is_told_of_when_there_is_room_for_it() {
        let mut output = Output::new(Disk { room: 0, text: Vec::new() });
        output.write("line 1\nline 2\n").unwrap();
        output.out.room = 10;
        output.write("line 3\n").unwrap();
        output.out.room = usize::MAX;
        output.write("line 4\n").unwrap();
        let told = "wirenut: 3 lines lost, the log could not be written\n";
        assert_eq!(String::from_utf8(output.out.text).unwrap(), format!("wirenut: 2\n{told}line 4\n"));
    }
}
