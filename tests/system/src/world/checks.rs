//! Checks that all parts agree: what programs see, what the device holds, where all frames are.

use std::collections::{BTreeMap, BTreeSet};

use swap_pager::SwapEntry;
use swap_pager::ports::{Frames, SpaceId};
use zram::{Compressor, Config, HeapPages, Purpose, Worker, Zram};

use super::program::{Job, Outcome, ThreadId};
use super::{World, service::Area};
use crate::kernel::space::Pte;
use crate::machine::{Machine, lock};

impl World {
    /// Lets everything that is under way come to an end: no job, no record, no notice is left.
    pub(crate) fn settle(&mut self) {
        self.run_until("all come to rest", |world| world.is_at_rest());
        // Grants that nobody asked for are taken back.
        self.pass(1_000_000_000);
        self.run_until("all come to rest again", |world| world.is_at_rest());
    }

    fn is_at_rest(&mut self) -> bool {
        let busy = |world: &Self| world.threads.iter().any(|thread| thread.job.is_some());
        if !self.dying.is_empty() || !self.unmapping.is_empty() || busy(self) {
            return false;
        }
        let machine = lock(&self.machine);
        let records_rest = machine.ledger.is_still()
            && self.process.as_ref().is_none_or(|process| {
                crate::machine::queues(self.setup.cpus).all(|queue| !process.is_awake(queue))
            });
        records_rest && self.areas.iter().all(|it| is_told(&machine, *it))
    }

    /// Checks that every frame is accounted for: free, mapped, or the pool's. At rest.
    pub(crate) fn assert_frames_add_up(&self) {
        let machine = lock(&self.machine);
        assert_eq!(machine.pager.broken_invariant(), None);
        let mut users = vec![0_u32; self.setup.frames as usize];
        let tables = machine.kernel.spaces.iter().flatten();
        for pte in tables.flat_map(|space| space.table.values()) {
            if let Pte::Present(present) = pte {
                users[present.frame.0 as usize] += 1;
            }
        }
        machine.pool.iter().for_each(|frame| users[frame.0 as usize] += 1);
        assert_eq!(machine.kernel.frames.all_users(), users, "users of frames, and who they are");
        let free = users.iter().filter(|users| **users == 0).count();
        assert_eq!(machine.kernel.free_count() as usize, free, "free frames");
    }

    /// Checks the statistics of every area's device against the device itself and the account.
    ///
    /// At rest; nothing else goes on meanwhile.
    pub(crate) fn assert_statistics_are_exact(&mut self) {
        self.is_frozen = true;
        for area in self.areas.clone() {
            let Area { cookie, .. } = area;
            let found = self.read_device(area);
            let stat = self.mm_stat(cookie.device);
            let slots: BTreeSet<u32> = found.iter().map(|(slot, _)| *slot).collect();
            self.assert_account_agrees(cookie.device, &slots);
            assert_eq!(stat[0], found.len() as u64 * 4096, "orig_data_size: {stat:?}");
            let whole = found.iter().filter_map(|(_, bytes)| bytes.as_deref());
            let (same, others): (Vec<_>, Vec<_>) = whole.partition(|bytes| is_same_filled(bytes));
            assert_eq!(stat[5], same.len() as u64, "same_pages: {stat:?}");
            let is_whole = same.len() + others.len() == found.len();
            let bytes: u64 = others.into_iter().map(compressed_bytes).sum();
            assert!(!is_whole || stat[1] == bytes, "compr_data_size, not {bytes}: {stat:?}");
            assert_eq!(stat[7], 0, "huge_pages, which swap does not store: {stat:?}");
        }
        self.assert_pools_add_up();
        self.is_frozen = false;
    }

    /// Checks that the devices' pools are all pages that the daemon has. It may compact one by itself
    /// between two looks, once, as the clock stands still.
    fn assert_pools_add_up(&mut self) {
        let looks = self.devices.len() + 2;
        let mut look = || {
            let used: Vec<u64> =
                self.devices.clone().into_iter().map(|it| self.mm_stat(it)[2]).collect();
            let pool = lock(&self.machine).pool.len() as u64;
            (used.iter().sum::<u64>() == pool * 4096, used, pool)
        };
        let is_right = (0..looks).any(|_| look().0);
        assert!(is_right, "mem_used_total and pages of the pools: {:?}", look());
    }

