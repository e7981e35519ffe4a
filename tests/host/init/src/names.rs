//! The names of schemes: `/scheme/NAME` leads to the root registered under NAME.
//!
//! The serving thread registers and looks up; the first thread waits for a name. The lock is held
//! for a look-up only, never during a system call that could come back here.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use core::sync::atomic::{AtomicU32, Ordering};

use zram_rt::Fd;
use zram_rt::errno::{Error, Result};
use zram_rt::futex::{self, Mutex};

/// Longest name of a scheme; ours have 6 characters.
const NAME_MAX: usize = 32;

/// Most names; the kernel has nine schemes.
const NAMES_MAX: usize = 64;

/// All registered schemes.
pub(crate) struct Names {
    /// A name whose server has died keeps its place, without a root.
    roots: Mutex<BTreeMap<String, Option<Fd>>>,
    /// Counts registrations, for those who wait for one.
    changes: AtomicU32,
}

impl Names {
    /// Returns a table without names.
    pub(crate) fn new() -> Self {
        Self { roots: Mutex::new(BTreeMap::new()), changes: AtomicU32::new(0) }
    }

    /// Checks that `name` may be registered.
    ///
    /// # Errors
    ///
    /// EINVAL for what is no name, EEXIST if it is taken, ENOSPC if the table is full.
    pub(crate) fn check(&self, name: &str) -> Result<()> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(is_letter) {
            return Err(Error::new(syscall::EINVAL));
        }
        let roots = self.roots.lock();
        match roots.get(name) {
            Some(Some(_)) => Err(Error::new(syscall::EEXIST)),
            Some(None) => Ok(()),
            None if roots.len() == NAMES_MAX => Err(Error::new(syscall::ENOSPC)),
            None => Ok(()),
        }
    }

    /// Registers `root` under `name`.
    ///
    /// # Errors
    ///
    /// Those of [`Names::check`].
    pub(crate) fn register(&self, name: &str, root: Fd) -> Result<()> {
        self.check(name)?;
        self.roots.lock().insert(name.to_string(), Some(root));
        self.announce();
        Ok(())
    }

    /// Notes that the server of a name is dead or never came; the name can be registered again.
    pub(crate) fn bury(&self, name: &str) {
        let root = self.roots.lock().insert(name.to_string(), None);
        drop(root);
    }

    /// Returns a descriptor of the root of `name`.
    ///
    /// # Errors
    ///
    /// ENOENT if the name is not registered; ENODEV if the program that registered it is dead.
    pub(crate) fn open(&self, name: &str) -> Result<Fd> {
        let roots = self.roots.lock();
        let root = roots.get(name).ok_or(Error::new(syscall::ENOENT))?;
        root.as_ref().ok_or(Error::new(syscall::ENODEV))?.dup(b"")
    }

    /// Returns the names, one a line.
    pub(crate) fn list(&self) -> String {
        let roots = self.roots.lock();
        let living = roots.iter().filter(|(_, root)| root.is_some());
        living.flat_map(|(name, _)| [name.as_str(), "\n"]).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.roots.lock().get(name).is_some_and(Option::is_some)
    }

    /// Wakes those who wait for a name, because something else has changed.
    pub(crate) fn announce(&self) {
        // Release pairs with the Acquire in `wait_for`.
        self.changes.fetch_add(1, Ordering::Release);
        futex::wake(&self.changes, u32::MAX);
    }

    /// Waits until `name` is registered; returns false once `is_hopeless` or at `deadline_ns`.
    pub(crate) fn wait_for(
        &self,
        name: &str,
        deadline_ns: u64,
        is_hopeless: impl Fn() -> bool,
    ) -> bool {
        loop {
            // Acquire pairs with the Release in `announce`.
            let seen = self.changes.load(Ordering::Acquire);
            if self.has(name) {
                return true;
            }
            if is_hopeless() || futex::wait(&self.changes, seen, Some(deadline_ns)).is_err() {
                return self.has(name);
            }
        }
    }
}
