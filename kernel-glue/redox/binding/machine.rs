//! This kernel's types and functions as the glue's [`Kernel`].

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::fmt::Arguments;
use core::sync::atomic::{AtomicU32, Ordering};

use redox_glue::{
    Bits, CpuId, Errno, Frame as Number, Kernel, Page as PageNumber, SpaceKey, Tables, ThreadKey,
};

use super::{errno, tables};
use crate::{
    context::{
        self, ContextLock,
        file::LockedFileDescription,
        memory::{AccessMode, AddrSpace, AddrSpaceWrapper},
    },
    memory::{
        Frame, PAGE_SIZE, PhysicalAddress, RefCount, RmmA, RmmArch, deallocate_frame, get_page_info,
    },
    percpu::PercpuBlock,
    scheme::KernelSchemes,
    syscall::{
        error::{EINVAL, Error},
        flag::CallFlags,
        usercopy::UserSliceRw,
    },
};

/// This kernel.
pub(super) struct Redox;

/// Frames that the boot took, which `free_frames` counts as free.
static BOOT_FRAMES: AtomicU32 = AtomicU32::new(0);

/// The glue's frame as the kernel's.
pub(super) fn frame(number: Number) -> Frame {
    Frame::containing(PhysicalAddress::new(number.0 as usize * PAGE_SIZE))
}

fn number(frame: Frame) -> Number {
    Number((frame.base().data() / PAGE_SIZE) as u32)
}

fn bytes(number: Number) -> *mut u8 {
    RmmA::phys_to_virt(frame(number).base()).data() as *mut u8
}

/// So many frames are in the lists of free ones when all that are ever free are there.
pub(super) fn frames_listed(listed: usize) {
    let unlisted = crate::memory::total_frames().saturating_sub(listed);
    BOOT_FRAMES.store(unlisted as u32, Ordering::Relaxed);
}

/// Returns how many are free of those that the kernel counts as free.
pub(super) fn frames_free(counted: usize) -> u32 {
    (counted as u32).saturating_sub(BOOT_FRAMES.load(Ordering::Relaxed))
}

/// Says whether the running context is to die, and is in no system call: nothing of the kernel's waits for
/// it to go on.
pub(super) fn is_killed_outside_of_calls() -> bool {
    Redox.is_killed() && !PercpuBlock::current().inside_syscall.get()
}

impl Kernel for Redox {
    type Space = Arc<AddrSpaceWrapper>;
    type WeakSpace = Weak<AddrSpaceWrapper>;
    type Orphan = AddrSpaceWrapper;
    type Thread = Weak<ContextLock>;
    type Device = Arc<LockedFileDescription>;

    const BITS: Bits = Bits {
        present: RmmA::ENTRY_FLAG_PRESENT as u64,
        writable: RmmA::ENTRY_FLAG_READWRITE as u64,
        accessed: 1 << 5,
        dirty: 1 << 6,
        // The first of the three that hardware leaves to us, and that rmm leaves alone.
        no_gain: 1 << 9,
        frame: 0x000f_ffff_ffff_f000,
    };

    fn relax() {
        PercpuBlock::current().maybe_handle_tlb_shootdown();
    }

    fn downgrade(space: &Self::Space) -> Self::WeakSpace {
        Arc::downgrade(space)
    }

    fn upgrade(space: &Self::WeakSpace) -> Option<Self::Space> {
        space.upgrade()
    }

    fn give_back(space: Self::Space) -> Option<Self::Orphan> {
        Arc::into_inner(space)
    }

    fn weak_key(space: &Self::WeakSpace) -> SpaceKey {
        SpaceKey(space.as_ptr().addr())
    }

    fn key(space: &Self::Space) -> SpaceKey {
        SpaceKey(Arc::as_ptr(space).addr())
    }

    fn current_space(&self) -> Option<Self::Space> {
        AddrSpace::current().ok()
    }

    fn current_key(&self) -> SpaceKey {
        let current = PercpuBlock::current().current_addrsp.borrow();
        SpaceKey(current.as_ref().map_or(0, |space| Arc::as_ptr(space).addr()))
    }

    fn look<R>(&self, space: &Self::Space, how: impl FnOnce(&dyn Tables) -> R) -> R {
        // SAFETY: under the pager's lock (L3's place) or none; a space's is L5.
        let mut token = unsafe { super::token() };
        let guard = space.inner.read(token.token());
        how(&tables::Locked(&guard))
    }

    fn try_look<R>(&self, space: &Self::Space, how: impl FnOnce(&dyn Tables) -> R) -> Option<R> {
        // SAFETY: as in `look`; and it is not waited for.
        let mut token = unsafe { super::token() };
        let guard = space.inner.try_read(token.token())?;
        Some(how(&tables::Locked(&guard)))
    }

    fn shoot_down(&self, space: &Self::Space) {
        // SAFETY: the glue holds no lock here.
        let mut token = unsafe { super::token() };
        space.shoot_down(token.downgrade());
    }

    fn make_present(&self, space: &Self::Space, page: PageNumber, write: bool) -> bool {
        // SAFETY: the glue holds no lock here.
        let mut token = unsafe { super::token() };
        let access = if write { AccessMode::Write } else { AccessMode::Read };
        super::fault(space, tables::page(page), access, &mut token).is_ok()
    }

