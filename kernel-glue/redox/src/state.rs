//! The pager, its lock, and what its ports own.
//!
//! The pager is made when the daemon opens its first queue; until then every hook costs one relaxed
//! load. Its lock spins as all locks of the kernel do, answering shootdowns meanwhile ([`Relax`]).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use once_cell::race::OnceBox;
use spin::mutex::SpinMutex;
use swap_pager::ports::{CpuId, KillReason, SpaceId, Waiter};
use swap_pager::{Bounds, Caller, Config, Entries, Pager, Watermarks};
use zram_abi::error::{ENOMEM, EOPNOTSUPP};

use crate::held::Held;
use crate::ports::Machine;
use crate::queue::Line;
use crate::scheme::Files;
use crate::spaces::{Registry, SPACES_MAX};
use crate::{Errno, Kernel, SpaceKey};

/// Contexts that can wait at once; one more waits for a number first.
pub(crate) const WAITERS_MAX: u32 = 1024;

/// CPUs that the pager can tell apart ([`CpuId`]), which are as many as Redox can have on this machine.
pub(crate) const CPUS_MAX: usize = 128;

/// Programs that can be protected at once: the first one, its shell, and two more.
const PROTECTED_MAX: usize = 4;

/// Frames of the reserve for each CPU: the pages of a batch, if none of them compresses to less than a
/// page, and once more for what the pool commits at once in each size class.
const RESERVE_FRAMES: u32 = 64;

/// Memory is this many times the distance between the watermarks.
const WATERMARK_PART: u32 = 128;

/// How a lock spins: as the kernel's own do.
pub(crate) struct Relax<K>(PhantomData<fn() -> K>);

impl<K: Kernel> spin::RelaxStrategy for Relax<K> {
    fn relax() {
        K::relax();
        core::hint::spin_loop();
    }
}

/// A lock that answers shootdowns while it is waited for.
pub(crate) type Lock<K, T> = SpinMutex<T, Relax<K>>;

/// What the ports own.
pub(crate) struct Parts<K: Kernel> {
    /// Who waits under which number.
    pub(crate) waiters: Vec<Option<K::Thread>>,
    /// The daemon's lines, two for each CPU.
    pub(crate) lines: Vec<[Line<K>; 2]>,
    /// Who is to be killed when the call is over.
    pub(crate) condemned: Option<(SpaceId, KillReason)>,
    /// The files of mounted devices.
    pub(crate) devices: Vec<(u16, K::Device)>,
    /// Why words were refused.
    pub(crate) last_error: String,
}

/// What the lock guards.
pub(crate) struct State<K: Kernel> {
    pager: Pager,
    pub(crate) parts: Parts<K>,
}

/// The glue: one value for the kernel.
pub struct Glue<K: Kernel> {
    pub(crate) kernel: K,
    state: Lock<K, Option<Box<State<K>>>>,
    is_active: AtomicBool,
    /// Whether it was said why there is no pager.
    is_refusal_told: AtomicBool,
    entries: OnceBox<Arc<Entries>>,
    pub(crate) spaces: Registry<K>,
    pub(crate) held: Held<K>,
    pub(crate) files: Files<K>,
    /// The space that serves the queues.
    pub(crate) daemon: AtomicUsize,
    /// The same, for who makes its pages present.
    pub(crate) daemon_space: Lock<K, Option<K::WeakSpace>>,
    /// Programs that stay in memory and never die for it.
    protected: Lock<K, [Option<K::WeakSpace>; PROTECTED_MAX]>,
    /// The pager's reserve, for who looks without its lock.
    pub(crate) reserve: AtomicU32,
    /// Frames that the daemon took where the pager could not be told.
    pub(crate) taken: AtomicU32,
    /// What is left of spaces whose last reference a port had, for the end of its call.
    orphans: Lock<K, Vec<K::Orphan>>,
    /// A frame for the attempt that comes next on this CPU, its number and one; 0 for none.
    pub(crate) granted: [AtomicU64; CPUS_MAX],
    /// The clock's last answer: it may step back.
    pub(crate) last_ns: AtomicU64,
}

impl<K: Kernel> Glue<K> {
    /// Returns the glue of a kernel.
    pub const fn new(kernel: K) -> Self {
        Self {
            kernel,
            state: SpinMutex::new(None),
            is_active: AtomicBool::new(false),
            is_refusal_told: AtomicBool::new(false),
            entries: OnceBox::new(),
            spaces: Registry::new(),
            held: Held::new(),
            files: Files::new(),
            daemon: AtomicUsize::new(0),
            daemon_space: SpinMutex::new(None),
            protected: SpinMutex::new([const { None }; PROTECTED_MAX]),
            reserve: AtomicU32::new(0),
            taken: AtomicU32::new(0),
            orphans: SpinMutex::new(Vec::new()),
            granted: [const { AtomicU64::new(0) }; CPUS_MAX],
            last_ns: AtomicU64::new(0),
        }
    }

    /// Returns whether there is a pager. Without one no hook has anything to do.
    pub fn is_active(&self) -> bool {
        // Relaxed: who misses it has met no swap entry; who sees it takes the pager's lock.
        self.is_active.load(Ordering::Relaxed)
    }

    /// The running context is the first program: as [`Glue::protect`] has it.
    pub fn first_program_starts(&self) {
        if let Some(space) = self.kernel.current_space() {
            // It is the first, so there is room.
            let _ = self.protect(&space);
        }
    }

