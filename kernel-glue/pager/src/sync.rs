//! The atomics and the lock with which swap entries are counted; loom replaces both under `--cfg
//! loom`.
//!
//! The lock is a leaf: a hook holds it for one lookup and one change of a word, the pager for the
//! exchange of a list; nothing else is called while it is held.

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
