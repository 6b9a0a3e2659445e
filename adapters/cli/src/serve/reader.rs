//! A file in pieces, without ever waiting for the disk on the caller's thread.

use alloc::sync::Arc;
use core::error::Error;
use core::fmt;
use core::task::Waker;
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use rustix::io::{Errno, ReadWriteFlags, preadv2};
use wirenut_server::blocking::{Full, Job, Lost, Pool};

/// What one job reads at most, and so what a reader keeps at most. Large enough that a disk is not asked too often.
const PIECE: usize = 64 * 1024;

/// What is moved at once at most, and at least: a shorter piece is sent for less together with what it follows.
const LONGEST_TRANSFER: u64 = 2 * 1024 * 1024;
const SHORTEST_TRANSFER: u64 = 64 * 1024;

/// How far from each other the bytes are that are looked at: what the kernel fetches or throws away, it does in runs.
const STEP: usize = 128 * 1024;

/// So many bytes of a file, from some position on.
///
/// What the kernel has in memory goes straight into the caller's buffer. For the rest, one job at a time reads a piece on
/// a [`Pool`], which is kept only until it was given out.
#[derive(Debug)]
pub struct FileReader {
    file: Arc<File>,
    position: u64,
    remaining: u64,
    state: State,
    /// Whether the file's system can tell that it would have to wait.
    cached: bool,
}

#[derive(Debug)]
enum State {
    Idle,
    /// The only job in flight.
    Asked(Job<io::Result<Vec<u8>>>),
    Piece {
        bytes: Vec<u8>,
        given: usize,
    },
    Failed(ReadError),
}

/// What came of [`FileReader::read`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Read {
    /// So many bytes are in the buffer; none only if it has no room.
    Bytes(usize),
    /// The next bytes are not in memory: [`FileReader::ask`] for them.
    Absent,
    /// They were asked for: read again when woken.
    Wait,
    /// All was given.
    End,
    /// No more can be given, now or later. What was sent is not the whole body: close so that the peer sees it.
    Failed(ReadError),
}

/// Why a file cannot be read to the end that was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// It became shorter than it was.
    Truncated,
    /// The pool is gone, or the reading panicked.
    Lost,
    /// The disk or the file system failed.
    Disk(io::ErrorKind),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the file became shorter while it was read"),
            Self::Lost => f.write_str("the reading was given up"),
            Self::Disk(kind) => write!(f, "cannot read: {kind}"),
        }
    }
}

impl Error for ReadError {}

impl FileReader {
    /// Will give exactly `length` bytes from `position` on, or fail.
    #[must_use]
    pub fn new(file: impl Into<Arc<File>>, position: u64, length: u64) -> Self {
        Self { file: file.into(), position, remaining: length, state: State::Idle, cached: true }
    }

    /// The next bytes for the kernel to move by itself, without a copy: where they begin, and how many, which are counted
    /// as given. `None`: there are few left, or not all seem to be in memory; then [read](Self::read) them.
    ///
    /// It looks at the first byte of every 128 KiB and at the last of all. What the kernel threw away between them, or since,
    /// is read from the disk on the caller's thread: rare, and bounded by the piece.
    pub fn transfer(&mut self) -> Option<(Arc<File>, u64, u64)> {
        let length = self.remaining.min(LONGEST_TRANSFER);
        if length < SHORTEST_TRANSFER || !self.cached || !matches!(self.state, State::Idle) {
            return None;
        }
        let start = self.position;
        let mut looks = (start..start + length).step_by(STEP).chain([start + length - 1]);
        if !looks.all(|offset| read_cached(&self.file, &mut [0], offset) == Ok(1)) {
            return None;
        }
        self.position += length;
        self.remaining -= length;
        Some((Arc::clone(&self.file), start, length))
    }

    /// How many bytes are still to be given.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Reads the next bytes into the buffer. Never blocks; call it again after any answer but `End` and `Failed`, which
    /// stay what they are.
    pub fn read(&mut self, buf: &mut [u8]) -> Read {
        if let Err(answer) = self.collect() {
            return answer;
        }
        if self.remaining == 0 {
            return Read::End;
        }
        if buf.is_empty() {
            return Read::Bytes(0);
        }
        if let State::Piece { bytes, given } = &mut self.state {
            let piece = &bytes[*given..];
            let taken = piece.len().min(buf.len());
            buf[..taken].copy_from_slice(&piece[..taken]);
            *given += taken;
            if *given == bytes.len() {
                self.state = State::Idle;
            }
            return self.gave(taken);
        }
        let room = buf.len().min(clamp(self.remaining));
        match self.read_from_memory(&mut buf[..room]) {
            Some(taken) => self.gave(taken),
            None => Read::Absent,
        }
    }

    /// After [`Read::Absent`]: has the pool read the next bytes, and the waker woken once when they are there.
    ///
    /// Apart from [`Self::read`] because a waker costs something, which a file in memory need not pay.
    ///
    /// # Errors
    ///
    /// [`Full`]: the pool takes no more. Come back at a time of your own, nobody will wake you.
    pub fn ask(&mut self, waker: &Waker, pool: &Pool) -> Result<(), Full> {
        let file = Arc::clone(&self.file);
        let position = self.position;
        let length = PIECE.min(clamp(self.remaining));
        self.state = State::Asked(pool.spawn(waker, move || read_piece(&file, position, length))?);
        Ok(())
    }

