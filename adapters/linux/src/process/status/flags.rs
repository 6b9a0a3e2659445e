//! What ps(1) shows behind the state.

use core::fmt;

use super::Status;

/// Facts about a process, each with a letter of ps(1). Displayed, they are its letters, in its order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
#[non_exhaustive]
pub struct Flags {
    /// `<`: others give way to it, as its nice value is below 0.
    pub has_high_priority: bool,
    /// `N`: it gives way to others, as its nice value is above 0.
    pub has_low_priority: bool,
    /// `L`: some of its memory is locked.
    pub has_locked_pages: bool,
    /// `s`: it leads a session.
    pub leads_session: bool,
    /// `l`: it has several threads.
    pub is_multithreaded: bool,
    /// `+`: its group is in the foreground of its terminal.
    pub is_in_foreground: bool,
}

impl Flags {
    pub(super) fn of(status: &Status) -> Self {
        Self {
            has_high_priority: status.nice < 0,
            has_low_priority: status.nice > 0,
            has_locked_pages: status.locked_memory > 0,
            leads_session: status.session == status.pid,
            is_multithreaded: status.threads > 1,
            is_in_foreground: status.terminal.is_some() && status.foreground_group == Some(status.group),
        }
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [
            (self.has_high_priority, "<"),
            (self.has_low_priority, "N"),
            (self.has_locked_pages, "L"),
            (self.leads_session, "s"),
            (self.is_multithreaded, "l"),
            (self.is_in_foreground, "+"),
        ];
        letters.iter().filter(|(is_so, _)| *is_so).try_for_each(|(_, letter)| f.write_str(letter))
    }
}
