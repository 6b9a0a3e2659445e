//! What a process gives up for good: its user, its root directory, and the way to new privileges.

use std::path::Path;

use rustix::io::Errno;
use rustix::process::{chdir, chroot};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_no_new_privs};

use super::user::User;
use crate::error::Error;
use crate::sys::{threads, users};

/// Makes this process, with all its threads, one of this user and of its groups: setgroups(2), setresgid(2), setresuid(2), in this
/// order. It then tries to become root again, and fails if that works.
///
/// Sockets that listen, and files that are open, stay so. A process that is this user's already, and is in its group, is left as
/// it is, so a program that replaces itself may say the same again.
///
/// ```no_run
/// use wirenut_linux::process::{User, become_user};
/// use wirenut_linux::socket::TcpListener;
/// let listener = TcpListener::bind(&"0.0.0.0:80".parse()?)?; // as root
/// become_user(&User::look_up("www-data")?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `PermissionDenied`: this process is not root, or could become it again. `InvalidInput`: the user is root. The line says which
/// step has failed. The steps before it are not undone, so the program should end.
pub fn become_user(user: &User) -> Result<(), Error> {
    if user.id == 0 {
        return Err(Error::of("give up privileges as user", user, Errno::INVAL));
    }
    if users::user_ids() != [user.id; 3] || users::group_ids() != [user.group; 3] {
        let failed = |operation| move |errno| Error::of(operation, user, errno);
        users::set_groups(&user.groups).map_err(failed("set the supplementary groups of user"))?;
        users::set_group(user.group).map_err(failed("set the group of user"))?;
        users::set_user(user.id).map_err(failed("become user"))?;
    }
    if is_for_good(user) { Ok(()) } else { Err(Error::of("give up privileges for good as user", user, Errno::PERM)) }
}

fn is_for_good(user: &User) -> bool {
    // What a thread may do again if it wants to, it can do.
    let can_change_user = |sets: CapabilitySets| sets.permitted.contains(CapabilitySet::SETUID);
    users::user_ids() == [user.id; 3]
        && users::group_ids() == [user.group; 3]
        && users::set_user(0).is_err()
        && capabilities(None).is_ok_and(|sets| !can_change_user(sets))
}

/// Makes a directory the root of all paths of this process, and its working directory: chroot(2). A program that needs no file
/// beyond its sockets takes an empty one.
///
/// It holds only for who is not root: [`become_user`] afterwards. Whoever has a directory open finds the way out by it. What
/// is looked up by name later (users, hosts, time zones, shared libraries) must be beneath the directory: do it before.
///
/// # Errors
/// `PermissionDenied`: this process is not root. `NotFound`, `NotADirectory`: of the path.
pub fn change_root(directory: impl AsRef<Path>) -> Result<(), Error> {
    let directory = directory.as_ref();
    let change = || {
        // Through the working directory, so that nobody can replace the path between two steps.
        chdir(directory)?;
        chroot(".")?;
        chdir("/")
    };
    change().map_err(|errno| Error::of("change the root directory to", &directory.display(), errno))
}

/// No program that this process executes from now on gets privileges by it (set-user-ID bits, file capabilities), and neither do
/// the children: PR_SET_NO_NEW_PRIVS of prctl(2). It cannot be undone.
///
/// The system does this for one thread, and for those that it starts later. So it is refused when there are others.
///
/// ```
/// use wirenut_linux::process::{self, Ended, forbid_new_privileges};
/// let child = process::spawn(|| {
///     forbid_new_privileges()?;
///     Ok::<_, Box<dyn std::error::Error>>(u8::from(rustix::thread::no_new_privs()?))
/// })?;
/// assert_eq!(child.join()?, Ended::Exited(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `ResourceBusy`: this process has other threads.
pub fn forbid_new_privileges() -> Result<(), Error> {
    let failed = |errno| Error::plain("forbid new privileges", errno);
    match threads::count_threads() {
        Ok(1) => set_no_new_privs(true).map_err(failed),
        Ok(_) => Err(failed(Errno::BUSY)),
        Err(error) => Err(Error::new("count the threads of this process", error)),
    }
}
