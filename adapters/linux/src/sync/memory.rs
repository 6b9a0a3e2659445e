//! Where something lies that processes share.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{MemfdFlags, Mode, memfd_create};
use rustix::io::Errno;
use rustix::shm;
use zerocopy::FromBytes;

use super::identity::this_process;
use crate::error::Error;
use crate::sys::memory::{Object, Refusal, Shareable};

/// Plain data: bytes, of which any are a value. No pointers, no `bool`, no `enum`.
///
/// It is all that can lie in memory which another process changes, or is killed over. Implemented for whatever has
/// [`zerocopy::FromBytes`]: numbers, atomics, arrays, and structures that derive it.
///
/// ```
/// use core::sync::atomic::AtomicU64;
/// #[derive(zerocopy::FromBytes)]
/// #[repr(C)]
/// struct Counters {
///     requests: AtomicU64,
///     errors: AtomicU64,
/// }
/// fn is_plain<T: wirenut_linux::sync::Plain>() {}
/// is_plain::<Counters>();
/// ```
///
/// A reference is not:
///
/// ```compile_fail
/// fn is_plain<T: wirenut_linux::sync::Plain>() {}
/// is_plain::<&str>();
/// ```
pub trait Plain: FromBytes + Send + Sync + 'static {}

impl<T: FromBytes + Send + Sync + 'static> Plain for T {}

/// Memory for one thing that processes share, before it is made or attached to.
///
/// *Anonymous* memory is all that related processes need: a child that is forked has what its parent had, and a stranger
/// gets the descriptor over a [Unix socket](crate::socket). It vanishes with the last process that has it, however that
/// ends; its size is sealed: memfd_create(2). *Named* memory is for strangers; it stays until it is
/// [removed](Self::remove): shm_overview(7).
///
/// One thing is made in it, once, by who created it: to make another is an error
/// ([`AlreadyExists`](std::io::ErrorKind::AlreadyExists)). All others attach.
///
/// ```
/// use wirenut_linux::sync::{Lock, Memory};
///
/// let name = format!("wirenut-doc-{}", std::process::id());
/// let ours = Lock::new_in(Memory::create(&name)?, 7_u32)?;
/// let theirs = Lock::<u32>::attach(Memory::open(&name)?)?; // in another program
/// *theirs.lock()?.into_inner() += 1;
/// assert_eq!(*ours.lock()?.into_inner(), 8);
/// Memory::remove(&name)?;
///
/// let passed = Memory::from(std::os::fd::AsFd::as_fd(&ours).try_clone_to_owned()?);
/// assert!(Lock::<u32>::attach(passed).is_err()); // named memory could shrink under its readers
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Memory {
    descriptor: OwnedFd,
    name: Option<Box<str>>,
    /// Another process has created it, and makes something in it.
    is_opened: bool,
}

impl Memory {
    /// New memory without a name.
    ///
    /// # Errors
    /// The process or the system has no descriptor or no memory left.
    pub fn anonymous() -> Result<Self, Error> {
        let descriptor = memfd_create("wirenut", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)
            .map_err(|errno| Error::plain("make shared memory", errno))?;
        Ok(Self { descriptor, name: None, is_opened: false })
    }

    /// New memory by which strangers find it: /dev/shm/NAME, for processes of this user alone (mode 0600). A name is at most
    /// 254 bytes without a slash.
    ///
    /// Whoever opens it can change all that lies there, and shrink it, which kills those that look at it: share a name with
    /// programs that you trust.
    ///
    /// # Errors
    /// There is memory of that name ([`AlreadyExists`](std::io::ErrorKind::AlreadyExists)), or it is no name.
    pub fn create(name: &str) -> Result<Self, Error> {
        Self::by_name("create shared memory", name, shm::OFlags::CREATE | shm::OFlags::EXCL)
    }

