//! A kernel of plain maps: one CPU, contexts that are numbers, frames whose contents are one number.
//!
//! When a context gives up the CPU, the next part of a script runs in its place, as other contexts
//! would. If no script is left, the test fails because the context would wait for ever.

use std::boxed::Box;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::string::String;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::vec::Vec;

use swap_pager::ports::{Frame, Page};
use zram_abi::CpuId;
use zram_abi::error::EINVAL;

use crate::{Bits, Errno, Kernel, SpaceKey, Span, TableId, Tables, ThreadKey};

pub(crate) const BITS: Bits = Bits {
    present: 1,
    writable: 2,
    accessed: 1 << 5,
    dirty: 1 << 6,
    no_gain: 1 << 9,
    frame: 0xff_ffff_f000,
};

/// A private anonymous mapping.
#[derive(Clone, Copy)]
pub(crate) struct Mapping {
    pub(crate) span: Span,
    pub(crate) is_writable: bool,
}

pub(crate) struct Space {
    pub(crate) root: usize,
    pub(crate) mappings: Mutex<Vec<Mapping>>,
    pub(crate) entries: Mutex<BTreeMap<u64, u64>>,
    ended: Arc<Mutex<Vec<usize>>>,
}

impl Drop for Space {
    fn drop(&mut self) {
        self.ended.lock().unwrap().push(self.root);
    }
}

/// What is left of a space.
pub(crate) struct Orphan(#[expect(dead_code, reason = "its end is what is looked at")] Space);

impl Tables for Space {
    fn root(&self) -> TableId {
        TableId(self.root)
    }

    fn entry(&self, page: Page) -> Option<u64> {
        Some(self.entries.lock().unwrap().get(&page.0).copied().unwrap_or(0))
    }

    fn exchange(&self, page: Page, old: u64, new: u64) -> Result<(), u64> {
        let mut entries = self.entries.lock().unwrap();
        let entry = entries.entry(page.0).or_insert(0);
        if *entry != old {
            return Err(*entry);
        }
        *entry = new;
        Ok(())
    }

    fn clear(&self, page: Page, bits: u64) {
        *self.entries.lock().unwrap().entry(page.0).or_insert(0) &= !bits;
    }

    fn next_span(&self, from: Page) -> Option<Span> {
        let mappings = self.mappings.lock().unwrap();
        mappings.iter().map(|mapping| mapping.span).find(|span| span.first.0 + span.count > from.0)
    }

    fn may_write(&self, page: Page) -> bool {
        self.entry_for(page, Frame(0)).is_some_and(|raw| raw & BITS.writable != 0)
    }

    fn entry_for(&self, page: Page, frame: Frame) -> Option<u64> {
        let mappings = self.mappings.lock().unwrap();
        let holds = |span: &Span| (span.first.0..span.first.0 + span.count).contains(&page.0);
        let mapping = mappings.iter().find(|mapping| holds(&mapping.span))?;
        let writable = if mapping.is_writable { BITS.writable } else { 0 };
        Some(u64::from(frame.0) << 12 | BITS.present | writable)
    }
}

#[derive(Clone, Copy, Default)]
pub(crate) struct FakeFrame {
    pub(crate) users: u32,
    pub(crate) content: u64,
}

/// Part of a script: what others do.
pub(crate) type Part = Box<dyn FnOnce() + Send>;

pub(crate) struct State {
    pub(crate) frames: Vec<FakeFrame>,
    /// The running CPU, and how many there are.
    pub(crate) cpu: u32,
    pub(crate) cpus: u32,
    pub(crate) thread: usize,
    pub(crate) space: Option<Arc<Space>>,
    pub(crate) uid: u32,
    pub(crate) blocked: BTreeSet<usize>,
    pub(crate) killed: BTreeSet<usize>,
    pub(crate) killed_spaces: Vec<usize>,
    pub(crate) script: VecDeque<Part>,
    pub(crate) switches: u32,
    pub(crate) shot_down: Vec<usize>,
    pub(crate) now_ns: u64,
    /// What a device answers, and whose it is.
    pub(crate) devices: BTreeMap<usize, (SpaceKey, Result<u64, Errno>)>,
    pub(crate) closed: Vec<usize>,
    pub(crate) said: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) ended: Arc<Mutex<Vec<usize>>>,
}

