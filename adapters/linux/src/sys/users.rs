//! The databases of users and groups, and who this process is: getpwnam_r(3), getgrnam_r(3), getgrouplist(3), setgroups(2),
//! setresgid(2), setresuid(2).
//!
//! The C library's calls change all threads of the process; the kernel's change one.

use alloc::ffi::CString;
use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;
use core::ptr;

use rustix::io::{Errno, Result};

use super::socket::last_error;

/// A user of the database.
pub(crate) struct Entry {
    pub(crate) name: CString,
    pub(crate) user: u32,
    /// The group that the entry names.
    pub(crate) group: u32,
}

/// Entries are lines of text; who has one of more than a mebibyte is told that it does not fit.
const MAX_TEXT: usize = 1 << 20;
const USUAL_TEXT: usize = 1 << 10;
/// As many as Linux gives to one process (NGROUPS_MAX).
const MAX_GROUPS: usize = 65_536;

pub(crate) fn user_by_name(name: &CStr) -> Result<Option<Entry>> {
    // SAFETY: the name ends with zero, and `look_up` vouches for the others.
    look_up(|entry, text, size, found| unsafe { libc::getpwnam_r(name.as_ptr(), entry, text, size, found) }, user)
}

pub(crate) fn user_by_id(id: u32) -> Result<Option<Entry>> {
    // SAFETY: `look_up` vouches for the pointers.
    look_up(|entry, text, size, found| unsafe { libc::getpwuid_r(id, entry, text, size, found) }, user)
}

pub(crate) fn group_by_name(name: &CStr) -> Result<Option<u32>> {
    let id = |entry: &libc::group| entry.gr_gid;
    // SAFETY: the name ends with zero, and `look_up` vouches for the others.
    look_up(|entry, text, size, found| unsafe { libc::getgrnam_r(name.as_ptr(), entry, text, size, found) }, id)
}

fn user(entry: &libc::passwd) -> Entry {
    // SAFETY: the entry was found, and so its name is a text that ends with zero, in the buffer that lives still.
    let name = unsafe { CStr::from_ptr(entry.pw_name) }.to_owned();
    Entry { name, user: entry.pw_uid, group: entry.pw_gid }
}

/// Asks with a larger buffer until the entry fits.
///
/// The call is given an entry to write, a buffer for its texts of that many bytes, and a place for a pointer to the entry if it
/// is found: all are valid as long as the call takes.
fn look_up<E, T>(
    call: impl Fn(*mut E, *mut c_char, usize, *mut *mut E) -> libc::c_int,
    take: impl FnOnce(&E) -> T,
) -> Result<Option<T>> {
    let mut text: Vec<c_char> = vec![0; USUAL_TEXT];
    loop {
        let (mut entry, mut found) = (MaybeUninit::<E>::uninit(), ptr::null_mut());
        match call(entry.as_mut_ptr(), text.as_mut_ptr(), text.len(), &raw mut found) {
            // SAFETY: null, or the entry, which the call has written.
            0 => return Ok(unsafe { found.as_ref() }.map(take)),
            libc::ERANGE if text.len() < MAX_TEXT => text.resize(text.len() * 4, 0),
            libc::EINTR => {}
            // By all of these there is no such entry, says getpwnam(3).
            libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM => return Ok(None),
            errno => return Err(Errno::from_raw_os_error(errno)),
        }
    }
}

/// The groups that a user is in, and this one.
pub(crate) fn groups_of(user: &CStr, group: u32) -> Result<Vec<u32>> {
    let mut groups = vec![0; 32];
    loop {
        let mut count = libc::c_int::try_from(groups.len()).map_err(|_| Errno::OVERFLOW)?;
        // SAFETY: the name ends with zero, there is room for `count` groups, and the count is written, too.
        let fits = unsafe { libc::getgrouplist(user.as_ptr(), group, groups.as_mut_ptr(), &raw mut count) } >= 0;
        if fits {
            groups.truncate(usize::try_from(count).unwrap_or(0));
            return Ok(groups);
        }
        if groups.len() >= MAX_GROUPS {
            return Err(Errno::OVERFLOW);
        }
        groups.resize(groups.len() * 4, 0);
    }
}

/// The real, the effective and the saved one.
pub(crate) fn user_ids() -> [u32; 3] {
    let [mut real, mut effective, mut saved] = [u32::MAX; 3];
    // It fails only for addresses that are not ours.
    // SAFETY: the system writes three numbers, which outlive the call.
    unsafe { libc::getresuid(&raw mut real, &raw mut effective, &raw mut saved) };
    [real, effective, saved]
}

/// The same of groups.
pub(crate) fn group_ids() -> [u32; 3] {
    let [mut real, mut effective, mut saved] = [u32::MAX; 3];
    // SAFETY: as above.
    unsafe { libc::getresgid(&raw mut real, &raw mut effective, &raw mut saved) };
    [real, effective, saved]
}

/// The supplementary groups of all threads.
pub(crate) fn set_groups(groups: &[u32]) -> Result<()> {
    // SAFETY: there are as many groups as is said.
    done(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })
}

/// The real, effective and saved group of all threads. `u32::MAX` leaves them alone.
pub(crate) fn set_group(id: u32) -> Result<()> {
    // SAFETY: the call takes no pointer.
    done(unsafe { libc::setresgid(id, id, id) })
}

/// The same of the user.
pub(crate) fn set_user(id: u32) -> Result<()> {
    // SAFETY: the call takes no pointer.
    done(unsafe { libc::setresuid(id, id, id) })
}

fn done(returned: libc::c_int) -> Result<()> {
    if returned < 0 { Err(last_error()) } else { Ok(()) }
}