    /// Memory that another process has made by [`Self::create`].
    ///
    /// # Errors
    /// There is none of that name ([`NotFound`](std::io::ErrorKind::NotFound)), or it is another user's.
    pub fn open(name: &str) -> Result<Self, Error> {
        Self::by_name("open shared memory", name, shm::OFlags::empty())
    }

    /// Removes a name. Who has attached keeps the memory.
    ///
    /// # Errors
    /// There is no memory of that name.
    pub fn remove(name: &str) -> Result<(), Error> {
        path(name).and_then(shm::unlink).map_err(|errno| Error::of("remove shared memory", &name, errno))
    }

    fn by_name(operation: &'static str, name: &str, flags: shm::OFlags) -> Result<Self, Error> {
        let descriptor = path(name)
            .and_then(|path| shm::open(path, flags | shm::OFlags::RDWR, Mode::RUSR | Mode::WUSR))
            .map_err(|errno| Error::of(operation, &name, errno))?;
        Ok(Self { descriptor, name: Some(name.into()), is_opened: !flags.contains(shm::OFlags::CREATE) })
    }

    /// Makes something in it: `kind` says what.
    pub(super) fn make<H: Shareable, E: Shareable>(
        self,
        kind: &'static str,
        head: H::Initial,
        elements: usize,
        element: Option<&mut dyn FnMut(usize) -> E::Initial>,
    ) -> Result<Object<H, E>, Error> {
        let Self { descriptor, name, is_opened } = self;
        if is_opened {
            return Err(Error::of("make in shared memory", &kind, Errno::EXIST));
        }
        Object::create(descriptor, name.is_none(), hash(kind), head, elements, element, this_process).map_err(|errno| {
            // Nobody can attach to what was not made. Where it is another's already, the name is that one's.
            if let Some(path) = name.filter(|_| errno != Errno::EXIST).and_then(|name| path(&name).ok()) {
                let _ = shm::unlink(path);
            }
            Error::of("make in shared memory", &kind, errno)
        })
    }

    /// Attaches to something of that kind.
    pub(super) fn find<H: Shareable, E: Shareable>(self, kind: &'static str) -> Result<Object<H, E>, Error> {
        let Self { descriptor, name, .. } = self;
        let failed = |cause: std::io::Error| {
            let place = name.as_deref().map_or_else(String::new, |name| format!(" in shared memory {name}"));
            Error::because("attach to", &format_args!("{kind}{place}"), cause)
        };
        let told = |kind, text: &'static str| failed(std::io::Error::new(kind, text));
        Object::attach(descriptor, name.is_none(), hash(kind), this_process).map_err(|refusal| match refusal {
            Refusal::System(errno) => failed(errno.into()),
            Refusal::Other => told(std::io::ErrorKind::InvalidData, "it holds something else, or of another size"),
            Refusal::MayShrink => told(std::io::ErrorKind::InvalidData, "it is not sealed, so it could shrink"),
            Refusal::NotReady => told(std::io::ErrorKind::WouldBlock, "who creates it has not finished"),
        })
    }
}

/// Memory that has come as a descriptor: anonymous memory of another process.
impl From<OwnedFd> for Memory {
    fn from(descriptor: OwnedFd) -> Self {
        Self { descriptor, name: None, is_opened: false }
    }
}

impl AsFd for Memory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn path(name: &str) -> Result<String, Errno> {
    let is_one = !name.is_empty() && name.len() < 255 && !name.contains(['/', '\0']) && name != "." && name != "..";
    if is_one { Ok(format!("/{name}")) } else { Err(Errno::INVAL) }
}

/// FNV-1a, which tells a few words apart.
const fn hash(text: &str) -> u64 {
    let (mut hash, mut bytes) = (0xcbf2_9ce4_8422_2325_u64, text.as_bytes());
    while let [byte, rest @ ..] = bytes {
        hash = (hash ^ *byte as u64).wrapping_mul(0x100_0000_01b3);
        bytes = rest;
    }
    hash
}
