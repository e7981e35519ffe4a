//! The atomics and the lock that swap entries are counted with; loom replaces both under
//! `--cfg loom`.
//!
//! The lock is a leaf: it is held over one lookup and one change of a word, and by the pager over
//! the exchange of a list, never while anything else is called.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering,
};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering,
};

/// A lock that many read and the pager alone writes.
#[derive(Debug)]
pub(crate) struct Leaf<T> {
    #[cfg(not(loom))]
    inner: spin::RwLock<T>,
    #[cfg(loom)]
    inner: loom::sync::RwLock<T>,
}

impl<T> Leaf<T> {
    /// Returns a lock around `inner`.
    pub(crate) fn new(inner: T) -> Self {
        #[cfg(not(loom))]
        let inner = spin::RwLock::new(inner);
        #[cfg(loom)]
        let inner = loom::sync::RwLock::new(inner);
        Self { inner }
    }

    /// Looks at it.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        #[cfg(not(loom))]
        let guard = self.inner.read();
        #[cfg(loom)]
        let guard = self.inner.read().unwrap();
        look(&guard)
    }

    /// Changes it.
    pub(crate) fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(not(loom))]
        let mut guard = self.inner.write();
        #[cfg(loom)]
        let mut guard = self.inner.write().unwrap();
        change(&mut guard)
    }
}