    fn kill(&self, space: &Self::Space) {
        // SAFETY: the glue holds no lock here.
        let mut token = unsafe { super::token() };
        let mut found: Vec<Arc<ContextLock>> = Vec::new();
        {
            let mut contexts = context::contexts(token.downgrade());
            let (contexts, mut token) = contexts.token_split();
            for context in contexts.iter() {
                let is_its = context
                    .read(token.token())
                    .addr_space
                    .as_ref()
                    .is_some_and(|its| Arc::ptr_eq(its, space));
                if is_its {
                    found.push(Arc::clone(context));
                }
            }
        }
        for context in found {
            let cpu = {
                let mut context = context.write(token.token());
                context.being_sigkilled = true;
                context.status = context::Status::Runnable;
                context.cpu_id
            };
            context::wakeup_context(&context, cpu, &mut token.downgrade());
        }
    }

    fn allocate(&self) -> Option<Number> {
        let frame = crate::memory::allocate_frame()?;
        // As `init_frame` does: it comes as used by nobody.
        get_page_info(frame)?.refcount.store(RefCount::One.to_raw(), Ordering::Relaxed);
        Some(number(frame))
    }

    fn release(&self, number: Number) {
        let frame = frame(number);
        if get_page_info(frame).is_some_and(|info| info.remove_ref().is_none()) {
            // SAFETY: that was its last use.
            unsafe { deallocate_frame(frame) }
        }
    }

    fn has_one_user(&self, number: Number) -> bool {
        get_page_info(frame(number)).is_some_and(|info| info.refcount() == Some(RefCount::One))
    }

    fn free_count(&self) -> u32 {
        frames_free(crate::memory::free_frames())
    }

    fn total_count(&self) -> u32 {
        let total = crate::memory::total_frames() as u32;
        total.saturating_sub(BOOT_FRAMES.load(Ordering::Relaxed))
    }

    fn is_zero(&self, number: Number) -> bool {
        // SAFETY: a frame that the pager owns, in the map of all memory.
        let words =
            unsafe { core::slice::from_raw_parts(bytes(number).cast::<u64>(), PAGE_SIZE / 8) };
        words.iter().all(|word| *word == 0)
    }

    fn copy(&self, from: Number, to: Number) {
        // SAFETY: two frames, one of which is of a window and the other the pager's, in the map of all
        // memory.
        unsafe { core::ptr::copy_nonoverlapping(bytes(from), bytes(to), PAGE_SIZE) }
    }

    fn current_thread(&self) -> Self::Thread {
        Arc::downgrade(&context::current())
    }

    fn current_thread_key(&self) -> ThreadKey {
        ThreadKey(Arc::as_ptr(&context::current()).addr())
    }

    fn uid(&self) -> u32 {
        // SAFETY: the glue holds no lock here.
        let mut token = unsafe { super::token() };
        context::current().read(token.token()).euid
    }

    fn is_killed(&self) -> bool {
        // SAFETY: the glue holds no lock here.
        let mut token = unsafe { super::token() };
        context::current().read(token.token()).being_sigkilled
    }

    fn block(&self, why: &'static str) {
        // SAFETY: under the pager's lock (L3's place); a context's is L4.
        let mut token = unsafe { super::token() };
        context::current().write(token.token()).block(why);
    }

    fn unblock(thread: &Self::Thread) {
        if let Some(context) = thread.upgrade() {
            // SAFETY: as in `block`.
            let mut token = unsafe { super::token() };
            context::unblock_context(&context, &mut token.downgrade());
        }
    }

    fn switch(&self) {
        // SAFETY: the glue holds no lock here.
        let mut token = unsafe { super::token() };
        context::switch(&mut token);
    }

    fn cpu(&self) -> Option<CpuId> {
        CpuId::new(crate::cpu_id().get())
    }

    fn cpu_count(&self) -> u32 {
        crate::cpu_count()
    }

    fn now_ns(&self) -> u64 {
        // SAFETY: the clock's lock is a leaf.
        let mut token = unsafe { super::token() };
        crate::time::monotonic(&mut token) as u64
    }

    fn attach(&self, device: &Self::Device, daemon: SpaceKey) -> Result<u64, Errno> {
        // SAFETY: the glue holds no lock here.
        let mut token = unsafe { super::token() };
        let (scheme, number) = {
            let device = device.read(token.token());
            (device.scheme, device.number)
        };
        let found = crate::scheme::get_scheme(token.token(), scheme).map_err(errno)?;
        let KernelSchemes::User(user) = &found else { return Err(errno(Error::new(EINVAL))) };
        let server = user.inner.serving_context().upgrade();
        let space = server.and_then(|server| server.read(token.token()).addr_space.clone());
        if space.is_none_or(|space| Self::key(&space) != daemon) {
            return Err(errno(Error::new(EINVAL)));
        }
        let verb = [redox_glue::SWAP_ATTACH, 0, 0];
        let answer =
            found.kcall(&[number], UserSliceRw::empty(), CallFlags::empty(), &verb, &mut token);
        answer.map(|word| word as u64).map_err(errno)
    }

    fn close(&self, device: Self::Device) {
        if let Ok(device) = Arc::try_unwrap(device) {
            // SAFETY: the glue holds no lock here.
            let mut token = unsafe { super::token() };
            // A device whose daemon has gone cannot be told; there is nobody else who would care.
            let _ = device.into_inner().try_close(&mut token);
        }
    }

    fn say(&self, line: Arguments<'_>) {
        println!("{line}");
    }
}