    /// Takes in the answer of a job that was asked; afterwards the state is `Idle` or `Piece`.
    fn collect(&mut self) -> Result<(), Read> {
        let job = match &mut self.state {
            State::Failed(error) => return Err(Read::Failed(*error)),
            State::Idle | State::Piece { .. } => return Ok(()),
            State::Asked(job) => job,
        };
        self.state = match job.take() {
            None => return Err(Read::Wait),
            Some(Err(Lost)) => State::Failed(ReadError::Lost),
            Some(Ok(Err(error))) => State::Failed(ReadError::Disk(error.kind())),
            Some(Ok(Ok(bytes))) if bytes.is_empty() => State::Failed(ReadError::Truncated),
            Some(Ok(Ok(bytes))) => State::Piece { bytes, given: 0 },
        };
        if let State::Failed(error) = self.state { Err(Read::Failed(error)) } else { Ok(()) }
    }

    /// `None`: the pool has to find out.
    fn read_from_memory(&mut self, buf: &mut [u8]) -> Option<usize> {
        if !self.cached {
            return None;
        }
        match read_cached(&self.file, buf, self.position) {
            // Some kernels say 0 where they mean "not in memory"; so the pool tells whether this is the end, which
            // it must not be.
            Ok(0) => None,
            Ok(taken) => Some(taken),
            Err(CachedError::WouldBlock) => None,
            // A real error will come again in the pool, where it can be told from one of this way of reading.
            Err(CachedError::Unsupported | CachedError::Disk(_)) => {
                self.cached = false;
                None
            }
        }
    }

    fn gave(&mut self, taken: usize) -> Read {
        self.position += taken as u64;
        self.remaining -= taken as u64;
        Read::Bytes(taken)
    }
}

/// Why [`read_cached`] gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachedError {
    /// It is not in memory: only a disk can tell.
    WouldBlock,
    /// The kernel or this file system cannot read so.
    Unsupported,
    /// It failed.
    Disk(io::ErrorKind),
}

/// Reads what the kernel has in memory at this offset, and never waits for a disk. It may give less than there is; 0
/// should mean the end of the file, but see [`FileReader`] which does not rely on it.
///
/// # Errors
///
/// See [`CachedError`].
pub fn read_cached(file: impl AsFd, buf: &mut [u8], offset: u64) -> Result<usize, CachedError> {
    preadv2(file, &mut [IoSliceMut::new(buf)], offset, ReadWriteFlags::NOWAIT).map_err(|errno| match errno {
        Errno::AGAIN | Errno::INTR => CachedError::WouldBlock,
        Errno::NOSYS | Errno::OPNOTSUPP => CachedError::Unsupported,
        other => CachedError::Disk(io::Error::from(other).kind()),
    })
}

/// Runs on the pool. Gives less than was asked for where the file ends, and no bytes only at its end.
fn read_piece(file: &File, position: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let read = loop {
        match file.read_at(&mut bytes, position) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => break outcome?,
        }
    };
    bytes.truncate(read);
    Ok(bytes)
}

