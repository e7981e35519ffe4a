//! When two states are equal: names do not matter, only which names denote the same thing.
//!
//! - **Serials** of devices count up for ever; a state keeps only their order. All **generations** but
//!   a device's present one are equal, and so are all **contents** that are gone.
//! - **Clients** are alike, so they are sorted by their present activity.
//! - **CPUs** are alike, though the core walks them by number: it walks CPUs only over a content that
//!   no other thread can reach (not installed yet, or claimed; `is_private` in `actor`), and other
//!   threads see only the result of such a walk. So a state stands for all states that renumbering
//!   its CPUs gives, and the least of their encodings is its key.
//!
//! The key leaves out what follows from the rest: while the core is busy, its position follows from
//! the request, the next operation and the streams; what a refused request must leave follows from
//! the core. `tests/small.rs` compares this with an exploration that uses none of these reductions.

use std::hash::{Hash, Hasher};

use hotplug::Step;
use zram_lifecycle::{Answer, Ask, Device, DeviceName, Refusal, Request, State, View};

use crate::actor::{Job, Op};
use crate::bounds::CPUS_MAX;
use crate::kernel::{Events, Notice};
use crate::sequential::Reply;
use crate::world::{Cookie, DevicePlace, Sender, Serving, World, cpu, device};

/// The new numbers of CPUs.
type Renumbering = [usize; CPUS_MAX];

const OF_ONE: [Renumbering; 1] = [[0, 1, 2]];
const OF_TWO: [Renumbering; 2] = [[0, 1, 2], [1, 0, 2]];
const OF_THREE: [Renumbering; 6] =
    [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

impl Hash for World {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        if self.is_canonical {
            self.key().hash(hasher);
        } else {
            (&self.core, &self.job, &self.mailbox, self.is_closed).hash(hasher);
            (&self.clients, &self.places, &self.built, &self.kernel).hash(hasher);
            (&self.events, &self.queues, &self.program, &self.reader).hash(hasher);
            (self.contents_made, &self.sequential, self.broken).hash(hasher);
        }
    }
}

impl World {
    /// Returns the key that this state shares with all states that differ from it in names only.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        let renumberings: &[Renumbering] = match self.queues.len() {
            0 | 1 => &OF_ONE,
            2 => &OF_TWO,
            _ => &OF_THREE,
        };
        let serials = self.serials();
        let clients = self.clients_in_order();
        let encoded = renumberings.iter().map(|cpus| {
            let bytes = Vec::with_capacity(128);
            let mut key = Key { world: self, cpus, clients: &clients, serials: &serials, bytes };
            key.everything();
            key.bytes
        });
        encoded.min().expect("there is a renumbering")
    }

    /// Returns all serials that matter, in order.
    fn serials(&self) -> Vec<u64> {
        let mut serials = Vec::with_capacity(8);
        let mut add = |name: Option<DeviceName>| serials.extend(name.map(|name| name.serial));
        for (index, place) in self.devices() {
            add(place.view.map(|view| view.name));
            add(place.gone);
            add(self.house_device(index).and_then(name_of));
        }
        self.mailbox.iter().for_each(|message| add(named(message.request)));
        if let Some(job) = &self.job {
            add(named(job.request));
            job.ops.iter().for_each(|op| add(view_of(*op).map(|view| view.name)));
        }
        serials.sort_unstable();
        serials.dedup();
        serials
    }

    fn house_device(&self, index: usize) -> Option<Device> {
        match &self.core {
            State::Idle(inventory, _) | State::Busy(inventory, _) => {
                Some(inventory.device(device(index)))
            }
            State::Exited(_) => None,
        }
    }

    /// Returns the place of each client in the order of their present activities.
    fn clients_in_order(&self) -> Vec<usize> {
        let at = |index: usize| {
            let sender = Sender::Client(index);
            let waits = self.mailbox.iter().position(|message| message.from == sender);
            let in_work = self.job.as_ref().is_some_and(|job| job.from == sender);
            (self.clients[index].requests_left, self.clients[index].is_waiting, waits, in_work)
        };
        let mut order: Vec<usize> = (0..self.clients.len()).collect();
        order.sort_by_key(|index| at(*index));
        let mut places = vec![0; order.len()];
        order.into_iter().enumerate().for_each(|(place, index)| places[index] = place);
        places
    }
}

