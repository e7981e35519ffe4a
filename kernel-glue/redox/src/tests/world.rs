//! A glue with a daemon that has one device mounted, and programs.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::vec::Vec;

use swap_pager::Next;
use swap_pager::ports::{Direction, Frame, Page, QueueId};
use zram_abi::CpuId;
use zram_abi::record::{Operation, Record, Status};
use zram_abi::verb::{Cookie, SWAPON};

use super::fake::{BITS, Fake, Part, Space};
use crate::{Errno, Glue, Kernel, Outcome, ROOT};

/// Frames of the machine: with one CPU the reserve is 64 of them, the marks 68 and 72.
pub(crate) const FRAMES: usize = 512;

/// Where programs have their mapping.
pub(crate) const FIRST: u64 = 16;

const DEVICE: usize = 7;

/// What the daemon keeps, and the record in the hands of each of its threads.
#[derive(Default)]
struct Daemon {
    stored: BTreeMap<u32, u64>,
    held: BTreeMap<bool, Record>,
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) glue: &'static Glue<Fake>,
    pub(crate) kernel: Fake,
    pub(crate) daemon: Arc<Space>,
    pub(crate) control: usize,
    pub(crate) queues: [usize; 2],
    work: Arc<Mutex<Daemon>>,
}

pub(crate) fn queue(direction: Direction) -> QueueId {
    QueueId { cpu: CpuId::new(0).unwrap(), direction }
}

pub(crate) fn glue() -> (&'static Glue<Fake>, Fake) {
    let kernel = Fake::new(FRAMES);
    (Box::leak(Box::new(Glue::new(kernel.clone()))), kernel)
}

impl World {
    pub(crate) fn new() -> Self {
        let (glue, kernel) = glue();
        let daemon = kernel.space(900, 8);
        kernel.run(90, &daemon);
        let open = |path| glue.open(ROOT, path).unwrap().number;
        let queues = [open("pager/0/in"), open("pager/0/out")];
        let control = open("control");
        let cookie = Cookie { device: 7, generation: 1, pages: 4096 };
        let answer = Ok(cookie.pack().unwrap());
        kernel.lock().devices.insert(DEVICE, (Fake::key(&daemon), answer));
        glue.take_device(control, [SWAPON, 0, 0], DEVICE).unwrap();
        let world = Self { glue, kernel, daemon, control, queues, work: Arc::default() };
        world.serve();
        world
    }

    /// Returns a program with so many pages in memory, each with its own content; it runs.
    pub(crate) fn program(&self, number: usize, pages: u64) -> Arc<Space> {
        let space = self.kernel.space(number, 300);
        self.kernel.run(number, &space);
        for page in FIRST..FIRST + pages {
            let frame = self.kernel.allocate().unwrap();
            self.kernel.lock().frames[frame.0 as usize].content = page + 1000;
            let raw = u64::from(frame.0) << 12 | BITS.present | BITS.writable | BITS.dirty;
            space.entries.lock().unwrap().insert(page, raw);
        }
        self.glue.meet_current();
        space
    }

    /// Takes frames until so many are free.
    pub(crate) fn hog(&self, left: u32) -> Vec<Frame> {
        let more = |()| (self.kernel.free_count() > left).then(|| self.kernel.allocate().unwrap());
        core::iter::repeat_n((), FRAMES).map_while(more).collect()
    }

    /// Has pages leave and be stored until enough frames are free.
    pub(crate) fn reclaim(&self) {
        for _ in 0..64 {
            self.glue.call(|pager, machine| pager.tick(machine));
            self.glue.settle();
            self.serve();
        }
    }

    /// The daemon's threads work until they are idle.
    pub(crate) fn serve(&self) {
        for direction in [Direction::In, Direction::Out] {
            for _ in 0..1000 {
                if !self.work(direction) {
                    break;
                }
            }
        }
    }

