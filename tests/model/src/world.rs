//! The world of the model: the real lifecycle core, and around it everything but the actor.
//!
//! Real are the core ([`State`], `zram_lifecycle::step`), with it the hotplug state of
//! `drivers/hotplug`, and the open-count words ([`Fields`]). Modelled are the things that they
//! decide about: contents and streams, the views that all threads see, the mailbox, the senders of
//! requests, the threads that work on pages meanwhile, and the kernel with its CPU events. One step
//! of the model is one access to state that threads share; access to what only the actor can reach
//! (contents not installed yet, and claimed ones) is no step of its own.
//!
//! `actor` performs the core's requests, `others` moves all other threads, `properties` says what
//! must hold, and `key` decides when two states are equal.

use hotplug::CpuId;
use zram_lifecycle::open_word::Fields;
use zram_lifecycle::{DeviceId, Pages, Request, Settings, State, View};

use crate::actor::Job;
use crate::bounds::{Bounds, DEVICES_MAX};
use crate::flaw::Flaw;
use crate::kernel::{Events, Kernel};
use crate::properties::Broken;
use crate::sequential::Sequential;

/// Sizes of devices here: one page, and two.
pub(crate) const SIZES: [u64; 2] = [4096, 8192];

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    pub(crate) core: State,
    /// What the actor is at; nothing while it waits for a message.
    pub(crate) job: Option<Job>,
    pub(crate) mailbox: Vec<Message>,
    /// The actor has ended: posts are refused.
    pub(crate) is_closed: bool,
    pub(crate) clients: Vec<Client>,
    pub(crate) places: Vec<DevicePlace>,
    /// The actor's own: a content that is no device's yet.
    pub(crate) built: Option<(DeviceId, Content)>,
    pub(crate) kernel: Kernel,
    pub(crate) events: Events,
    pub(crate) queues: Vec<Queue>,
    pub(crate) program: Program,
    pub(crate) reader: Reader,
    /// Numbers contents, so that one is never taken for another.
    pub(crate) contents_made: u32,
    pub(crate) sequential: Sequential<DEVICES_MAX>,
    pub(crate) broken: Broken,
    pub(crate) flaw: Option<Flaw>,
    /// Whether states that differ in names only are one.
    pub(crate) is_canonical: bool,
}

/// Who asks the actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sender {
    Client(usize),
    Events,
}

/// A message in the mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Message {
    pub(crate) from: Sender,
    pub(crate) request: Request,
}

/// A program that writes to control files and attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    pub(crate) requests_left: u8,
    pub(crate) is_waiting: bool,
}

/// A device, as all threads share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DevicePlace {
    pub(crate) word: Fields,
    pub(crate) view: Option<View>,
    pub(crate) content: Option<Content>,
    /// The last that an opener got for its records: generation, and what content it was.
    pub(crate) cookie: Option<Cookie>,
    /// A name whose device is gone, as a handle from before still has it.
    pub(crate) gone: Option<zram_lifecycle::DeviceName>,
}

/// What `SWAP_ATTACH` told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cookie {
    pub(crate) generation: u16,
    pub(crate) content: u32,
    pub(crate) pages: u32,
}

/// The content of an initialised device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Content {
    pub(crate) number: u32,
    pub(crate) pages: u32,
    /// CPUs with a stream, as bits.
    pub(crate) streams: u8,
    /// Slots up to the last that holds a page.
    pub(crate) stored: u32,
}

/// The thread of a CPU's swap queue, and the record it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Queue {
    pub(crate) records_left: u8,
    pub(crate) at: Serving,
}

/// Where a record is on its way through a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Serving {
    /// Nowhere.
    Nothing,
    /// The device is open for it.
    Opened { device: usize },
    /// It has the content in hand.
    Found { device: usize, content: u32 },
    /// It compresses a page, with this CPU's stream or the fallback.
    Compressing { device: usize, content: u32, with_own: bool },
    /// The page is about to be installed in its slot.
    Storing { device: usize, content: u32 },
}

/// A program that opens devices, as swapon does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Program {
    pub(crate) opens_left: u8,
    pub(crate) open: Option<usize>,
}

/// Somebody who reads statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reader {
    pub(crate) looks_left: u8,
    /// The content looked at, under the inspection lock.
    pub(crate) looking_at: Option<Option<u32>>,
}

impl DevicePlace {
    pub(crate) const ABSENT: Self =
        Self { word: Fields::ABSENT, view: None, content: None, cookie: None, gone: None };
}

