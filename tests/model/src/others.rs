//! All actors of the model but the daemon's actor: clients, swap queues, a program that opens
//! devices, a reader of statistics.
//!
//! Each of their steps is one access to what threads share, taken from `devices::table`, `queue`,
//! `scheme` and the stream places of `drivers/zram`.

use zram_lifecycle::{DeviceName, Request};

use crate::bounds::Bounds;
use crate::properties::Invariant;
use crate::world::{Message, SIZES, Sender, Serving, World, add, cookie, device, pages};

/// A step of a thread that works on pages or reads statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The queue thread of this CPU gets a record for the device.
    Record {
        /// The CPU.
        cpu: usize,
        /// The device.
        device: usize,
    },
    /// The queue thread of this CPU goes on with its record.
    Serve(usize),
    /// The program opens the device.
    Open(usize),
    /// The program closes what it has open.
    Close,
    /// The reader begins to look at the device.
    Look(usize),
    /// The reader is done.
    LookAway,
}

impl World {
    /// Adds the requests that an idle client may send now.
    pub(crate) fn requests(&self, bounds: &Bounds, requests: &mut Vec<Request>) {
        requests.extend([add(None), add(Some(SIZES[1])), Request::Exit]);
        for (index, place) in self.devices() {
            requests.push(Request::Remove(device(index)));
            let shown = place.view.map(|view| view.name);
            for name in shown.into_iter().chain(place.gone) {
                requests.extend(requests_for(name));
            }
        }
        assert!(self.places.len() == bounds.devices, "each device has its place");
    }

    /// Sends a client's request.
    pub(crate) fn send(&mut self, client: usize, request: Request) {
        let sender = &mut self.clients[client];
        sender.requests_left -= 1;
        // A closed mailbox refuses at once.
        if !self.is_closed {
            sender.is_waiting = true;
            self.mailbox.push(Message { from: Sender::Client(client), request });
        }
    }

    /// Adds what others may begin now.
    pub(crate) fn beginnings(&self, deeds: &mut Vec<Deed>) {
        for (cpu, queue) in self.queues.iter().enumerate() {
            let is_idle = queue.at == Serving::Nothing && queue.records_left > 0;
            if is_idle && self.kernel.online[cpu] {
                let known = self.devices().filter(|(_, place)| place.cookie.is_some());
                deeds.extend(known.map(|(device, _)| Deed::Record { cpu, device }));
            }
        }
        if self.program.open.is_none() && self.program.opens_left > 0 {
            deeds.extend((0..self.places.len()).map(Deed::Open));
        }
        if self.reader.looking_at.is_none() && self.reader.looks_left > 0 {
            deeds.extend((0..self.places.len()).map(Deed::Look));
        }
        // Never forced: a program may keep a device open for ever.
        deeds.extend(self.program.open.map(|_| Deed::Close));
    }

    /// Adds what others that have begun can go on with now.
    pub(crate) fn continuations(&self, deeds: &mut Vec<Deed>) {
        for (cpu, queue) in self.queues.iter().enumerate() {
            let can_go_on = match queue.at {
                Serving::Nothing => false,
                Serving::Found { device, .. } => {
                    self.has_stream(cpu, device) || !self.is_fallback_taken(device)
                }
                Serving::Opened { .. } | Serving::Compressing { .. } | Serving::Storing { .. } => {
                    true
                }
            };
            if can_go_on {
                deeds.push(Deed::Serve(cpu));
            }
        }
        deeds.extend(self.reader.looking_at.map(|_| Deed::LookAway));
    }

    fn has_stream(&self, cpu: usize, device: usize) -> bool {
        self.places[device].content.is_some_and(|content| content.streams >> cpu & 1 == 1)
    }

    /// Performs a step of another thread than the actor.
    pub(crate) fn perform_deed(&mut self, deed: Deed) {
        match deed {
            Deed::Record { cpu, device } => self.begin_record(cpu, device),
            Deed::Serve(cpu) => self.serve(cpu),
            Deed::Open(device) => self.open(device),
            Deed::Close => {
                let device = self.program.open.take().expect("only an open device is closed");
                let place = &mut self.places[device];
                place.word = place.word.closed();
            }
            Deed::Look(device) => {
                self.reader.looks_left -= 1;
                let content = self.places[device].content;
                self.reader.looking_at = Some(content.map(|content| content.number));
            }
            Deed::LookAway => self.reader.looking_at = None,
        }
    }

    fn begin_record(&mut self, cpu: usize, device: usize) {
        let cookie = self.places[device].cookie;
        let generation = cookie.expect("a record names a device that was attached").generation;
        self.queues[cpu].records_left -= 1;
        if self.try_open(device, Some(generation)) {
            self.queues[cpu].at = Serving::Opened { device };
        }
    }

    fn serve(&mut self, cpu: usize) {
        let at = self.queues[cpu].at;
        self.queues[cpu].at = match at {
            Serving::Nothing => Serving::Nothing,
            Serving::Opened { device } => match self.places[device].content {
                Some(content) => {
                    let cookie = self.places[device].cookie;
                    let is_other = cookie.is_none_or(|cookie| cookie.content != content.number);
                    self.broken.note(Invariant::WrongContent, is_other);
                    Serving::Found { device, content: content.number }
                }
                None => self.close_record(device),
            },
            Serving::Found { device, content } => {
                self.check_used(device, content);
                let with_own = self.has_stream(cpu, device);
                Serving::Compressing { device, content, with_own }
            }
            Serving::Compressing { device, content, with_own } => {
                self.check_used(device, content);
                let is_gone = with_own && !self.has_stream(cpu, device);
                self.broken.note(Invariant::UseAfterFree, is_gone);
                Serving::Storing { device, content }
            }
            Serving::Storing { device, content } => {
                self.check_used(device, content);
                self.store_last(device);
                self.close_record(device)
            }
        };
    }

    /// A content in hand is still the device's.
    fn check_used(&mut self, device: usize, content: u32) {
        let now = self.places[device].content.map(|content| content.number);
        self.broken.note(Invariant::UseAfterFree, now != Some(content));
    }

    /// Stores a page in the last slot that the cookie has, if it is still there.
    fn store_last(&mut self, device: usize) {
        let place = &mut self.places[device];
        let slots = place.cookie.map_or(0, |cookie| cookie.pages);
        if let Some(content) = &mut place.content
            && slots <= content.pages
        {
            content.stored = content.stored.max(slots);
        }
    }

    fn close_record(&mut self, device: usize) -> Serving {
        let place = &mut self.places[device];
        place.word = place.word.closed();
        Serving::Nothing
    }

    fn open(&mut self, device: usize) {
        self.program.opens_left -= 1;
        if !self.try_open(device, None) {
            return;
        }
        self.program.open = Some(device);
        let place = &mut self.places[device];
        if let Some(cookie) = cookie(place) {
            place.cookie = Some(cookie);
        }
    }
}

fn requests_for(name: DeviceName) -> [Request; 4] {
    [
        Request::SetDisksize(name, pages(SIZES[1])),
        Request::Resize(name, pages(SIZES[0])),
        Request::Resize(name, pages(SIZES[1])),
        Request::Reset(name),
    ]
}