    fn assert_account_agrees(&self, device: u16, slots: &BTreeSet<u32>) {
        let ledger = &lock(&self.machine).ledger;
        // What a lost queue took away is still in the account until somebody asks for it.
        let is_lost = |slot: &u32| ledger.is_damaged((u32::from(device), *slot));
        let stored = ledger.stored(device);
        let missing: Vec<_> = stored.difference(slots).filter(|slot| !is_lost(slot)).collect();
        let unknown: Vec<_> = slots.difference(&stored).collect();
        assert!(
            missing.is_empty() && unknown.is_empty(),
            "not there {missing:?}, there {unknown:?}"
        );
    }

    /// Reads every page of every space that lives; who loses a page or memory may die of it.
    pub(crate) fn read_everything(&mut self) {
        let pages: Vec<_> = self.model.keys().copied().collect();
        let mut readers: BTreeMap<SpaceId, ThreadId> = BTreeMap::new();
        for thread in self.living() {
            readers.insert(self.space_of(thread), thread);
        }
        for (space, page) in pages {
            let Some(&thread) = readers.get(&space) else { continue };
            if self.threads[thread.0].space != Some(space) {
                continue;
            }
            match self.run(thread, Job::Read(page)) {
                Outcome::Done | Outcome::Killed => {}
                outcome => panic!("a read ends with {outcome:?}"),
            }
        }
    }

    /// Ends all programs.
    pub(crate) fn end_programs(&mut self) {
        for thread in self.living() {
            if self.threads[thread.0].is_idle() {
                self.begin(thread, Job::Exit);
            }
        }
        self.run_until("all programs end", |world| {
            world.threads.iter().all(|thread| thread.space.is_none())
        });
    }

    /// Checks that the devices hold nothing (I-17) and give all memory back.
    pub(crate) fn assert_nothing_is_left(&mut self) {
        self.settle();
        for device in self.devices.clone() {
            let stat = self.mm_stat(device);
            assert_eq!((stat[0], stat[1], stat[5]), (0, 0, 0), "device {device} holds {stat:?}");
            self.write_file(&format!("{device}/compact"), "1").expect("it can be compacted");
            let stat = self.mm_stat(device);
            assert_eq!(stat[2], 0, "device {device} keeps memory: {stat:?}");
        }
        self.settle();
        self.assert_frames_add_up();
        assert_eq!(lock(&self.machine).pool.len(), 0, "pool pages");
    }
}

/// Returns whether the device holds exactly what page tables name: every notice has arrived.
fn is_told(machine: &Machine, area: Area) -> bool {
    let own = |entry: &SwapEntry| entry.area == area.index;
    let tables = machine.kernel.spaces.iter().flatten().flat_map(|space| space.table.values());
    let entries = tables.filter_map(|pte| match pte {
        Pte::Swapped(entry) => Some(*entry),
        Pte::Present(_) => None,
    });
    let named: BTreeSet<u32> = entries.filter(own).map(|entry| entry.slot.0).collect();
    let device = area.cookie.device;
    let stored = machine.ledger.stored(device);
    // A page that was lost has sharers who have not met it yet.
    let is_lost = |slot: &u32| machine.ledger.is_damaged((u32::from(device), *slot));
    stored.is_subset(&named) && named.difference(&stored).all(is_lost)
}

fn is_same_filled(bytes: &[u8]) -> bool {
    bytes.chunks_exact(8).all(|word| word == &bytes[..8])
}

/// Returns what a device that holds nothing else makes of a page.
fn compressed_bytes(page: &[u8]) -> u64 {
    let config = Config {
        disksize_pages: 1,
        compressor: Compressor::DEFAULT,
        possible_cpus: 1,
        mem_limit_pages: 0,
    };
    let memory = "the host has memory";
    let device = Zram::<spin::Mutex<()>, _>::new(config, HeapPages).expect(memory);
    let page = page.try_into().expect("a page");
    device.store(&mut Worker::new(0).expect(memory), 0, page, Purpose::Swap).expect(memory);
    device.statistics().compr_data_size
}