struct Key<'a> {
    world: &'a World,
    cpus: &'a Renumbering,
    clients: &'a [usize],
    serials: &'a [u64],
    bytes: Vec<u8>,
}

impl Key<'_> {
    fn everything(&mut self) {
        let world = self.world;
        self.add(world.broken.0);
        self.add(world.broken.0 >> 8);
        self.core();
        self.job(world.job.as_ref());
        self.add(world.is_closed);
        self.add_count(world.mailbox.len());
        for message in &world.mailbox {
            self.sender(message.from);
            self.request(message.request);
        }
        let mut clients: Vec<_> = world.clients.iter().zip(self.clients).collect();
        clients.sort_unstable_by_key(|(_, place)| **place);
        for (client, _) in clients {
            self.bytes.extend([client.requests_left, u8::from(client.is_waiting)]);
        }
        world.places.iter().for_each(|place| self.place(place));
        match &world.built {
            None => self.add(false),
            Some((_, content)) => {
                let streams = self.cpu_set(content.streams);
                self.bytes.extend([1, content.pages as u8, streams]);
            }
        }
        self.kernel();
        self.queues();
        let Some(open) = world.program.open else { return self.rest(0) };
        self.rest(1 + open);
    }

    fn rest(&mut self, open: usize) {
        let world = self.world;
        self.add_count(open);
        self.bytes.extend([world.program.opens_left, world.reader.looks_left]);
        match world.reader.looking_at {
            None => self.add_count(0),
            Some(None) => self.add_count(1),
            Some(Some(content)) => self.content(content),
        }
    }

    fn core(&mut self) {
        let inventory = match &self.world.core {
            State::Idle(inventory, _) => {
                self.bytes.push(0);
                inventory
            }
            State::Busy(inventory, _) => {
                self.bytes.push(1);
                inventory
            }
            State::Exited(_) => return self.bytes.push(2),
        };
        for index in 0..self.world.places.len() {
            match inventory.device(device(index)) {
                Device::Absent => self.bytes.push(0),
                Device::Empty(name, _) => {
                    self.bytes.push(1);
                    self.name(Some(name));
                }
                Device::Ready(name, _, pages) => {
                    self.bytes.extend([2, pages.count() as u8]);
                    self.name(Some(name));
                }
            }
        }
        let mut cpus = [0; CPUS_MAX];
        for (index, place) in self.cpus.iter().enumerate() {
            cpus[*place] = inventory.cpu(cpu(index)) as u8;
        }
        self.bytes.extend(cpus);
    }

    fn job(&mut self, job: Option<&Job>) {
        let Some(job) = job else { return self.add(false) };
        self.add(true);
        self.sender(job.from);
        self.request(job.request);
        self.add(job.is_fresh());
        self.add_count(job.ops.len());
        job.ops.iter().for_each(|op| self.op(*op));
    }

    fn op(&mut self, op: Op) {
        let (tag, id) = match op {
            Op::Ask(Ask::Claim(id)) => (0, id.index()),
            Op::Ask(Ask::Build(_)) => (1, 0),
            Op::Ask(Ask::Grow(id, _)) => (2, id.index()),
            Op::Ask(Ask::Shrink(id, _)) => (3, id.index()),
            Op::Ask(Ask::GiveUp(id, _)) => (15, id.index()),
            Op::Ask(Ask::Step(Step::Startup { cpu, instance })) => {
                (16 + self.cpus[cpu.index()], instance.index())
            }
            Op::Ask(Ask::Step(Step::Teardown { cpu, instance })) => {
                (32 + self.cpus[cpu.index()], instance.index())
            }
            Op::Show(view) => (4, view.name.id.index()),
            Op::Install(view) => (5, view.name.id.index()),
            Op::DropBuilt => (6, 0),
            Op::Empty(id, view) => (7 + usize::from(view.is_some()), id.index()),
            Op::Admit(id) => (9, id.index()),
            Op::Release(id) => (10, id.index()),
            Op::Reply(reply) => (11, usize::from(of_reply(reply))),
            Op::Finish => (12, 0),
        };
        self.add_count(tag);
        self.add_count(id);
        self.view(view_of(op));
    }

    fn view(&mut self, view: Option<View>) {
        self.name(view.map(|view| view.name));
        let pages = view.and_then(|view| view.pages).map_or(0, zram_lifecycle::Pages::count);
        self.bytes.push(pages as u8);
    }

    fn request(&mut self, request: Request) {
        let (tag, more) = match request {
            Request::Add { pages, .. } => (1, pages.map_or(0, |pages| pages.count() as u8)),
            Request::Remove(id) => (2, id.index() as u8),
            Request::SetDisksize(_, pages) => (3, pages.count() as u8),
            Request::Resize(_, pages) => (4, pages.count() as u8),
            Request::SetAlgorithm(..) => (5, 0),
            Request::SetParameters(..) => (10, 0),
            Request::SetLimit(..) => (6, 0),
            Request::Reset(_) => (7, 0),
            Request::Compact(_) => (8, 0),
            Request::Cpu(cpu, stage) => (16 + stage as u8, self.cpus[cpu.index()] as u8),
            Request::Exit => (9, 0),
        };
        self.bytes.extend([tag, more]);
        self.name(named(request));
    }

    fn place(&mut self, place: &DevicePlace) {
        self.add(place.word.claimed);
        self.bytes.push(place.word.opens as u8);
        self.view(place.view);
        self.name(place.gone);
        match &place.content {
            None => self.add(false),
            Some(content) => {
                let streams = self.cpu_set(content.streams);
                self.bytes.extend([1, content.pages as u8, streams, content.stored as u8]);
            }
        }
        match place.cookie {
            None => self.bytes.push(0),
            Some(Cookie { generation, .. }) if generation != place.word.generation => {
                self.bytes.push(1);
            }
            Some(Cookie { content, pages, .. }) => {
                let is_same = place.content.is_some_and(|now| now.number == content);
                self.bytes.extend([2, pages as u8, u8::from(is_same)]);
            }
        }
    }

    fn kernel(&mut self) {
        let kernel = &self.world.kernel;
        let mut cpus = [0; CPUS_MAX];
        for (index, place) in self.cpus.iter().enumerate() {
            cpus[*place] = u8::from(kernel.online[index]) | u8::from(kernel.agreed[index]) << 1;
        }
        self.bytes.extend(cpus);
        self.bytes.extend([kernel.transitions_left, u8::from(kernel.is_subscribed)]);
        match kernel.transition {
            None => self.add(false),
            Some(transition) => {
                let cpu = self.cpus[transition.cpu] as u8;
                self.bytes.extend([1, transition.phase as u8, cpu]);
            }
        }
        self.add_count(kernel.unread.len());
        kernel.unread.iter().for_each(|notice| self.notice(*notice));
        match self.world.events {
            Events::Reading => self.bytes.push(0),
            Events::Asking(notice) => {
                self.bytes.push(1);
                self.notice(notice);
            }
            Events::Answering(notice, agreed) => {
                self.bytes.push(2 + u8::from(agreed));
                self.notice(notice);
            }
            Events::Ended => self.bytes.push(4),
        }
    }

    fn notice(&mut self, notice: Notice) {
        let awaited = self.world.kernel.transition.map(|transition| transition.sequence);
        let is_awaited = awaited == Some(notice.sequence);
        let cpu = self.cpus[notice.cpu] as u8;
        self.bytes.extend([cpu, notice.stage as u8, u8::from(is_awaited)]);
    }

    fn queues(&mut self) {
        let mut queues: Vec<_> = self.world.queues.iter().zip(self.cpus).collect();
        queues.sort_unstable_by_key(|(_, place)| **place);
        for (queue, _) in queues {
            self.bytes.push(queue.records_left);
            let (tag, device) = match queue.at {
                Serving::Nothing => (0, 0),
                Serving::Opened { device } => (1, device),
                Serving::Found { device, .. } => (2, device),
                Serving::Compressing { device, with_own, .. } => (3 + u8::from(with_own), device),
                Serving::Storing { device, .. } => (5, device),
            };
            self.bytes.extend([tag, device as u8]);
            if let Some(content) = queue.at.content() {
                self.content(content);
            }
        }
    }

    /// Adds which device has the content, if one does.
    fn content(&mut self, number: u32) {
        let is_it =
            |place: &DevicePlace| place.content.is_some_and(|content| content.number == number);
        let found = self.world.places.iter().position(is_it);
        self.add_count(found.map_or(2, |index| 3 + index));
    }

    fn sender(&mut self, sender: Sender) {
        match sender {
            Sender::Events => self.add_count(0),
            Sender::Client(index) => self.add_count(1 + self.clients[index]),
        }
    }

    fn name(&mut self, name: Option<DeviceName>) {
        let Some(name) = name else { return self.bytes.push(0) };
        let rank = self.serials.iter().position(|serial| *serial == name.serial);
        let rank = rank.expect("all serials were collected");
        self.bytes.extend([1 + rank as u8, name.id.index() as u8]);
    }

    fn cpu_set(&self, set: u8) -> u8 {
        let cpus = self.cpus.iter().enumerate();
        cpus.fold(0, |mapped, (index, place)| mapped | (set >> index & 1) << place)
    }

    fn add(&mut self, bits: impl Into<u16>) {
        self.bytes.push(bits.into() as u8);
    }

    fn add_count(&mut self, count: usize) {
        self.bytes.push(u8::try_from(count).expect("a model counts few things"));
    }
}

