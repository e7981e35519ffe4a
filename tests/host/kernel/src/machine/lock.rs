//! The kernel lock: one CPU at a time is in the kernel proper.
//!
//! Interrupts are off in ring 0, so a CPU that waits here serves the shootdowns that wait for it;
//! otherwise the lock's holder could wait for this CPU for ever. The lock is not fair: under
//! emulation a ticket would often be given to a CPU whose host thread is not running. But no CPU
//! starves: a program that unmaps a gigabyte enters again for each piece, a moment after the last,
//! and on a busy host that kept another CPU out for the whole time. So a CPU that has waited for
//! [`PATIENCE`] has the next turn, and the others wait for it.

#![expect(unsafe_code, reason = "a lock")]

use super::shootdown;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use zram_abi::CpuId;

/// Looks at a held lock after which a CPU asks for the next turn: about a millisecond under emulation.
const PATIENCE: u32 = 10_000;

/// [`KernelLock::turn`] when nobody has asked; CPUs are smaller.
const NOBODY: usize = usize::MAX;

/// A spin lock around `T`, held from the start until there is a `T`.
pub(crate) struct KernelLock<T> {
    is_held: AtomicBool,
    /// The CPU that has the next turn. It waits in [`Self::lock`], with interrupts off, and so will take it.
    turn: AtomicUsize,
    content: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the lock gives the content to one CPU at a time.
unsafe impl<T: Send> Sync for KernelLock<T> {}

impl<T> KernelLock<T> {
    /// Returns a lock without content; who locks it waits for `install`.
    pub(super) const fn new() -> Self {
        Self {
            is_held: AtomicBool::new(true),
            turn: AtomicUsize::new(NOBODY),
            content: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Puts the content in and returns with the lock held.
    ///
    /// # Safety
    /// Called once, before anybody could have the lock.
    pub(super) unsafe fn install(&self, content: T) -> KernelGuard<'_, T> {
        // SAFETY: the lock is held since it was made, by the caller's promise on our behalf.
        let place = unsafe { &mut *self.content.get() };
        place.write(content);
        KernelGuard { lock: self }
    }

    /// Waits for the lock, serving the shootdowns of this CPU meanwhile.
    pub(super) fn lock(&self, cpu: CpuId) -> KernelGuard<'_, T> {
        let mut looks = 0_u32;
        // Acquire pairs with the Release in the guard's drop: the content is seen as it was left.
        while self.is_anothers_turn(cpu) || self.is_held.swap(true, Ordering::Acquire) {
            // Relaxed is enough: the swap above decides.
            while self.is_held.load(Ordering::Relaxed) || self.is_anothers_turn(cpu) {
                shootdown::serve_in_kernel(cpu);
                core::hint::spin_loop();
                looks = looks.saturating_add(1);
                if looks.is_multiple_of(PATIENCE) {
                    let _ = self.change_turn(NOBODY, cpu.index());
                }
            }
        }
        if looks >= PATIENCE {
            let _ = self.change_turn(cpu.index(), NOBODY);
        }
        KernelGuard { lock: self }
    }

    fn is_anothers_turn(&self, cpu: CpuId) -> bool {
        let turn = self.turn.load(Ordering::Relaxed);
        turn != NOBODY && turn != cpu.index()
    }

    /// Changes whose turn is next, if it is still `from`'s.
    fn change_turn(&self, from: usize, to: usize) -> Result<usize, usize> {
        // Relaxed: a turn only delays others, and exclusion is by `is_held` alone.
        self.turn.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed)
    }
}

/// The right to the content; holding it proves that no other CPU is in the kernel proper.
pub(super) struct KernelGuard<'a, T> {
    lock: &'a KernelLock<T>,
}

impl<T> Deref for KernelGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held, so nobody else has the content.
        let content = unsafe { &*self.lock.content.get() };
        // SAFETY: a guard exists only after `install` wrote the content.
        unsafe { content.assume_init_ref() }
    }
}

impl<T> DerefMut for KernelGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, so nobody else has the content.
        let content = unsafe { &mut *self.lock.content.get() };
        // SAFETY: a guard exists only after `install` wrote the content.
        unsafe { content.assume_init_mut() }
    }
}

impl<T> Drop for KernelGuard<'_, T> {
    fn drop(&mut self) {
        // Release pairs with the Acquire in `lock`.
        self.lock.is_held.store(false, Ordering::Release);
    }
}
