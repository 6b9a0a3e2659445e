//! What a child does to itself before its work: in the child.

use alloc::ffi::CString;

use rustix::io::{Errno, Result};
use rustix::process::{
    Pid, Signal, getpid, getppid, kill_process, nice, set_parent_process_death_signal, setpgid, setsid,
};
use rustix::thread::set_name;

use super::settings::{Group, Process};

impl Process {
    /// Whether the parent has to wait for [`Self::apply`]: it may fail, or others may see the difference.
    pub(super) fn may_fail(&self) -> bool {
        self.is_subreaper || self.has_session || self.group != Group::Parents || self.nice != 0
    }

    /// Makes this process what the settings say.
    pub(super) fn apply(&self, parent: Pid) -> Result<()> {
        if self.is_daemon {
            end_with(parent)?;
        }
        if !self.name.is_empty() {
            // The system's text ends at the first zero byte, so the name does, too.
            let name = self.name.split('\0').next().unwrap_or_default();
            set_name(&CString::new(name).unwrap_or_default())?;
        }
        match self.group {
            _ if self.has_session => drop(setsid()?),
            Group::Parents => {}
            Group::New => setpgid(None, None)?,
            Group::Join(group) => setpgid(None, Some(pid(group)?))?,
        }
        if self.nice != 0 {
            nice(self.nice)?;
        }
        Ok(())
    }
}

/// From now on this process is killed when its parent, or the thread that has forked it, ends.
pub(super) fn end_with(parent: Pid) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Without this, a child whose parent has ended before would live on.
    if getppid() != Some(parent) {
        kill_process(getpid(), Signal::KILL)?;
    }
    Ok(())
}

/// A process or group that can be: 0 would stand for the caller's.
pub(super) fn pid(number: u32) -> Result<Pid> {
    i32::try_from(number).ok().and_then(Pid::from_raw).ok_or(Errno::INVAL)
}
