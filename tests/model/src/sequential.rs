//! The lifecycle's answers if requests came one at a time: the specification.
//!
//! The specification shares no code with the daemon. The model checker compares each reply with it
//! (I-5); the linearizability test searches an order in which it would have given the replies that
//! were seen.

use zram_lifecycle::{Answer, DeviceId, DeviceName, Pages, Refusal, Request};

/// What a client is told.
pub type Reply = Result<Answer, Refusal>;

/// A device, as those who ask know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Life {
    /// Tells this life of the number from others.
    pub serial: u64,
    /// The size, once it has one.
    pub pages: Option<Pages>,
}

/// The devices that there are, of at most `N`, and whether the daemon has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sequential<const N: usize> {
    devices: [Option<Life>; N],
    numbers: usize,
    next_serial: u64,
    has_exited: bool,
}

impl<const N: usize> Sequential<N> {
    /// Returns a daemon without devices, that can have so many.
    ///
    /// # Panics
    ///
    /// If these are more than `N`.
    #[must_use]
    pub fn new(numbers: usize) -> Self {
        assert!(numbers <= N, "{numbers} numbers of devices, at most {N}");
        Self { devices: [None; N], numbers, next_serial: 0, has_exited: false }
    }

    /// Returns whether exit was answered.
    #[must_use]
    pub const fn has_exited(&self) -> bool {
        self.has_exited
    }

    /// Returns the device of that number.
    #[must_use]
    pub fn device(&self, id: DeviceId) -> Option<Life> {
        self.devices.get(id.index()).copied().flatten()
    }

    /// Returns what is there after `request` was answered with `reply`, or nothing if it must not be.
    ///
    /// Whether a device is open, memory is missing or a page is stored is not known here: each is
    /// allowed wherever it can be a reason.
    #[must_use]
    pub fn after(&self, request: Request, reply: Reply) -> Option<Self> {
        if self.has_exited {
            return (reply == Err(Refusal::Exited)).then_some(*self);
        }
        match (self.served(request), reply) {
            (Ok((next, answer)), Ok(given)) => (answer == given).then_some(next),
            (Ok(_), Err(refusal)) => self.may_refuse(request, refusal).then_some(*self),
            (Err(refusal), Err(given)) => (refusal == given).then_some(*self),
            (Err(_), Ok(_)) => None,
        }
    }

    /// Returns what happens if nothing is open, memory is there, and nothing is stored.
    fn served(&self, request: Request) -> Result<(Self, Answer), Refusal> {
        let mut next = *self;
        match request {
            Request::Add { id, pages, .. } => {
                let id = self.number_for(id)?;
                next.devices[id.index()] = Some(Life { serial: self.next_serial, pages });
                next.next_serial += 1;
                return Ok((next, Answer::Added(id)));
            }
            Request::Remove(id) => {
                self.device(id).ok_or(Refusal::NoDevice)?;
                next.devices[id.index()] = None;
            }
            Request::SetDisksize(name, pages) => {
                self.empty(name)?;
                next.set_pages(name, Some(pages));
            }
            Request::Resize(name, pages) => {
                self.ready(name)?;
                next.set_pages(name, Some(pages));
            }
            Request::Reset(name) => {
                self.named(name)?;
                next.set_pages(name, None);
            }
            Request::SetAlgorithm(name, _) | Request::SetParameters(name, _) => self.empty(name)?,
            Request::SetLimit(name, _) => self.named(name).map(drop)?,
            Request::Compact(name) => self.ready(name).map(drop)?,
            Request::Cpu(..) => {}
            Request::Exit => {
                next.devices = [None; N];
                next.has_exited = true;
            }
        }
        Ok((next, Answer::Done))
    }

    fn set_pages(&mut self, name: DeviceName, pages: Option<Pages>) {
        self.devices[name.id.index()] = Some(Life { serial: name.serial, pages });
    }

    fn number_for(&self, wanted: Option<DeviceId>) -> Result<DeviceId, Refusal> {
        let mut numbers = (0..self.numbers as u32).filter_map(DeviceId::new);
        match wanted {
            Some(id) if id.index() >= self.numbers => Err(Refusal::NoNumber),
            Some(id) if self.device(id).is_some() => Err(Refusal::Exists),
            Some(id) => Ok(id),
            None => numbers.find(|id| self.device(*id).is_none()).ok_or(Refusal::NoNumber),
        }
    }

    fn named(&self, name: DeviceName) -> Result<Life, Refusal> {
        let life = self.device(name.id).filter(|life| life.serial == name.serial);
        life.ok_or(Refusal::NoDevice)
    }

    fn empty(&self, name: DeviceName) -> Result<(), Refusal> {
        match self.named(name)?.pages {
            None => Ok(()),
            Some(_) => Err(Refusal::Initialised),
        }
    }

    fn ready(&self, name: DeviceName) -> Result<Pages, Refusal> {
        self.named(name)?.pages.ok_or(Refusal::NotInitialised)
    }

    /// Returns whether a request that could be served may be refused with `refusal` all the same.
    fn may_refuse(&self, request: Request, refusal: Refusal) -> bool {
        let (grows, shrinks) = match request {
            Request::Resize(name, pages) => {
                let now = self.device(name.id).and_then(|life| life.pages);
                (now.is_some_and(|now| pages > now), now.is_some_and(|now| pages < now))
            }
            _ => (false, false),
        };
        match refusal {
            Refusal::NoMemory => {
                let builds = matches!(
                    request,
                    Request::Add { pages: Some(_), .. }
                        | Request::SetDisksize(..)
                        | Request::Cpu(..)
                );
                builds || grows
            }
            Refusal::Open => {
                let claims =
                    matches!(request, Request::Remove(_) | Request::Reset(_) | Request::Exit);
                claims || shrinks
            }
            Refusal::Stored => shrinks,
            Refusal::WrongStage => matches!(request, Request::Cpu(..)),
            Refusal::Exited
            | Refusal::NoDevice
            | Refusal::Exists
            | Refusal::NoNumber
            | Refusal::Initialised
            | Refusal::NotInitialised
            | Refusal::OtherAlgorithm
            | Refusal::NoSuchLevel => false,
        }
    }
}
