//! Descriptors: which numbers are free, and the owned [`Fd`].
//!
//! On Redox user space chooses the number of a new descriptor. The map of used numbers is a row of
//! atomic words: taking one is a `fetch_or` that saw the bit clear. A number that the kernel finds
//! occupied all the same (EEXIST) stays taken here and the next one is tried. Relies on
//! `redox_syscall` and on the six-argument `SYS_OPENAT_INTO` below for kernels without its successor.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use syscall::data::StdFsCallMeta;
use syscall::flag::{CallFlags, MapFlags, StdFsCallKind};
use syscall::{Error, Map, Result, Stat, StatVfs};

use crate::memory::Mapping;
use crate::thread::THREADS_MAX;
use zram_rt_core::again;

/// Lower descriptors of a program; as many as the in-tree kernel gives a file table.
pub(crate) const SLOTS_MAX: usize = 1024;

// Relaxed is enough for every access: the words hand out numbers and guard no other memory.
static USED: [AtomicU64; GIVEN_MAX / 64] = [const { AtomicU64::new(0) }; GIVEN_MAX / 64];

/// Numbers below this are given out; those above are for the handles by which threads are ended, so that
/// whoever ends this program from outside knows where they are (`thread`).
pub(crate) const GIVEN_MAX: usize = SLOTS_MAX - THREADS_MAX;

const _: () = assert!(GIVEN_MAX.is_multiple_of(64));

/// Every number that was ever used is below this.
///
/// It only grows, because a copy of the file table keeps what was closed here afterwards.
static LIMIT: AtomicUsize = AtomicUsize::new(0);

/// Whether the kernel lacks SYS_OPENAT_INTO2. Relaxed: finding out twice does no harm.
static OLD_OPEN: AtomicBool = AtomicBool::new(false);

fn take_slot() -> Result<usize> {
    for (index, word) in USED.iter().enumerate() {
        let mut seen = word.load(Ordering::Relaxed);
        while seen != u64::MAX {
            let bit = seen.trailing_ones();
            seen = word.fetch_or(1 << bit, Ordering::Relaxed);
            if seen & (1 << bit) == 0 {
                let slot = index * 64 + bit as usize;
                LIMIT.fetch_max(slot + 1, Ordering::Relaxed);
                return Ok(slot);
            }
        }
    }
    Err(Error::new(syscall::EMFILE))
}

fn give_slot(slot: usize) {
    if let Some(word) = USED.get(slot / 64) {
        word.fetch_and(!(1 << (slot % 64)), Ordering::Relaxed);
    }
}

/// Runs `make` with free numbers until it does not find its number occupied.
fn in_free_slot(mut make: impl FnMut(usize) -> Result<usize>) -> Result<Fd> {
    loop {
        let slot = take_slot()?;
        match again(|| make(slot)) {
            Ok(_) => return Ok(Fd(slot)),
            // Somebody else put a descriptor there: the number stays taken.
            Err(error) if error.errno == syscall::EEXIST => {}
            Err(error) => {
                give_slot(slot);
                return Err(error);
            }
        }
    }
}

/// Marks numbers as used that the creator of the process filled.
pub(crate) fn adopt(slots: &[usize]) {
    for &slot in slots {
        if let Some(word) = USED.get(slot / 64) {
            word.fetch_or(1 << (slot % 64), Ordering::Relaxed);
            LIMIT.fetch_max(slot + 1, Ordering::Relaxed);
        }
    }
}

/// Returns a number above every one that was used so far: all descriptors in a copy of the file table
/// that was made before are below it.
///
/// Relaxed is enough: whoever put a descriptor there raised the limit before, and the kernel's lock
/// orders that system call before the copy, and the copy before this.
pub(crate) fn limit() -> usize {
    LIMIT.load(Ordering::Relaxed)
}

/// Closes a number that no [`Fd`] owns; an unused one is ignored.
pub(crate) fn close_raw(slot: usize) {
    // SAFETY: closing touches no memory of ours.
    let _ = unsafe { syscall::syscall1(syscall::SYS_CLOSE, slot) };
    if slot < SLOTS_MAX {
        give_slot(slot);
    }
}

/// An open descriptor; dropping it closes it.
#[derive(Debug)]
pub struct Fd(usize);

