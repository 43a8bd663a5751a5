//! The allocator of the whole program. In the sandbox's child it counts, and ends the process at a hard cap.
//!
//! Everywhere else counting is off and each call costs one relaxed load more than the system's allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// The exit code of a child that passed its hard cap.
pub const OUT_OF_MEMORY: i32 = 97;

static COUNTING: AtomicBool = AtomicBool::new(false);
static USED: AtomicUsize = AtomicUsize::new(0);
static CAP: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Memory allocated before counting began is freed later: start above zero so that the count never wraps.
const BEFORE: usize = 4 << 20;

/// Counts what is in use once [`cap`] was called, and exits with [`OUT_OF_MEMORY`] instead of passing the cap.
pub struct Counting;

/// Starts counting and sets the hard cap in bytes.
pub fn cap(bytes: usize) {
    USED.store(BEFORE, Relaxed);
    CAP.store(bytes.saturating_add(BEFORE), Relaxed);
    COUNTING.store(true, Relaxed);
}

/// Bytes in use since counting began; `None` where this allocator is not installed or does not count.
pub fn used() -> Option<usize> {
    let used = USED.load(Relaxed);
    (COUNTING.load(Relaxed) && used != BEFORE).then(|| used.saturating_sub(BEFORE))
}

#[inline]
fn grew(bytes: usize) {
    if COUNTING.load(Relaxed) {
        let before = USED.fetch_add(bytes, Relaxed);
        if before.saturating_add(bytes) > CAP.load(Relaxed) {
            stop();
        }
    }
}

#[inline]
fn shrank(bytes: usize) {
    if COUNTING.load(Relaxed) {
        USED.fetch_sub(bytes, Relaxed);
    }
}

/// The system has no more: in the child that is a limit of the process, and the end of it.
#[inline]
fn had(block: *mut u8) -> *mut u8 {
    if block.is_null() && COUNTING.load(Relaxed) {
        stop();
    }
    block
}

#[cold]
#[allow(unsafe_code)]
fn stop() -> ! {
    // SAFETY: `_exit` takes no pointer, allocates nothing and runs no destructor: it may be called from an allocator.
    unsafe { libc::_exit(OUT_OF_MEMORY) }
}

// SAFETY: every call goes to the system's allocator unchanged; the count on the side touches only atomics.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grew(layout.size());
        // SAFETY: the caller keeps `alloc`'s contract, which is the system allocator's too.
        had(unsafe { System.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grew(layout.size());
        // SAFETY: as in `alloc`.
        had(unsafe { System.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        shrank(layout.size());
        // SAFETY: `block` came from the system's allocator with this layout.
        unsafe { System.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size >= layout.size() {
            grew(size - layout.size());
        } else {
            shrank(layout.size() - size);
        }
        // SAFETY: `block` came from the system's allocator with this layout; the caller keeps `realloc`'s contract.
        had(unsafe { System.realloc(block, layout, size) })
    }
}
