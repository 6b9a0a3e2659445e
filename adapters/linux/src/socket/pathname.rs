//! Unix sockets with a path: created and removed so that nobody else's is taken away.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, chmod, fchmod, fstat, open, openat, statat, unlinkat};
use rustix::io::{Errno, Result};
use rustix::net::{AddressFamily, SocketFlags, connect, socket_with};

use super::address::UnixAddress;
use super::address::sealed::Address as _;
use super::directory_lock;
use super::protocol::{Connection, Datagram, Listening, Local, Open};
use super::typed::Socket;
use crate::error::{Cause, Error};
use crate::sys::socket;

/// The path that a socket is bound to: it is removed when this is dropped, if it is still the same one. Sockets that were
/// [inherited](super::inherited) have none, so the paths of systemd stay. See [`Socket::listen_at`].
#[derive(Debug)]
#[must_use = "the path is removed when this is dropped"]
pub struct Pathname {
    path: PathBuf,
    /// The file, until it is removed. As long as it is open, no other one can have its number.
    file: Option<OwnedFd>,
}

impl Pathname {
    /// The path, absolute.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.path
    }

    /// Removes the path now. False if it was not ours any more, and was left alone.
    ///
    /// ```
    /// use wirenut_linux::socket::Socket;
    /// let path = std::env::temp_dir().join(format!("wirenut-removed-{}", std::process::id()));
    /// let pathname = Socket::datagram()?.bind_pathname(&path, 0o600)?;
    /// std::fs::remove_file(&path)?;
    /// std::fs::write(&path, "somebody else's")?;
    /// assert_eq!(pathname.remove()?, false);
    /// std::fs::remove_file(&path)?; // it is still there
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The directory is gone, or may not be changed any more. `TimedOut`: another program has had it locked for seconds.
    pub fn remove(mut self) -> core::result::Result<bool, Error> {
        self.remove_if_same().map_err(|cause| Error::because("remove", &self.path.display(), cause))
    }

    /// Leaves the path where it is: it is another process's to remove, or nobody's.
    pub fn leave(mut self) {
        self.file = None;
    }

    /// The file that is at the path, for another process that is to remove it: see [`Self::taken_over`].
    ///
    /// ```
    /// use wirenut_linux::socket::{Pathname, Socket};
    /// let path = std::env::temp_dir().join(format!("wirenut-taken-over-{}", std::process::id()));
    /// let (listener, pathname) = Socket::stream()?.listen_at(&path, 0o600, 10)?;
    /// let file = pathname.file().unwrap().try_clone_to_owned()?;
    /// let theirs = Pathname::taken_over(pathname.as_path(), file);
    /// pathname.leave();
    /// assert!(path.exists());
    /// assert!(theirs.remove()?);
    /// # drop(listener);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn file(&self) -> Option<BorrowedFd<'_>> {
        self.file.as_ref().map(AsFd::as_fd)
    }

    /// What another process had, which has [left](Self::leave) it to this one: its path and its file. They may have come with a
    /// message by [`Socket::recv_descriptors`].
    pub fn taken_over(path: impl Into<PathBuf>, file: OwnedFd) -> Self {
        Self { path: path.into(), file: Some(file) }
    }

    fn remove_if_same(&mut self) -> core::result::Result<bool, Cause> {
        let Some(file) = self.file.take() else { return Ok(false) };
        let place = Place::lock(&self.path)?;
        match place.stat() {
            Ok(stat) if is_same(&stat, &fstat(file)?) => Ok(place.unlink().map(|()| true)?),
            Ok(_) | Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl Drop for Pathname {
    fn drop(&mut self) {
        if let Err(cause) = self.remove_if_same() {
            log::warn!("{}", Error::because("remove", &self.path.display(), cause));
        }
    }
}

impl<P: Local + Connection> Socket<P, Open> {
    /// Binds to a path and listens there, with these permissions (such as `0o600`; connecting needs the right to write),
    /// whatever the umask is.
    ///
    /// A socket that is there and that nobody has open any more is replaced; one that somebody has, or a file that is no
    /// socket, is left alone. Nobody can connect before the permissions are set. Two processes that do this at the same time
    /// take turns, by flock(2) on the directory: one of them gets `AddrInUse`. Whoever may read a directory may lock it, so
    /// the turn is waited for five seconds at most.
    ///
    /// ```
    /// use std::os::unix::fs::PermissionsExt;
    /// use wirenut_linux::socket::Socket;
    /// let path = std::env::temp_dir().join(format!("wirenut-{}", std::process::id()));
    /// for _ in 0..2 {
    ///     let (listener, pathname) = Socket::stream()?.listen_at(&path, 0o666, 10)?;
    ///     assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o666);
    ///     let error = Socket::stream()?.listen_at(&path, 0o600, 10).unwrap_err();
    ///     assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    ///     drop(listener);
    ///     std::mem::forget(pathname); // as a process that is killed leaves it
    /// }
    /// drop(Socket::stream()?.listen_at(&path, 0o600, 10)?);
    /// assert!(!path.exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `AddrInUse`: the path exists, and is not such a remainder. `NotFound`, `PermissionDenied`: of the directory.
    /// `TimedOut`: another program has the directory locked; the line says which, as far as the system tells. The path is
    /// longer than 107 bytes.
    pub fn listen_at(
        self,
        path: impl AsRef<Path>,
        permissions: u32,
        backlog: u32,
    ) -> core::result::Result<(Socket<P, Listening>, Pathname), Error> {
        // It listens before anybody else may look: one that does not is as good as nobody's.
        let pathname = self.bind_locked(path.as_ref(), permissions, || socket::listen(&self, backlog))?;
        Ok((self.into_state(), pathname))
    }
}

impl Socket<Datagram, Open> {
    /// Binds to a path, with permissions and care as [`Socket::listen_at`].
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Socket, UnixAddress};
    /// let path = std::env::temp_dir().join(format!("wirenut-datagrams-{}", std::process::id()));
    /// let socket = Socket::datagram()?;
    /// let pathname = socket.bind_pathname(&path, 0o600)?;
    /// assert_eq!(Socket::datagram()?.send_to(b"hello", &UnixAddress::pathname(&path)?)?, Attempt::Done(()));
    /// assert_eq!(socket.recv_from(&mut [0; 10])?.done().unwrap().0.length, 5);
    /// drop(pathname);
    /// assert!(!path.exists());
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// The same.
    pub fn bind_pathname(&self, path: impl AsRef<Path>, permissions: u32) -> core::result::Result<Pathname, Error> {
        self.bind_locked(path.as_ref(), permissions, || Ok(()))
    }
}

impl<P: Local> Socket<P, Open> {
    fn bind_locked(
        &self,
        path: &Path,
        permissions: u32,
        listen: impl Fn() -> Result<()>,
    ) -> core::result::Result<Pathname, Error> {
        let address = UnixAddress::pathname(path)?;
        let mode = Mode::from_raw_mode(permissions & 0o777);
        let bind = || {
            let place = Place::lock(path)?;
            // The system creates the path with these permissions, without those of the umask: too few of them for a moment.
            fchmod(self, mode)?;
            match rustix::net::bind(self, address.raw()) {
                Err(Errno::ADDRINUSE) if place.is_stale::<P>(&address)? => {
                    place.unlink()?;
                    rustix::net::bind(self, address.raw())?;
                }
                bound => bound?,
            }
            let path = std::path::absolute(path)?;
            let pathname = Pathname { path, file: Some(place.open(mode)?) };
            listen()?;
            Ok(pathname)
        };
        bind().map_err(|cause: Cause| Error::because("bind to", &address, cause))
    }
}

/// A directory that is locked, and a name in it.
struct Place<'a> {
    directory: OwnedFd,
    name: &'a OsStr,
}