impl Fd {
    /// Takes over a descriptor by number.
    pub fn from_raw(number: usize) -> Self {
        adopt(&[number]);
        Self(number)
    }

    /// Returns the number.
    pub fn raw(&self) -> usize {
        self.0
    }

    /// Gives the number up without closing it: it was moved away, or stays open for ever.
    pub fn into_raw(self) -> usize {
        let number = self.0;
        core::mem::forget(self);
        number
    }

    /// Forgets a descriptor that a call has moved out of the file table; its number is free again.
    pub(crate) fn moved_away(self) {
        give_slot(self.into_raw());
    }

    /// Opens `path` relative to the descriptor `directory`.
    ///
    /// # Errors
    ///
    /// What the scheme of `directory` answers; EMFILE without a free number.
    pub(crate) fn open_at(directory: usize, path: &str, flags: usize) -> Result<Self> {
        in_free_slot(|slot| open_into(directory, slot, path, flags))
    }

    /// Opens `path` relative to `directory` under a number of the caller's choice.
    ///
    /// # Errors
    ///
    /// What the scheme answers; EEXIST if the number is occupied.
    pub fn open_at_number(
        directory: usize,
        number: usize,
        path: &str,
        flags: usize,
    ) -> Result<Self> {
        again(|| open_into(directory, number, path, flags))?;
        Ok(Self::from_raw(number))
    }

    /// Returns what the scheme of `descriptor` makes of `name`; with an empty name, a clone.
    ///
    /// # Errors
    ///
    /// What the scheme answers; EMFILE without a free number.
    pub fn dup_of(descriptor: usize, name: &[u8]) -> Result<Self> {
        in_free_slot(|slot| syscall::dup_into(descriptor, slot, name))
    }

    /// Returns what the scheme of `descriptor` makes of `name`, under a number that is not given out.
    ///
    /// # Errors
    ///
    /// What the scheme answers; EEXIST if the number is occupied.
    pub(crate) fn dup_at_number(descriptor: usize, number: usize, name: &[u8]) -> Result<Self> {
        again(|| syscall::dup_into(descriptor, number, name)).map(|_| Self(number))
    }

    /// Returns what the scheme makes of `name`; see [`Fd::dup_of`].
    ///
    /// # Errors
    ///
    /// What the scheme answers.
    pub fn dup(&self, name: &[u8]) -> Result<Self> {
        Self::dup_of(self.0, name)
    }

    /// Receives a descriptor through `receive`, which is told the free number to use.
    pub(crate) fn received(receive: impl FnMut(usize) -> Result<usize>) -> Result<Self> {
        in_free_slot(receive)
    }

