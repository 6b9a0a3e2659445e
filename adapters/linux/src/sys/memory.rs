//! Memory that several processes see, with one value in it: mmap(2), memfd_create(2), shm_open(3).
//!
//! An [`Object`] is a header that says what lies there, a head `H`, and a slice of `E`. Who attaches to it must ask for
//! the same, or gets an error. Nothing in it is ever dropped: its types are bytes, or locks around bytes.

use core::mem::{align_of, size_of};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicU64, Ordering};
use core::{fmt, slice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FallocateFlags, SealFlags, fallocate, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate};
use rustix::io::{Errno, retry_on_intr};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use zerocopy::FromBytes;

/// What may lie in memory that other processes see, and change.
///
/// # Safety
/// Any bytes that another process can have left there are a valid value, except for what [`initialise`](Self::initialise)
/// has made and only this crate's code changes. It holds no pointer into one process. Behind `&Self` nothing changes but
/// atomics, or what a lock of the same memory protects. All-zero bytes are a valid value.
pub(crate) unsafe trait Shareable: Sync + Send + Sized + 'static {
    /// What it is made of.
    type Initial;

    /// Its bytes without what fills gaps between its parts: two types with gaps can be of one size, and differ.
    const BYTES: usize = size_of::<Self>();

    /// Makes a value in zeroed memory.
    ///
    /// # Safety
    /// `place` is aligned, valid for writes, and nobody else looks at it yet.
    unsafe fn initialise(place: *mut Self, initial: Self::Initial) -> Result<(), Errno>;

    /// Whether a lock in it is held by the process `identity`, so that the memory must stay.
    fn is_held_by(&self, _identity: u64) -> bool {
        false
    }
}

// SAFETY: `FromBytes` promises that any bytes are a value, which excludes pointers; `Sync` that nothing but atomics changes
// behind a reference.
unsafe impl<T: FromBytes + Sync + Send + 'static> Shareable for T {
    type Initial = T;

    // SAFETY: demands of its caller what the trait does.
    unsafe fn initialise(place: *mut T, initial: T) -> Result<(), Errno> {
        // SAFETY: as the caller promises.
        unsafe { place.write(initial) };
        Ok(())
    }
}

/// Two things, one after the other.
#[repr(C)]
pub(crate) struct Pair<A, B>(pub(crate) A, pub(crate) B);

// SAFETY: both parts are.
unsafe impl<A: Shareable, B: Shareable> Shareable for Pair<A, B> {
    type Initial = (A::Initial, B::Initial);

    const BYTES: usize = A::BYTES + B::BYTES;

    // SAFETY: demands of its caller what the trait does, for both parts.
    unsafe fn initialise(place: *mut Self, (first, second): Self::Initial) -> Result<(), Errno> {
        // SAFETY: the parts of a valid place are valid places.
        unsafe {
            A::initialise(&raw mut (*place).0, first)?;
            B::initialise(&raw mut (*place).1, second)
        }
    }

    fn is_held_by(&self, identity: u64) -> bool {
        self.0.is_held_by(identity) || self.1.is_held_by(identity)
    }
}

/// What stands before the head. As large as a line of the processor's cache, so the head is aligned for anything.
#[derive(FromBytes)]
#[repr(C, align(64))]
struct Header {
    /// [`READY`] when all the rest is there: written last.
    ready: AtomicU64,
    kind: u64,
    head_size: u64,
    head_bytes: u64,
    element_size: u64,
    elements: u64,
}

/// Says that this is ours, in this layout: "wirenut" and a version.
const READY: u64 = u64::from_le_bytes(*b"wirenut\x01");

/// Why memory could not be attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    System(Errno),
    /// It holds something else, or something of another size.
    Other,
    /// It could shrink, and a process that looks at what is gone is killed (SIGBUS).
    MayShrink,
    /// Who makes it has not finished.
    NotReady,
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self::System(errno)
    }
}

/// A head and a slice, in memory that this process has mapped. It stays mapped as long as this lives.
pub(crate) struct Object<H: Shareable, E: Shareable> {
    descriptor: OwnedFd,
    head: NonNull<H>,
    elements: NonNull<[E]>,
    mapped: usize,
    identity: fn() -> u64,
}

// SAFETY: it gives out shared references alone, and both types may be shared between threads.
unsafe impl<H: Shareable, E: Shareable> Send for Object<H, E> {}
// SAFETY: as above.
unsafe impl<H: Shareable, E: Shareable> Sync for Object<H, E> {}

impl<H: Shareable, E: Shareable> Object<H, E> {
    /// The head begins behind the header, and so does the slice behind the head.
    const HEAD: usize = size_of::<Header>();
    const ELEMENTS: usize = (Self::HEAD + size_of::<H>()).next_multiple_of(64);
    const FITS: () = assert!(align_of::<H>() <= 64 && align_of::<E>() <= 64, "aligned to more than a line of cache");

    fn size(elements: usize) -> Option<usize> {
        elements.checked_mul(size_of::<E>())?.checked_add(Self::ELEMENTS).filter(|size| isize::try_from(*size).is_ok())
    }