impl Fake {
    pub(crate) fn new(frames: usize) -> Self {
        let state = State {
            frames: std::vec![FakeFrame::default(); frames],
            cpu: 0,
            cpus: 1,
            thread: 1,
            space: None,
            uid: 0,
            blocked: BTreeSet::new(),
            killed: BTreeSet::new(),
            killed_spaces: Vec::new(),
            script: VecDeque::new(),
            switches: 0,
            shot_down: Vec::new(),
            now_ns: 1,
            devices: BTreeMap::new(),
            closed: Vec::new(),
            said: Vec::new(),
        };
        Self { state: Arc::new(Mutex::new(state)), ended: Arc::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Returns a space with one mapping.
    pub(crate) fn space(&self, root: usize, count: u64) -> Arc<Space> {
        let span = Span { first: Page(16), count };
        Arc::new(Space {
            root: root << 12,
            mappings: Mutex::new(std::vec![Mapping { span, is_writable: true }]),
            entries: Mutex::default(),
            ended: Arc::clone(&self.ended),
        })
    }

    /// Has the program of this space run as this context.
    pub(crate) fn run(&self, thread: usize, space: &Arc<Space>) {
        let mut state = self.lock();
        state.thread = thread;
        state.space = Some(Arc::clone(space));
    }

    /// Returns how many frames are in use.
    pub(crate) fn used(&self) -> usize {
        self.lock().frames.iter().filter(|frame| frame.users > 0).count()
    }
}

impl Kernel for Fake {
    type Space = Arc<Space>;
    type WeakSpace = Weak<Space>;
    type Orphan = Orphan;
    type Thread = (Fake, usize);
    type Device = usize;

    const BITS: Bits = BITS;

    fn relax() {
        panic!("a lock is wanted twice by the only CPU");
    }

    fn downgrade(space: &Self::Space) -> Self::WeakSpace {
        Arc::downgrade(space)
    }

    fn upgrade(space: &Self::WeakSpace) -> Option<Self::Space> {
        space.upgrade()
    }

    fn give_back(space: Self::Space) -> Option<Self::Orphan> {
        Arc::into_inner(space).map(Orphan)
    }

    fn weak_key(space: &Self::WeakSpace) -> SpaceKey {
        SpaceKey(space.as_ptr() as usize)
    }

    fn key(space: &Self::Space) -> SpaceKey {
        SpaceKey(Arc::as_ptr(space) as usize)
    }

    fn current_space(&self) -> Option<Self::Space> {
        self.lock().space.clone()
    }

    fn current_key(&self) -> SpaceKey {
        SpaceKey(self.lock().space.as_ref().map_or(0, |space| Arc::as_ptr(space) as usize))
    }

    fn look<R>(&self, space: &Self::Space, how: impl FnOnce(&dyn Tables) -> R) -> R {
        how(&**space)
    }

    fn try_look<R>(&self, space: &Self::Space, how: impl FnOnce(&dyn Tables) -> R) -> Option<R> {
        Some(how(&**space))
    }

    fn shoot_down(&self, space: &Self::Space) {
        self.lock().shot_down.push(space.root);
    }

    fn make_present(&self, space: &Self::Space, page: Page, _write: bool) -> bool {
        let Some(frame) = self.allocate() else { return false };
        let Some(raw) = space.entry_for(page, frame) else { return false };
        space.entries.lock().unwrap().insert(page.0, raw);
        true
    }

    fn kill(&self, space: &Self::Space) {
        self.lock().killed_spaces.push(space.root);
    }

    fn allocate(&self) -> Option<Frame> {
        let mut state = self.lock();
        let number = state.frames.iter().position(|frame| frame.users == 0)?;
        state.frames[number] = FakeFrame { users: 1, content: 0 };
        Some(Frame(number as u32))
    }

    fn release(&self, frame: Frame) {
        let users = &mut self.lock().frames[frame.0 as usize].users;
        *users = users.checked_sub(1).expect("a frame is given back once too often");
    }

    fn has_one_user(&self, frame: Frame) -> bool {
        self.lock().frames[frame.0 as usize].users == 1
    }

    fn free_count(&self) -> u32 {
        self.lock().frames.iter().filter(|frame| frame.users == 0).count() as u32
    }

    fn total_count(&self) -> u32 {
        self.lock().frames.len() as u32
    }

    fn is_zero(&self, frame: Frame) -> bool {
        self.lock().frames[frame.0 as usize].content == 0
    }

    fn copy(&self, from: Frame, to: Frame) {
        let mut state = self.lock();
        state.frames[to.0 as usize].content = state.frames[from.0 as usize].content;
    }

    fn current_thread(&self) -> Self::Thread {
        (self.clone(), self.lock().thread)
    }

    fn current_thread_key(&self) -> ThreadKey {
        ThreadKey(self.lock().thread)
    }

    fn uid(&self) -> u32 {
        self.lock().uid
    }

    fn is_killed(&self) -> bool {
        let state = self.lock();
        state.killed.contains(&state.thread)
    }

    fn block(&self, _why: &'static str) {
        let mut state = self.lock();
        let thread = state.thread;
        state.blocked.insert(thread);
    }

    fn unblock((kernel, thread): &Self::Thread) {
        kernel.lock().blocked.remove(thread);
    }

    fn switch(&self) {
        let (part, thread, space) = {
            let mut state = self.lock();
            state.switches += 1;
            (state.script.pop_front(), state.thread, state.space.clone())
        };
        part.expect("a context waits, and nobody does anything")();
        let mut state = self.lock();
        (state.thread, state.space) = (thread, space);
        state.blocked.remove(&thread);
    }

    fn cpu(&self) -> Option<CpuId> {
        CpuId::new(self.lock().cpu)
    }

    fn cpu_count(&self) -> u32 {
        self.lock().cpus
    }

    fn now_ns(&self) -> u64 {
        self.lock().now_ns
    }

    fn attach(&self, device: &usize, daemon: SpaceKey) -> Result<u64, Errno> {
        match self.lock().devices.get(device) {
            Some((owner, answer)) if *owner == daemon => *answer,
            _ => Err(Errno(EINVAL)),
        }
    }

    fn close(&self, device: usize) {
        self.lock().closed.push(device);
    }

    fn say(&self, line: core::fmt::Arguments<'_>) {
        self.lock().said.push(std::format!("{line}"));
    }
}
