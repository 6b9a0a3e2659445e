//! Users and their groups, as the system's databases have them.

use alloc::ffi::CString;
use core::fmt;

use rustix::io::Errno;

use crate::error::Error;
use crate::sys::users;

/// A user, with the groups that a process of it is in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    name: Box<str>,
    pub(super) id: u32,
    pub(super) group: u32,
    pub(super) groups: Vec<u32>,
}

impl User {
    /// Looks up `USER` or `USER:GROUP`; each is a name of the database or a number: getpwnam(3), getgrnam(3), getgrouplist(3).
    ///
    /// Without a group, it is the one of the user's entry. The supplementary groups are those of the user's name, too. A number
    /// need not be in the database: then the group must be said, and is the only one. A name that is made of digits is a number.
    ///
    /// ```
    /// use wirenut_linux::process::User;
    /// let root = User::look_up("root")?;
    /// assert_eq!((root.id(), root.group()), (0, 0));
    /// assert_eq!(User::look_up("0")?, root);
    /// let user = User::look_up("4242:17")?;
    /// assert_eq!((user.id(), user.group(), user.groups(), user.name()), (4242, 17, &[17][..], "4242"));
    /// let error = User::look_up("no-such-user").unwrap_err();
    /// assert_eq!(error.to_string(), "cannot find the user no-such-user: No such file or directory (os error 2)");
    /// assert!(User::look_up("4242").is_err()); // of which group?
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotFound`: there is no such user or group, or the group of a number is not known. `InvalidInput`: 4294967295, which the
    /// system takes for "as before". And what the database says.
    pub fn look_up(text: &str) -> Result<Self, Error> {
        let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
        let no_user = |errno| Error::of("find the user", &user, errno);
        let entry = match number(user).map_err(no_user)? {
            Some(id) => users::user_by_id(id),
            None => users::user_by_name(&c_text(user).map_err(no_user)?),
        };
        let entry = entry.map_err(no_user)?;
        let group = group.map(group_id).transpose()?;
        match (entry, number(user).map_err(no_user)?, group) {
            (Some(entry), _, group) => {
                let group = group.unwrap_or(entry.group);
                let groups = users::groups_of(&entry.name, group);
                let groups = groups.map_err(|errno| Error::of("find the groups of user", &user, errno))?;
                Ok(Self { name: entry.name.to_string_lossy().into(), id: entry.user, group, groups })
            }
            (None, Some(id), Some(group)) => Ok(Self { name: user.into(), id, group, groups: vec![group] }),
            (None, Some(_), None) => Err(Error::of("tell the group of user", &user, Errno::NOENT)),
            (None, None, _) => Err(no_user(Errno::NOENT)),
        }
    }

    /// Its name; its number where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The number of the group that its processes run as.
    #[must_use]
    pub const fn group(&self) -> u32 {
        self.group
    }

    /// The supplementary groups, with [`Self::group`] among them.
    #[must_use]
    pub fn groups(&self) -> &[u32] {
        &self.groups
    }
}

/// Its name and number.
impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.id)
    }
}

fn group_id(text: &str) -> Result<u32, Error> {
    let failed = |errno| Error::of("find the group", &text, errno);
    let found = match number(text).map_err(failed)? {
        Some(id) => Some(id),
        None => users::group_by_name(&c_text(text).map_err(failed)?).map_err(failed)?,
    };
    found.ok_or_else(|| failed(Errno::NOENT))
}

/// `None`: it is a name.
fn number(text: &str) -> Result<Option<u32>, Errno> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    text.parse().ok().filter(|number| *number != u32::MAX).map(Some).ok_or(Errno::INVAL)
}

fn c_text(text: &str) -> Result<CString, Errno> {
    CString::new(text).map_err(|_| Errno::INVAL)
}