const fn name_of(device: Device) -> Option<DeviceName> {
    match device {
        Device::Absent => None,
        Device::Empty(name, _) | Device::Ready(name, _, _) => Some(name),
    }
}

const fn named(request: Request) -> Option<DeviceName> {
    match request {
        Request::SetDisksize(name, _)
        | Request::Resize(name, _)
        | Request::SetAlgorithm(name, _)
        | Request::SetParameters(name, _)
        | Request::SetLimit(name, _)
        | Request::Reset(name)
        | Request::Compact(name) => Some(name),
        Request::Add { .. } | Request::Remove(_) | Request::Cpu(..) | Request::Exit => None,
    }
}

const fn view_of(op: Op) -> Option<View> {
    match op {
        Op::Ask(Ask::Build(view)) | Op::Show(view) | Op::Install(view) => Some(view),
        Op::Empty(_, view) => view,
        Op::Ask(
            Ask::Claim(_) | Ask::Grow(..) | Ask::Shrink(..) | Ask::GiveUp(..) | Ask::Step(_),
        )
        | Op::DropBuilt
        | Op::Admit(_)
        | Op::Release(_)
        | Op::Reply(_)
        | Op::Finish => None,
    }
}

const fn of_reply(reply: Reply) -> u8 {
    match reply {
        Ok(Answer::Done) => 0,
        Ok(Answer::Added(_)) => 1,
        Err(refusal) => of_refusal(refusal),
    }
}

const fn of_refusal(refusal: Refusal) -> u8 {
    match refusal {
        Refusal::Exited => 2,
        Refusal::NoDevice => 3,
        Refusal::Exists => 4,
        Refusal::NoNumber => 5,
        Refusal::Open => 6,
        Refusal::Initialised => 7,
        Refusal::NotInitialised => 8,
        Refusal::Stored => 9,
        Refusal::NoMemory => 10,
        Refusal::WrongStage => 11,
        Refusal::OtherAlgorithm => 12,
        Refusal::NoSuchLevel => 13,
    }
}