    /// A program stays in memory from now on, and never dies for it: with it one can look around when
    /// the daemon has died.
    ///
    /// # Errors
    ///
    /// ENOMEM if there are too many of them.
    pub fn protect(&self, space: &K::Space) -> Result<(), Errno> {
        let weak = K::downgrade(space);
        let mut protected = self.protected.lock();
        let is_free = |place: &Option<K::WeakSpace>| {
            place.as_ref().is_none_or(|space| K::upgrade(space).is_none())
        };
        let place = protected.iter_mut().find(|place| is_free(place)).ok_or(Errno(ENOMEM))?;
        let before = place.replace(weak);
        drop(protected);
        drop(before);
        Ok(())
    }

    pub(crate) fn is_protected(&self, key: SpaceKey) -> bool {
        let protected = self.protected.lock();
        protected.iter().flatten().any(|space| K::weak_key(space) == key)
    }

    pub(crate) fn reserve_is(&self, pages: u32) {
        // Relaxed: a mark that may be a moment late.
        self.reserve.store(pages, Ordering::Relaxed);
    }

    /// Returns the owner of swap entries, if there is a pager.
    pub(crate) fn entries(&self) -> Option<&Entries> {
        self.entries.get().map(|entries| &**entries)
    }

    /// Returns the running CPU.
    pub(crate) fn cpu(&self) -> CpuId {
        // Each has a number where there is a pager, and who asks has one: `make` sees to that.
        self.kernel.cpu().unwrap_or(CpuId::BOOT)
    }

    /// Makes the pager, unless it is there.
    ///
    /// # Errors
    ///
    /// ENOMEM; EOPNOTSUPP, and words on the console, for more CPUs than the pager can tell apart.
    pub(crate) fn make(&self) -> Result<(), Errno> {
        let cpus = self.kernel.cpu_count();
        if usize::try_from(cpus).is_ok_and(|cpus| cpus > CPUS_MAX) {
            // Relaxed: it is only to be said once.
            if !self.is_refusal_told.swap(true, Ordering::Relaxed) {
                let most = CPUS_MAX;
                self.kernel
                    .say(format_args!("swap: {cpus} cpus, and it can be used with {most} at most"));
            }
            return Err(Errno(EOPNOTSUPP));
        }
        let mut state = self.state.lock();
        if state.is_some() {
            return Ok(());
        }
        let config = config(cpus, self.kernel.total_count());
        let pager = Pager::new(config).map_err(|_| Errno(ENOMEM))?;
        let _ = self.entries.set(Box::new(pager.entries()));
        self.reserve.store(config.watermarks.reserve, Ordering::Relaxed);
        let parts = Parts {
            waiters: (0..config.waiters).map(|_| None).collect(),
            lines: (0..cpus).map(|_| [Line::new(), Line::new()]).collect(),
            condemned: None,
            devices: Vec::new(),
            last_error: String::new(),
        };
        *state = Some(Box::new(State { pager, parts }));
        self.is_active.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Calls the pager; nothing if there is none.
    ///
    /// # Context
    ///
    /// Takes the pager's lock: with none of the locks held that the crate's table names.
    pub(crate) fn call<R>(
        &self,
        what: impl FnOnce(&mut Pager, &mut Machine<'_, K>) -> R,
    ) -> Option<R> {
        let mut guard = self.state.lock();
        let State { pager, parts } = &mut **guard.as_mut()?;
        let result = what(pager, &mut Machine { glue: self, parts });
        drop(guard);
        // Their destructors close files, and may end up here.
        let orphans = core::mem::take(&mut *self.orphans.lock());
        drop(orphans);
        Some(result)
    }

    /// Gives a reference back under the pager's lock; if it was the last, what is left ends after it.
    pub(crate) fn put_aside(&self, space: K::Space) {
        if let Some(orphan) = K::give_back(space) {
            self.orphans.lock().push(orphan);
        }
    }

    /// Returns a number for the running context to wait under.
    pub(crate) fn waiting(&self) -> Option<Waiting<'_, K>> {
        loop {
            let number = self.call(|_, machine| {
                let place = machine.parts.waiters.iter_mut().zip(0_u32..);
                let (place, number) = place.into_iter().find(|(place, _)| place.is_none())?;
                *place = Some(self.kernel.current_thread());
                Some(Waiter(number))
            })?;
            match number {
                Some(waiter) => return Some(Waiting { glue: self, waiter }),
                // As many wait already; each of them goes on or dies, as the pager's table of waits says.
                None if self.kernel.is_killed() => return None,
                None => self.kernel.switch(),
            }
        }
    }
}

/// A number under which the running context may wait; its wait is over when this is dropped.
pub(crate) struct Waiting<'a, K: Kernel> {
    glue: &'a Glue<K>,
    pub(crate) waiter: Waiter,
}

impl<K: Kernel> Waiting<'_, K> {
    /// Returns who waits, on this CPU.
    pub(crate) fn caller(&self) -> Caller {
        Caller { waiter: self.waiter, cpu: self.glue.cpu() }
    }
}

impl<K: Kernel> Drop for Waiting<'_, K> {
    fn drop(&mut self) {
        self.glue.call(|pager, machine| {
            pager.waiter_gone(self.waiter, machine);
            machine.forget_waiter(self.waiter);
        });
    }
}

/// Returns sizes and marks for a machine of so many CPUs and frames.
fn config(cpus: u32, total: u32) -> Config {
    let part = total / WATERMARK_PART;
    let reserve = RESERVE_FRAMES.saturating_mul(cpus);
    let low = reserve.saturating_add(part);
    let high = low.saturating_add(part);
    Config {
        cpus,
        spaces: SPACES_MAX,
        waiters: WAITERS_MAX,
        watermarks: Watermarks { reserve, low, high, batch: 32 },
        bounds: Bounds {
            reserve_min: reserve,
            reserve_max: total / 2,
            high_max: (total / 4).saturating_mul(3),
        },
        table_bytes_max: usize::try_from(part).unwrap_or(usize::MAX).saturating_mul(4096),
    }
}
