//! The daemon's life, and what people do with it: devices, areas, settings.

use swap_pager::ports::{Frames, QueueId, SpaceKind};
use swap_pager::{AREAS_MAX, AreaIndex};
use syscall::error::EIO;
use syscall::flag::{O_RDONLY, O_RDWR, O_WRONLY};
use syscall::schemev2::Opcode;
use zram_abi::verb::{Cookie, DISCARD, SWAP_ATTACH};
use zramd::platform::Answer;

use super::{DAEMON, DAEMON_PAGES, World};
use crate::kernel::space::{Present, Pte, Space};
use crate::ledger::Work;
use crate::machine::{Shared, lock, queues};
use crate::process::{Call, Process};

/// A mounted device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) index: AreaIndex,
    pub(crate) cookie: Cookie,
    /// The kernel's handle of it.
    handle: usize,
}

impl World {
    /// Starts a daemon without devices.
    pub(crate) fn start_daemon(&mut self) {
        assert!(self.process.is_none(), "one daemon at a time");
        {
            let mut guard = lock(&self.machine);
            let kernel = &mut guard.kernel;
            let mut space = Space::new(SpaceKind::Pinned);
            for page in 0..DAEMON_PAGES {
                let frame = kernel.allocate().expect("there is memory for the daemon");
                space.table.insert(page, Pte::Present(Present::fresh(frame)));
            }
            kernel.spaces[DAEMON.0 as usize] = Some(space);
        }
        self.process = Some(Process::start(&self.machine, self.setup.cpus));
    }

    /// Kills the daemon: its files close one by one, then its memory goes.
    pub(crate) fn kill_daemon(&mut self) {
        let Some(process) = &mut self.process else { return };
        process.is_silent = true;
        self.areas_are_dead();
        self.devices.clear();
        self.forgotten.clear();
        let mut open: Vec<_> = queues(self.setup.cpus).collect();
        while !open.is_empty() {
            let queue = open.swap_remove(self.random.index(open.len()));
            lock(&self.machine).queue_closed(queue);
            self.heed();
            let others = self.random.index(4);
            self.steps(others);
        }
        lock(&self.machine).end_life();
        self.heed();
        self.process.take().expect("it was there").end();
        let mut guard = lock(&self.machine);
        let machine = &mut *guard;
        let space = machine.kernel.spaces[DAEMON.0 as usize].take().expect("it had a space");
        for pte in space.table.values() {
            let Pte::Present(present) = pte else { panic!("a pinned page is in swap") };
            machine.kernel.release(present.frame);
        }
        machine.pager.frames_freed(&mut machine.kernel);
        drop(guard);
        self.heed();
    }

    /// Stops or continues all threads of the daemon.
    pub(crate) fn silence_daemon(&mut self, is_silent: bool) {
        if let Some(process) = &mut self.process {
            process.is_silent = is_silent;
        }
    }

    /// A thread of `cpu` that has a record ends; returns whether there is one.
    pub(crate) fn lose_queue_with_record(&mut self, cpu: u32) -> bool {
        let own = |queue: &QueueId| queue.cpu.number() == cpu;
        let busy = |queue: &QueueId| lock(&self.machine).ledger.in_hand(*queue).is_some();
        let found = queues(self.setup.cpus).filter(own).find(busy);
        if let Some(queue) = found {
            let performs = self.random.once_in(2);
            self.lose_queue(queue, performs);
        }
        found.is_some()
    }

    /// The thread of a queue ends before it answers its record; it has done what that asks if it
    /// `performs` it, or is at it already.
    pub(crate) fn lose_queue(&mut self, queue: QueueId, performs: bool) {
        let process = self.process.as_mut().expect("there is a daemon");
        let worker = process.worker(queue);
        let record = lock(&self.machine).ledger.in_hand(queue).cloned();
        let record = record.expect("the thread has a record");
        let work = |machine: &Shared| lock(machine).ledger.work(queue);
        let performs = performs || work(&self.machine) != Some(Work::Taken);
        while performs && work(&self.machine) != Some(Work::Done) {
            process.resume(worker);
        }
        process.end_worker(worker);
        if performs {
            lock(&self.machine).ledger.may_be_lost(&record);
        }
        self.heed();
    }

