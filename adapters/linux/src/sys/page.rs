//! mmap(2): a page of memory that a process shares with those that it forks later, for a short text.

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use rustix::io::Result;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// A multiple of what any machine has for a page would be the same to mmap(2).
const SIZE: usize = 4_096;
/// Longer texts are cut.
pub(crate) const MAX_TEXT: usize = SIZE - size_of::<AtomicU32>();

/// Memory for one text, which is written once: by this process, or by any that it forks.
#[derive(Debug)]
pub(crate) struct SharedText(NonNull<Page>);

#[repr(C)]
struct Page {
    /// That of the text and one more, since 0 is no text yet.
    length: AtomicU32,
    text: [AtomicU8; MAX_TEXT],
}

const _: () = assert!(size_of::<Page>() == SIZE);

impl SharedText {
    pub(crate) fn new() -> Result<Self> {
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: the kernel chooses an address where nothing is mapped yet.
        let address = unsafe { mmap_anonymous(ptr::null_mut(), SIZE, access, flags)? };
        // The kernel never maps the page at 0 unless it is asked for it.
        NonNull::new(address.cast()).map(Self).ok_or(rustix::io::Errno::NOMEM)
    }

    /// Notes the text, or as much of it as there is room for, in place of what was there.
    pub(crate) fn write(&self, text: &str) {
        let cut = &text.as_bytes()[..text.floor_char_boundary(MAX_TEXT)];
        let page = self.page();
        page.length.store(0, Ordering::Relaxed);
        page.text.iter().zip(cut).for_each(|(place, byte)| place.store(*byte, Ordering::Relaxed));
        page.length.store(u32::try_from(cut.len() + 1).unwrap_or(0), Ordering::Release);
    }

    /// The text, if there is one.
    pub(crate) fn read(&self) -> Option<String> {
        let page = self.page();
        let length = page.length.load(Ordering::Acquire).checked_sub(1)?;
        let bytes = page.text.iter().take(usize::try_from(length).unwrap_or(MAX_TEXT));
        let bytes: Vec<u8> = bytes.map(|byte| byte.load(Ordering::Relaxed)).collect();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn page(&self) -> &Page {
        // SAFETY: the mapping is as large as `Page` and begins at a page, is there until `self` is dropped, and holds zeroes
        // or what atomics have stored; other processes that have it store to it with atomics only.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for SharedText {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no reference to it outlives `self`. Other processes keep their own.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), SIZE) };
    }
}

// SAFETY: the mapping belongs to the process and not to a thread, and all access to it is by atomics.
unsafe impl Send for SharedText {}
// SAFETY: as above.
unsafe impl Sync for SharedText {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_text_and_cuts_a_long_one_between_characters() {
        let page = SharedText::new().unwrap();
        assert_eq!(page.read(), None);
        for (text, kept) in [("", ""), ("short", "short"), (&"ä".repeat(MAX_TEXT), &"ä".repeat(MAX_TEXT / 2))] {
            page.write(text);
            assert_eq!(page.read().as_deref(), Some(kept));
        }
    }
}