impl<'a> Place<'a> {
    fn lock(path: &'a Path) -> core::result::Result<Self, Cause> {
        let name = path.file_name().ok_or(Errno::ISDIR)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = open(parent, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        directory_lock::acquire(&directory)?;
        Ok(Self { directory, name })
    }

    fn stat(&self) -> Result<Stat> {
        statat(&self.directory, self.name, AtFlags::SYMLINK_NOFOLLOW)
    }

    fn unlink(&self) -> Result<()> {
        unlinkat(&self.directory, self.name, AtFlags::empty())
    }

    /// A socket that nobody has: connecting to it is refused. One of another type is somebody's.
    fn is_stale<P: Local>(&self, address: &UnixAddress) -> Result<bool> {
        if FileType::from_raw_mode(self.stat()?.st_mode) != FileType::Socket {
            return Ok(false);
        }
        let probe = socket_with(AddressFamily::UNIX, P::TYPE, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
        Ok(connect(&probe, address.raw()) == Err(Errno::CONNREFUSED))
    }

    /// The file, with what the umask has taken of its permissions. Not through the path, which somebody may replace.
    fn open(&self, mode: Mode) -> Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.directory, self.name, flags, Mode::empty())?;
        if Mode::from_raw_mode(fstat(&file)?.st_mode & 0o777) != mode {
            chmod(format!("/proc/self/fd/{}", file.as_raw_fd()), mode)?;
        }
        Ok(file)
    }
}

fn is_same(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}