    /// Sends a request to the scheme and returns the answer, while other things happen.
    fn call(&mut self, call: Call) -> (Answer, Vec<u8>) {
        self.calls += 1;
        let number = self.calls;
        let process = self.process.as_ref().expect("there is a daemon to ask");
        let wire = std::sync::Arc::clone(&process.wire);
        wire.lock().expect("nobody panics here").requests.push_back(Call { number, ..call });
        process.stir();
        let answered =
            |_: &mut Self| wire.lock().expect("nobody panics here").answers.contains_key(&number);
        self.run_until("a request to the scheme", answered);
        let answer = wire.lock().expect("nobody panics here").answers.remove(&number);
        answer.expect("it was awaited")
    }

    fn request(
        &mut self,
        opcode: Opcode,
        handle: usize,
        word: u64,
        payload: &[u8],
    ) -> (Answer, Vec<u8>) {
        let payload = payload.to_vec();
        self.call(Call { number: 0, opcode, handle, words: [word, 0, 0], payload })
    }

    /// Discards slots of a mounted device through the mount's own handle, whatever the pager has there;
    /// other things happen meanwhile. Returns what was answered, which may be an errno.
    pub(crate) fn discard(&mut self, area: Area, first: u64, count: u64) -> Answer {
        let Area { handle, cookie, .. } = area;
        let end = first.saturating_add(count).min(u64::from(cookie.pages));
        let slots = (first..end).map(|slot| (u32::from(cookie.device), slot as u32));
        lock(&self.machine).ledger.discard_begins(slots);
        let words = [DISCARD, first, count];
        let call = Call { number: 0, opcode: Opcode::Call, handle, words, payload: Vec::new() };
        let (answer, _) = self.call(call);
        lock(&self.machine).ledger.discard_ended();
        answer
    }

    /// Opens a file of the scheme.
    pub(crate) fn open(&mut self, path: &str, flags: usize) -> Result<usize, i32> {
        match self.request(Opcode::OpenAt, 0, flags as u64, path.as_bytes()).0 {
            Answer::Opened { handle, .. } => Ok(handle),
            Answer::Error(errno) => Err(errno),
            Answer::Number(number) => panic!("{path} is opened with the answer {number}"),
        }
    }

    /// Closes a file of the scheme.
    pub(crate) fn close(&mut self, handle: usize) {
        let answer = self.request(Opcode::Close, handle, 0, &[]).0;
        assert_eq!(answer, Answer::Number(0));
    }

    /// Writes text to a file of the scheme.
    pub(crate) fn write_file(&mut self, path: &str, text: &str) -> Result<(), i32> {
        let handle = self.open(path, O_WRONLY)?;
        let answer = self.request(Opcode::Write, handle, 0, text.as_bytes()).0;
        self.close(handle);
        match answer {
            Answer::Number(size) if size == text.len() => Ok(()),
            Answer::Error(errno) => Err(errno),
            Answer::Number(_) | Answer::Opened { .. } => panic!("{path}: {answer:?}"),
        }
    }

    /// Reads `size` bytes of an open file.
    fn read_at(&mut self, handle: usize, offset: u64, size: usize) -> Result<Vec<u8>, i32> {
        let (answer, mut bytes) = self.request(Opcode::Read, handle, offset, &vec![0; size]);
        match answer {
            Answer::Number(count) => {
                bytes.truncate(count);
                Ok(bytes)
            }
            Answer::Error(errno) => Err(errno),
            Answer::Opened { .. } => panic!("a read is answered {answer:?}"),
        }
    }

    /// Reads a file of the scheme.
    pub(crate) fn read_file(&mut self, path: &str) -> String {
        let handle = self.open(path, O_RDONLY).expect("the file exists");
        let bytes = self.read_at(handle, 0, 1024).expect("attributes can be read");
        self.close(handle);
        String::from_utf8(bytes).expect("attributes are text")
    }

    /// Returns the numbers of `mm_stat`.
    pub(crate) fn mm_stat(&mut self, device: u16) -> Vec<u64> {
        self.numbers(&format!("{device}/mm_stat"))
    }