impl Serving {
    /// Returns the content that it has in hand.
    pub(crate) const fn content(self) -> Option<u32> {
        match self {
            Self::Nothing | Self::Opened { .. } => None,
            Self::Found { content, .. }
            | Self::Compressing { content, .. }
            | Self::Storing { content, .. } => Some(content),
        }
    }
}

impl World {
    /// Returns a daemon that knows the CPUs below `online` to be up, and was asked `before` by nobody
    /// in particular.
    pub(crate) fn new(
        bounds: &Bounds,
        online: usize,
        before: &[Request],
        is_canonical: bool,
    ) -> Self {
        let core = State::new(bounds.devices).expect("memory");
        let client = Client { requests_left: bounds.requests_each, is_waiting: false };
        let queue = Queue { records_left: bounds.records_each, at: Serving::Nothing };
        let mut world = Self {
            core,
            job: None,
            mailbox: Vec::new(),
            is_closed: false,
            clients: vec![client; bounds.clients],
            places: vec![DevicePlace::ABSENT; bounds.devices],
            built: None,
            kernel: Kernel::new(bounds, online),
            events: Events::Reading,
            queues: vec![queue; bounds.cpus],
            program: Program { opens_left: bounds.opens, open: None },
            reader: Reader { looks_left: bounds.looks, looking_at: None },
            contents_made: 0,
            sequential: Sequential::new(bounds.devices),
            broken: Broken::NOTHING,
            flaw: None,
            is_canonical,
        };
        let cpus = (0..online).map(|cpu| Request::Cpu(self::cpu(cpu), hotplug::Stage::Online));
        for request in cpus.chain(before.iter().copied()) {
            world.mailbox.push(Message { from: Sender::Events, request });
            while !world.mailbox.is_empty() || world.job.is_some() {
                world.act(crate::actor::Choice::Succeeds);
            }
        }
        world.events = Events::Reading;
        for place in &mut world.places {
            place.cookie = cookie(place);
        }
        world
    }

    /// Returns the devices' places with their numbers.
    pub(crate) fn devices(&self) -> impl Iterator<Item = (usize, &DevicePlace)> {
        self.places.iter().enumerate()
    }

    pub(crate) fn place(&mut self, device: DeviceId) -> &mut DevicePlace {
        &mut self.places[device.index()]
    }

    pub(crate) fn has_flaw(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// Opens a device as every user does, of that generation if one is given.
    pub(crate) fn try_open(&mut self, device: usize, generation: Option<u16>) -> bool {
        let mut word = self.places[device].word;
        if self.has_flaw(Flaw::OpenOfClaimed) {
            word.claimed = false;
        }
        let Ok(Fields { opens, .. }) = word.opened(generation) else { return false };
        self.places[device].word.opens = opens;
        true
    }

    /// Returns whether a thread compresses with the stream of that CPU and device.
    pub(crate) fn is_stream_taken(&self, cpu: usize, device: usize) -> bool {
        matches!(self.queues[cpu].at,
            Serving::Compressing { device: it, with_own: true, .. } if it == device)
    }

    /// Returns whether a thread compresses with the device's fallback stream.
    pub(crate) fn is_fallback_taken(&self, device: usize) -> bool {
        self.queues.iter().any(|queue| {
            matches!(queue.at,
                Serving::Compressing { device: it, with_own: false, .. } if it == device)
        })
    }

    /// Returns whether another thread than the actor uses the content.
    pub(crate) fn is_used(&self, content: u32) -> bool {
        let by_queues = self.queues.iter().any(|queue| queue.at.content() == Some(content));
        by_queues || self.reader.looking_at == Some(Some(content))
    }
}

/// Returns what an opener of the device is told, if it is initialised: the size that is shown.
pub(crate) fn cookie(place: &DevicePlace) -> Option<Cookie> {
    let (content, view) = (place.content?, place.view?);
    let pages = view.pages.map_or(0, zram_lifecycle::Pages::count);
    Some(Cookie { generation: place.word.generation, content: content.number, pages })
}

/// Returns the CPU of that number.
pub(crate) fn cpu(index: usize) -> CpuId {
    CpuId::new(index as u32).expect("a model has few CPUs")
}

/// Returns the device of that number.
pub(crate) fn device(index: usize) -> DeviceId {
    DeviceId::new(index as u32).expect("a model has few devices")
}

/// Returns a size of so many pages.
pub(crate) fn pages(bytes: u64) -> Pages {
    Pages::holding(bytes).expect("a model has small devices")
}

/// Returns a request for a device, with a size or without.
pub(crate) fn add(bytes: Option<u64>) -> Request {
    Request::Add { id: None, settings: Settings::DEFAULT, pages: bytes.map(pages) }
}