    /// Reads at the descriptor's position.
    ///
    /// # Errors
    ///
    /// What the scheme answers.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        read_from(self.0, buffer)
    }

    /// Writes at the descriptor's position; returns how many bytes were taken.
    ///
    /// # Errors
    ///
    /// What the scheme answers.
    pub fn write(&self, bytes: &[u8]) -> Result<usize> {
        write_to(self.0, bytes)
    }

    /// Reads at `offset`, leaving the position alone.
    ///
    /// # Errors
    ///
    /// What the scheme answers.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let (address, length) = (buffer.as_mut_ptr() as usize, buffer.len());
        let words = [self.0, address, length, offset as usize, usize::MAX];
        // SAFETY: the kernel writes at most `length` bytes to `address`: an exclusive borrow.
        again(|| unsafe { with_five(syscall::SYS_READ2, words) })
    }

    /// Writes at `offset`, leaving the position alone.
    ///
    /// # Errors
    ///
    /// What the scheme answers.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> Result<usize> {
        let (address, length) = (bytes.as_ptr() as usize, bytes.len());
        let words = [self.0, address, length, offset as usize, usize::MAX];
        // SAFETY: the kernel only reads `length` bytes from `address`.
        again(|| unsafe { with_five(syscall::SYS_WRITE2, words) })
    }

    /// Returns the size of the file.
    ///
    /// # Errors
    ///
    /// What the scheme answers to fstat.
    pub fn size(&self) -> Result<u64> {
        let mut stat = Stat::default();
        again(|| syscall::fstat(self.0, &mut stat))?;
        Ok(stat.st_size)
    }

    /// Returns the totals of a file system, or of the machine's memory.
    ///
    /// # Errors
    ///
    /// What the scheme answers.
    pub fn totals(&self) -> Result<StatVfs> {
        let mut totals = StatVfs::default();
        let meta = StdFsCallMeta::new(StdFsCallKind::Fstatvfs, 0, 0);
        again(|| syscall::std_fs_call(self.0, &mut totals, &meta))?;
        Ok(totals)
    }

    /// Makes a `SYS_CALL` whose payload goes both ways.
    ///
    /// # Errors
    ///
    /// What the scheme answers; EOPNOTSUPP if it does not know the verb in `words`.
    pub fn call(&self, payload: &mut [u8], words: &[u64]) -> Result<usize> {
        again(|| syscall::call_rw(self.0, payload, CallFlags::empty(), words))
    }

    /// Makes a `SYS_CALL` that hands `passed` over to the scheme.
    ///
    /// # Errors
    ///
    /// What the scheme answers; `passed` is gone from this program either way.
    pub fn call_with_fd(&self, passed: Self, words: &[u64]) -> Result<usize> {
        let payload = passed.raw().to_ne_bytes();
        // Should it have gone away before an interruption, its number is empty now and still ours.
        let result = again(|| syscall::call_wo(self.0, &payload, CallFlags::FD, words));
        match result {
            Ok(_) => passed.moved_away(),
            // Where it went depends on how far the call came; closing an empty number is harmless.
            Err(_) => drop(passed),
        }
        result
    }

    /// Maps `size` bytes of the file from `offset` on, shared, for reading and writing.
    ///
    /// # Errors
    ///
    /// What the scheme answers; ENOMEM.
    pub fn map_shared(&self, offset: usize, size: usize) -> Result<Mapping> {
        let flags = MapFlags::PROT_READ | MapFlags::PROT_WRITE | MapFlags::MAP_SHARED;
        Mapping::of(self.0, &Map { offset, size, flags, address: 0 })
    }
}

impl Drop for Fd {
    fn drop(&mut self) {
        close_raw(self.0);
    }
}

/// Reads at the position of a descriptor that no [`Fd`] need own; returns how many bytes there were.
///
/// # Errors
///
/// What its scheme answers.
pub(crate) fn read_from(descriptor: usize, buffer: &mut [u8]) -> Result<usize> {
    again(|| syscall::read(descriptor, buffer))
}

/// Writes to a descriptor that no [`Fd`] need own; returns how many bytes were taken.
///
/// # Errors
///
/// What its scheme answers.
pub(crate) fn write_to(descriptor: usize, bytes: &[u8]) -> Result<usize> {
    again(|| syscall::write(descriptor, bytes))
}

/// Makes system call `number`.
///
/// # Safety
///
/// As for the system call with these words.
unsafe fn with_five(number: usize, [a, b, c, d, e]: [usize; 5]) -> Result<usize> {
    // SAFETY: forwarded from the caller.
    unsafe { syscall::syscall5(number, a, b, c, d, e) }
}

fn open_into(directory: usize, slot: usize, path: &str, flags: usize) -> Result<usize> {
    if !OLD_OPEN.load(Ordering::Relaxed) {
        match syscall::openat_into(directory, slot, path, flags, 0) {
            Err(error) if error.errno == syscall::ENOSYS => OLD_OPEN.store(true, Ordering::Relaxed),
            result => return result,
        }
    }
    openat_into_with_six(directory, slot, path, flags)
}

/// SYS_OPENAT_INTO, which kernels before redox_syscall 0.9.5 have; its slot travels in r9.
fn openat_into_with_six(directory: usize, slot: usize, path: &str, flags: usize) -> Result<usize> {
    let result: usize;
    // SAFETY: the kernel reads the path, which is borrowed for the call, and fills a descriptor
    // number; it clobbers rax, rcx, r11 and keeps every other register but the vector ones.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") syscall::SYS_OPENAT_INTO => result,
            in("rdi") directory,
            in("rsi") path.as_ptr(),
            in("rdx") path.len(),
            in("r10") flags,
            in("r8") 0_usize,
            in("r9") slot,
            out("rcx") _,
            out("r11") _,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
            out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
            out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
            options(nostack),
        );
    }
    Error::demux(result)
}