    /// Returns the numbers of `io_stat`.
    pub(crate) fn io_stat(&mut self, device: u16) -> Vec<u64> {
        self.numbers(&format!("{device}/io_stat"))
    }

    fn numbers(&mut self, path: &str) -> Vec<u64> {
        let text = self.read_file(path);
        text.split_whitespace().map(|word| word.parse().expect("a number")).collect()
    }

    /// Returns the pages of a mounted device that are not all zeros, by slot; nothing for a damaged
    /// one. Read through the mount's own handle: there can be no other.
    pub(crate) fn read_device(&mut self, area: Area) -> Vec<(u32, Option<Vec<u8>>)> {
        let Area { handle, cookie: Cookie { pages, .. }, .. } = area;
        let mut found = Vec::new();
        for slot in 0..pages {
            let offset = u64::from(slot) * zram::PAGE_SIZE as u64;
            match self.read_at(handle, offset, zram::PAGE_SIZE) {
                Ok(bytes) if bytes.iter().all(|&byte| byte == 0) => {}
                Ok(bytes) => found.push((slot, Some(bytes))),
                Err(EIO) => found.push((slot, None)),
                Err(errno) => panic!("slot {slot} is read with errno {errno}"),
            }
        }
        found
    }

    /// Adds a device of `pages` pages with further settings and returns its number.
    pub(crate) fn add_device(&mut self, pages: u32, settings: &str) -> u16 {
        let size = u64::from(pages) * zram::PAGE_SIZE as u64;
        let text = format!("disksize={size} {settings}");
        self.write_file("control/hot_add", &text).expect("a device can be added");
        let added = self.read_file("control/last_added");
        let device = added.trim().parse().expect("a number");
        self.devices.push(device);
        device
    }

    /// Mounts a device.
    pub(crate) fn swapon(&mut self, device: u16, priority: i64) {
        let handle = self.open(&device.to_string(), O_RDWR).expect("the device exists");
        let (answer, _) = self.request(Opcode::Call, handle, SWAP_ATTACH, &[]);
        let Answer::Number(word) = answer else { panic!("not attached: {answer:?}") };
        let cookie = Cookie::unpack(word as u64).expect("a cookie");
        let mounted = lock(&self.machine).pager.swapon(cookie, priority);
        let index = mounted.expect("it can be mounted");
        self.areas.push(Area { index, cookie, handle });
    }

    /// What was in the mounted areas is lost.
    pub(super) fn areas_are_dead(&mut self) {
        let machine = lock(&self.machine);
        let exists = |index: &u8| machine.pager.cookie(AreaIndex(*index)).is_some();
        self.dead_areas.extend((0..AREAS_MAX as u8).filter(exists));
        self.areas.clear();
    }

    /// The pager has given up an area; no page may be in it.
    pub(super) fn area_is_gone(&mut self, device: u16) {
        let machine = lock(&self.machine);
        let is_gone = |index: u8| machine.pager.cookie(AreaIndex(index)).is_none();
        let tables = machine.kernel.spaces.iter().flatten().flat_map(|space| space.table.values());
        let mut entries = tables.filter_map(|pte| match pte {
            Pte::Swapped(entry) => Some(entry.area.0),
            Pte::Present(_) => None,
        });
        assert!(!entries.any(is_gone), "swapoff leaves an entry of its area");
        self.dead_areas.retain(|index| !is_gone(*index));
        let Some(at) = self.areas.iter().position(|area| is_gone(area.index.0)) else { return };
        assert_eq!(self.areas[at].cookie.device, device, "swapoff ends another area");
        let stored = machine.ledger.stored(device);
        assert!(stored.is_empty(), "swapoff leaves {stored:?} on the device");
        self.forgotten.push(self.areas.swap_remove(at).handle);
    }

    /// Closes the devices of areas that are gone, also of those that go meanwhile.
    pub(crate) fn close_forgotten(&mut self) {
        while let Some(handle) = self.forgotten.pop() {
            if self.process.as_ref().is_some_and(|process| !process.is_silent) {
                self.close(handle);
            }
        }
    }
}