    fn work(&self, direction: Direction) -> bool {
        let is_in = direction == Direction::In;
        let held = self.work.lock().unwrap().held.remove(&is_in).unwrap_or(Record::none());
        let answered = self.answered(direction, held);
        let next = self.glue.call(|pager, machine| {
            let next = pager.queue_next(queue(direction), &answered, machine);
            if let Next::Idle { run: Some(waiter) } = next {
                swap_pager::ports::Threads::wake(machine, waiter);
            }
            next
        });
        match next.unwrap() {
            Next::Record(record) => {
                self.work.lock().unwrap().held.insert(is_in, record);
                true
            }
            Next::Idle { .. } | Next::Closed => false,
            Next::Invalid => panic!("the daemon's reply was refused"),
        }
    }

    fn answered(&self, direction: Direction, mut record: Record) -> Record {
        let operation = record.operation;
        let window = self.glue.window(self.queues[usize::from(direction == Direction::Out)]);
        let mut daemon = self.work.lock().unwrap();
        for (index, entry) in record.entries_mut().iter_mut().enumerate() {
            let pane = window.as_ref().unwrap()[index].0 as usize;
            let mut state = self.kernel.lock();
            match operation {
                Operation::Store => {
                    daemon.stored.insert(entry.slot, state.frames[pane].content);
                }
                Operation::Load | Operation::Take => {
                    state.frames[pane].content = daemon.stored[&entry.slot];
                }
                Operation::Free => {
                    daemon.stored.remove(&entry.slot);
                }
                Operation::None => {}
            }
            entry.status = Status::Ok;
        }
        record
    }

    /// What others do when a context gives up the CPU: the daemon works.
    pub(crate) fn then_serve(&self) {
        let world = self.clone();
        self.then(Box::new(move || world.serve()));
    }

    /// The same, and the timer ticks.
    pub(crate) fn then_tick(&self) {
        let world = self.clone();
        self.then(Box::new(move || {
            world.serve();
            world.kernel.lock().now_ns += 10_000_000;
            world.glue.call(|pager, machine| pager.tick(machine));
        }));
    }

    pub(crate) fn then(&self, part: Part) {
        self.kernel.lock().script.push_back(part);
    }

    /// Returns how many pages of the program are in swap.
    pub(crate) fn swapped(&self, space: &Space) -> u64 {
        let entries = space.entries.lock().unwrap();
        entries.values().filter(|&&raw| raw != 0 && raw & BITS.present == 0).count() as u64
    }

    /// Returns the first page of the program that is in swap.
    pub(crate) fn a_swapped_page(&self, space: &Space) -> Page {
        let entries = space.entries.lock().unwrap();
        let found = entries.iter().find(|(_, raw)| **raw != 0 && **raw & BITS.present == 0);
        Page(*found.unwrap().0)
    }

    /// Returns the content of a page in memory.
    pub(crate) fn content(&self, space: &Space, page: Page) -> u64 {
        let raw = space.entries.lock().unwrap()[&page.0];
        assert!(raw & BITS.present != 0, "the page is in memory");
        let frame = (raw & BITS.frame) >> 12;
        self.kernel.lock().frames[frame as usize].content
    }

    /// Takes all mappings of a space away, and ends it, as the kernel's hooks do.
    pub(crate) fn exit(&self, space: Arc<Space>) {
        let root = crate::Tables::root(&*space);
        let entries = core::mem::take(&mut *space.entries.lock().unwrap());
        for raw in entries.into_values().filter(|raw| *raw != 0) {
            if raw & BITS.present != 0 {
                self.kernel.release(Frame(((raw & BITS.frame) >> 12) as u32));
            } else {
                self.glue.entry_dropped(root, raw);
            }
        }
        self.kernel.lock().space = None;
        self.glue.space_ended(root);
    }

    pub(crate) fn brings_in(&self, space: &Arc<Space>, page: Page) -> Outcome {
        self.glue.bring_in(space, page)
    }

    pub(crate) fn open(&self, path: &str) -> Result<usize, Errno> {
        Ok(self.glue.open(ROOT, path)?.number)
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.glue.call(|pager, _| pager.broken_invariant()) == Some(None)
    }
}
