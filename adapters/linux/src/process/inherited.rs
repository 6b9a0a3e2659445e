//! What a child keeps of its parent's ends of pipes and queues: those that its closure has captured, and no others.
//!
//! A forked child has all that its parent had, and so also ends that nobody there can reach. It would keep streams from
//! ending: those of other children, and its own. Whether a closure has captured an end cannot be seen, but the parent drops
//! what it has captured, and an end that then has fewer owners was captured. So a child waits for its parent to say which
//! ends those were, and closes the others.

use alloc::sync::{Arc, Weak};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, PoisonError};

use rustix::pipe::{PipeFlags, pipe_with};

use crate::error::Error;
use crate::sys::replace::replace;

/// An end of a stream that others see the end of when it is closed everywhere.
pub(crate) trait End: Send + Sync {
    /// What is closed then.
    fn descriptor(&self) -> BorrowedFd<'_>;

    /// It has just been closed in this process, which was forked without it. Whoever can reach it nevertheless, through
    /// something that is shared, must hear of it.
    fn note_closed(&self);
}

/// What such a process is told.
pub(crate) fn not_captured() -> io::Error {
    io::Error::other("this process was forked without it: have the child's closure capture a clone of it")
}

/// Which ends a child has.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Ends {
    /// Those that its closure has captured.
    #[default]
    Captured,
    /// All that its parent has.
    All,
}

static ENDS: Mutex<Vec<Weak<dyn End>>> = Mutex::new(Vec::new());

/// From now on children have this end only if their closures have captured it.
pub(crate) fn note<E: End + 'static>(end: E) -> Arc<E> {
    let end = Arc::new(end);
    let noted: Weak<E> = Arc::downgrade(&end);
    let mut ends = ENDS.lock().unwrap_or_else(PoisonError::into_inner);
    if ends.len() == ends.capacity() {
        ends.retain(|end| end.strong_count() > 0);
    }
    ends.push(noted);
    end
}

/// The ends that there are before a fork, and how the parent tells the child which of them it keeps.
pub(super) struct Inherited {
    ends: Vec<(Weak<dyn End>, usize)>,
    verdict: Option<(File, File)>,
}

impl Inherited {
    pub(super) fn before_fork(wanted: Ends) -> Result<Self, Error> {
        if wanted == Ends::All {
            return Ok(Self { ends: Vec::new(), verdict: None });
        }
        let mut noted = ENDS.lock().unwrap_or_else(PoisonError::into_inner);
        noted.retain(|end| end.strong_count() > 0);
        let ends: Vec<_> = noted.iter().map(|end| (Weak::clone(end), end.strong_count())).collect();
        drop(noted);
        let verdict = if ends.is_empty() {
            None
        } else {
            let pipe = pipe_with(PipeFlags::CLOEXEC).map_err(|errno| Error::plain("make a pipe to a child", errno))?;
            Some((pipe.0.into(), pipe.1.into()))
        };
        Ok(Self { ends, verdict })
    }

    /// In the parent, which has dropped what the closure had captured.
    pub(super) fn tell(self) {
        if let Some((_, mut writer)) = self.verdict {
            let is_kept = |(end, before): &(Weak<dyn End>, usize)| u8::from(end.strong_count() < *before);
            let kept: Vec<u8> = self.ends.iter().map(is_kept).collect();
            // A child that is dead already needs to know nothing.
            let _ = writer.write_all(&kept);
        }
    }

    /// In the child. One whose parent has died keeps everything.
    pub(super) fn hear(&mut self) {
        let Some((mut reader, writer)) = self.verdict.take() else { return };
        drop(writer);
        let mut kept = vec![1; self.ends.len()];
        let Ok(()) = reader.read_exact(&mut kept) else { return };
        // The numbers stay taken, since their owners are still in memory, but are those of a pipe that has ended.
        for ((end, _), kept) in self.ends.iter().zip(kept) {
            if let (0, Some(end)) = (kept, end.upgrade()) {
                // It fails only for numbers that are not open.
                let _ = replace(end.descriptor(), &reader);
                end.note_closed();
            }
        }
    }
}