    /// Makes a value in new, empty memory; `EXIST` where something is already: whoever has mapped it would see it shrink or
    /// change. `element` is called for each element; without it they are zero, and take no memory until they are written.
    /// `is_sealed`: the memory is to keep its size for ever. Memory with a name cannot promise that; as the place for such
    /// memory is bounded, all of it is taken at once.
    pub(crate) fn create(
        descriptor: OwnedFd,
        is_sealed: bool,
        kind: u64,
        head: H::Initial,
        elements: usize,
        element: Option<&mut dyn FnMut(usize) -> E::Initial>,
        identity: fn() -> u64,
    ) -> Result<Self, Errno> {
        let size = Self::size(elements).ok_or(Errno::NOMEM)?;
        let length = u64::try_from(size).map_err(|_| Errno::NOMEM)?;
        if fstat(&descriptor)?.st_size != 0 {
            return Err(Errno::EXIST);
        }
        ftruncate(&descriptor, length)?;
        if is_sealed {
            fcntl_add_seals(&descriptor, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
            // Of two that come here at once, with descriptors of the same memory, the seals let one pass.
            if fstat(&descriptor)?.st_size.cast_unsigned() != length {
                return Err(Errno::EXIST);
            }
        } else {
            retry_on_intr(|| fallocate(&descriptor, FallocateFlags::empty(), 0, length))?;
        }
        let object = Self::map(descriptor, size, elements, identity)?;
        // SAFETY: the places are aligned and inside of the mapping, whose memory is zeroed; nobody attaches before `ready`.
        unsafe {
            H::initialise(object.head.as_ptr(), head)?;
            // What takes no memory is not made, however many there are to be.
            if let Some(element) = element.filter(|_| size_of::<E>() != 0) {
                let first: *mut E = object.elements.as_ptr().cast();
                for index in 0..elements {
                    E::initialise(first.add(index), element(index))?;
                }
            }
            let header = object.header();
            (*header).kind = kind;
            (*header).head_size = size_of::<H>() as u64;
            (*header).head_bytes = H::BYTES as u64;
            (*header).element_size = size_of::<E>() as u64;
            (*header).elements = elements as u64;
            (*header).ready.store(READY, Ordering::Release);
        }
        Ok(object)
    }

    /// Attaches to a value that another process has made, of the same kind and types.
    pub(crate) fn attach(
        descriptor: OwnedFd,
        must_be_sealed: bool,
        kind: u64,
        identity: fn() -> u64,
    ) -> Result<Self, Refusal> {
        if must_be_sealed && !fcntl_get_seals(&descriptor).is_ok_and(|seals| seals.contains(SealFlags::SHRINK)) {
            return Err(Refusal::MayShrink);
        }
        let found = usize::try_from(fstat(&descriptor)?.st_size).map_err(|_| Refusal::Other)?;
        if found < Self::ELEMENTS {
            return Err(if found == 0 { Refusal::NotReady } else { Refusal::Other });
        }
        let probe = Self::map(descriptor, Self::ELEMENTS, 0, identity)?;
        // SAFETY: the header is inside of the mapping; any bytes are a header. Its fields do not change once it is ready.
        let header = unsafe { &*probe.header() };
        match header.ready.load(Ordering::Acquire) {
            READY => {}
            0 => return Err(Refusal::NotReady),
            _ => return Err(Refusal::Other),
        }
        let same = header.kind == kind
            && header.head_size == size_of::<H>() as u64
            && header.head_bytes == H::BYTES as u64
            && header.element_size == size_of::<E>() as u64;
        let elements = usize::try_from(header.elements).map_err(|_| Refusal::Other)?;
        let size = Self::size(elements).filter(|size| same && *size == found).ok_or(Refusal::Other)?;
        let descriptor =
            probe.descriptor.try_clone().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        Ok(Self::map(descriptor, size, elements, identity)?)
    }

    fn map(descriptor: OwnedFd, size: usize, elements: usize, identity: fn() -> u64) -> Result<Self, Errno> {
        let () = Self::FITS;
        // SAFETY: a new mapping at a place of the kernel's choice touches no memory of ours.
        let start = unsafe {
            mmap(ptr::null_mut(), size, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &descriptor, 0)?
        };
        let start = NonNull::new(start.cast::<u8>()).ok_or(Errno::NOMEM)?;
        // SAFETY: both offsets are at most `size`, and multiples of 64 from the start of a page.
        let (head, first) = unsafe { (start.add(Self::HEAD).cast(), start.add(Self::ELEMENTS).cast()) };
        let elements = NonNull::slice_from_raw_parts(first, elements);
        Ok(Self { descriptor, head, elements, mapped: size, identity })
    }

    fn start(&self) -> *mut u8 {
        // SAFETY: the head lies so far behind the start of the mapping.
        unsafe { self.head.as_ptr().cast::<u8>().sub(Self::HEAD) }
    }

    fn header(&self) -> *mut Header {
        self.start().cast()
    }

    pub(crate) fn head(&self) -> &H {
        // SAFETY: it was made by `create`, here or elsewhere, and is mapped as long as `self` lives; only atomics and what
        // a lock protects change behind the reference, as `Shareable` promises.
        unsafe { self.head.as_ref() }
    }

    pub(crate) fn elements(&self) -> &[E] {
        // SAFETY: as above.
        unsafe { slice::from_raw_parts(self.elements.as_ptr().cast(), self.elements.len()) }
    }
}

impl<H: Shareable, E: Shareable> AsFd for Object<H, E> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl<H: Shareable, E: Shareable> fmt::Debug for Object<H, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("descriptor", &self.descriptor).field("elements", &self.elements.len()).finish()
    }
}

impl<H: Shareable, E: Shareable> Drop for Object<H, E> {
    fn drop(&mut self) {
        // A guard that was forgotten: the C library's list of locks that this thread holds leads through the memory.
        // (The header says whether there is a head at all: not in memory that is only looked at, or half made.)
        // SAFETY: the header is mapped, and any bytes are one.
        let is_made = unsafe { (*self.header()).ready.load(Ordering::Acquire) } == READY;
        if is_made && self.head().is_held_by((self.identity)()) {
            return;
        }
        // SAFETY: nothing borrows from `self`, and no lock of this process lies there.
        let _ = unsafe { munmap(self.start().cast(), self.mapped) };
    }
}