fn clamp(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::waiting::{Bell, occupy, pool};
    use super::*;
    use std::io::Write;

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at % 251) as u8).collect()
    }

    fn file_of(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    /// A reader for which the page cache is as good as empty: each piece comes from the pool.
    fn cold(file: File, position: u64, length: u64) -> FileReader {
        FileReader { cached: false, ..FileReader::new(file, position, length) }
    }

    /// Reads to the end with a buffer of this size; the bytes, and what ended them.
    fn drain(reader: &mut FileReader, room: usize, pool: &Pool) -> (Vec<u8>, Read) {
        let (bell, waker) = Bell::new();
        let mut asked = 0;
        let mut all = Vec::new();
        let mut buf = vec![0; room];
        loop {
            match reader.read(&mut buf) {
                Read::Bytes(taken) => {
                    assert!(taken > 0);
                    all.extend_from_slice(&buf[..taken]);
                }
                Read::Absent => {
                    reader.ask(&waker, pool).unwrap();
                    asked += 1;
                }
                Read::Wait => bell.wait_for(asked),
                end @ (Read::End | Read::Failed(_)) => return (all, end),
            }
        }
    }

    #[test]
    fn every_byte_comes_once_and_in_order() {
        let pool = pool(1, 4);
        let content = content(3 * PIECE + 17);
        for (position, length) in [(0, content.len()), (0, 0), (5, PIECE), (PIECE, PIECE + 1), (content.len() - 1, 1)] {
            for room in [1000, PIECE - 1, PIECE, 10 * PIECE] {
                let warm = FileReader::new(file_of(&content), position as u64, length as u64);
                let cold = cold(file_of(&content), position as u64, length as u64);
                for mut reader in [warm, cold] {
                    let (bytes, end) = drain(&mut reader, room, &pool);
                    assert_eq!(end, Read::End);
                    assert!(bytes == content[position..position + length], "{length} from {position} by {room}");
                    assert_eq!(reader.remaining(), 0);
                }
            }
        }
    }

    #[test]
    fn file_that_shrinks_fails_and_never_ends() {
        let pool = pool(1, 4);
        let full = 2 * PIECE as u64;
        for shrunk in [0, 10, PIECE as u64, full - 1] {
            for start in [FileReader::new, cold] {
                let file = file_of(&content(2 * PIECE));
                let writer = file.try_clone().unwrap();
                let mut reader = start(file, 0, full);
                writer.set_len(shrunk).unwrap();
                let (bytes, end) = drain(&mut reader, 1000, &pool);
                assert_eq!((bytes.len() as u64, end), (shrunk, Read::Failed(ReadError::Truncated)));
                writer.set_len(full).unwrap();
                assert_eq!(drain(&mut reader, 1000, &pool).1, end, "a failure is for good");
            }
        }
    }

    #[test]
    fn file_that_grows_gives_what_was_promised() {
        let pool = pool(1, 4);
        let mut file = file_of(b"before");
        let mut reader = FileReader::new(file.try_clone().unwrap(), 0, 6);
        file.write_all(b" and after").unwrap();
        assert_eq!(drain(&mut reader, 100, &pool), (b"before".to_vec(), Read::End));
    }

    #[test]
    fn one_job_at_a_time_and_its_piece_is_let_go() {
        let pool = pool(1, 1);
        let release = occupy(&pool);
        let mut reader = cold(file_of(b"content"), 0, 7);
        let (bell, waker) = Bell::new();
        let mut buf = [0; 4];
        // The queue has one place: a second job would find it full.
        assert_eq!(reader.read(&mut buf), Read::Absent);
        reader.ask(&waker, &pool).unwrap();
        for _ in 0..3 {
            assert_eq!(reader.read(&mut buf), Read::Wait);
        }
        drop(release);
        bell.wait_for(1);
        assert_eq!(reader.read(&mut []), Read::Bytes(0));
        assert_eq!(reader.read(&mut buf), Read::Bytes(4));
        assert_eq!(&buf, b"cont");
        assert_eq!(reader.read(&mut buf), Read::Bytes(3));
        assert!(matches!(reader.state, State::Idle));
        assert_eq!(reader.read(&mut buf), Read::End);
        assert_eq!(bell.rung(), 1);
    }

    #[test]
    fn full_pool_is_busy_for_now() {
        let pool = pool(1, 1);
        let release = occupy(&pool);
        let _waiting = pool.spawn(Waker::noop(), || ()).unwrap();
        let mut reader = cold(file_of(b"content"), 0, 7);
        let (bell, waker) = Bell::new();
        let mut buf = [0; 16];
        assert_eq!(reader.ask(&waker, &pool), Err(Full));
        assert_eq!(reader.read(&mut buf), Read::Absent);
        drop(release);
        while reader.ask(&waker, &pool) == Err(Full) {
            std::thread::yield_now();
        }
        bell.wait_for(1);
        assert_eq!(reader.read(&mut buf), Read::Bytes(7));
    }

    #[test]
    fn what_is_in_memory_can_be_moved_without_a_copy() {
        let length = LONGEST_TRANSFER + SHORTEST_TRANSFER + 10;
        let file = file_of(&content(length as usize));
        if read_cached(&file, &mut [0], 0) != Ok(1) {
            return;
        }
        let mut reader = FileReader::new(file, 0, length);
        let mut next = || reader.transfer().map(|(_, start, length)| (start, length));
        assert_eq!(next(), Some((0, LONGEST_TRANSFER)));
        assert_eq!(next(), Some((LONGEST_TRANSFER, SHORTEST_TRANSFER + 10)));
        assert_eq!(next(), None);
        assert_eq!(reader.remaining(), 0);
        // A file that became shorter has nothing to move.
        assert!(FileReader::new(file_of(b"short"), 0, length).transfer().is_none());
    }

    #[test]
    fn disk_errors_are_told() {
        let pool = pool(1, 4);
        let directory = File::open(tempfile::tempdir().unwrap().path()).unwrap();
        let mut reader = FileReader::new(directory, 0, 1);
        let failed = Read::Failed(ReadError::Disk(io::ErrorKind::IsADirectory));
        assert_eq!(drain(&mut reader, 10, &pool), (Vec::new(), failed));
    }

    #[test]
    fn cached_reading_tells_the_end_from_bytes() {
        let file = file_of(b"content");
        let mut buf = [0; 16];
        match read_cached(&file, &mut buf, 2) {
            Ok(read) => assert_eq!(&buf[..read], b"ntent"),
            Err(error) => assert_ne!(error, CachedError::Disk(io::ErrorKind::InvalidInput), "{error:?}"),
        }
        assert!(matches!(read_cached(&file, &mut buf, 7), Ok(0) | Err(CachedError::Unsupported)));
    }
}
