//! Linearizability: is there an order of the requests, one at a time, that explains the answers?
//!
//! A history is the requests of threads, their answers, and when each call began and ended. It is
//! linearizable if the calls can be put in one order that keeps the order of calls that did not
//! overlap, and in which the specification gives these answers (Wing and Gong's search; states that
//! were tried are remembered). The specification is [`Sequential`] and, in addition, which thread
//! has what open.

use std::collections::HashSet;

use syscall::{EBUSY, EEXIST, EINVAL, ENODEV, ENOENT, ENOSPC};
use zram::Algorithm;
use zram_lifecycle::{Answer, DeviceId, DeviceName, Limit, Pages, Parameters, Refusal, Request};

use crate::sequential::{Reply, Sequential};

/// Most threads of a history, devices of the daemon, and calls.
pub const THREADS_MAX: usize = 4;
const DEVICES_MAX: usize = 32;
const CALLS_MAX: usize = 64;

/// What a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Writes to a control file.
    Control(Request),
    /// Opens an attribute of the device, to keep instead of what it had open before.
    OpenAttribute(DeviceId),
    /// Writes to the attribute.
    Change(Change),
    /// Reads the size from the attribute.
    ReadSize,
    /// Opens the device itself.
    OpenDevice(DeviceId),
    /// Closes the device.
    CloseDevice,
}

/// A write to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// To `disksize`.
    Disksize(Pages),
    /// To `resize`.
    Resize(Pages),
    /// To `reset`.
    Reset,
    /// To `comp_algorithm`.
    Algorithm,
    /// To `algorithm_params`.
    Parameters,
    /// To `mem_limit`.
    Limit,
    /// To `compact`.
    Compact,
}

/// What it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seen {
    /// It was done.
    Done,
    /// This device was added.
    Added(DeviceId),
    /// The size in bytes.
    Size(u64),
    /// It was refused.
    Errno(i32),
}

/// From when to when a call lasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub began: u64,
    /// When it had the answer.
    pub ended: u64,
}

impl Span {
    /// Returns whether both lasted at some time.
    pub fn overlaps(self, other: Self) -> bool {
        self.began < other.ended && other.began < self.ended
    }
}

/// A call with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who called.
    pub thread: usize,
    /// What it did.
    pub call: Call,
    /// What it was told.
    pub seen: Seen,
    /// When.
    pub span: Span,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Specification {
    lifecycle: Sequential<DEVICES_MAX>,
    opens: [u8; DEVICES_MAX],
    attributes: [Option<DeviceName>; THREADS_MAX],
    devices: [Option<DeviceId>; THREADS_MAX],
}

/// Returns an order that explains the history, as indices of its entries; nothing if there is none.
///
/// # Panics
///
/// If there are more than 64 entries.
#[must_use]
pub fn linearize(history: &[Entry]) -> Option<Vec<usize>> {
    assert!(history.len() <= CALLS_MAX, "{} calls", history.len());
    let begin = Specification {
        lifecycle: Sequential::new(DEVICES_MAX),
        opens: [0; DEVICES_MAX],
        attributes: [None; THREADS_MAX],
        devices: [None; THREADS_MAX],
    };
    let mut search = Search { history, tried: HashSet::new(), order: Vec::new() };
    search.go_on(0, &begin).then_some(search.order)
}

struct Search<'a> {
    history: &'a [Entry],
    tried: HashSet<(u64, Specification)>,
    order: Vec<usize>,
}

impl Search<'_> {
    /// Puts the entries that are not in `done` in order; returns whether that goes.
    fn go_on(&mut self, done: u64, before: &Specification) -> bool {
        let left = |index: &usize| done >> index & 1 == 0;
        let ends = (0..self.history.len()).filter(left).map(|index| self.history[index].span.ended);
        let Some(first_end) = ends.min() else { return true };
        if !self.tried.insert((done, before.clone())) {
            return false;
        }
        for index in (0..self.history.len()).filter(left) {
            let entry = &self.history[index];
            if entry.span.began > first_end {
                continue;
            }
            self.order.push(index);
            for after in before.after(entry, self.is_disturbed(entry)) {
                if self.go_on(done | 1 << index, &after) {
                    return true;
                }
            }
            self.order.pop();
        }
        false
    }

    /// Returns whether another thread asked at the same time for what claims a device for a moment, or
    /// lets it be seen a moment before it can be opened.
    fn is_disturbed(&self, entry: &Entry) -> bool {
        self.history.iter().any(|other| {
            let overlaps = other.span.overlaps(entry.span);
            let asks = matches!(
                other.call,
                Call::Control(_) | Call::Change(Change::Reset | Change::Resize(_))
            );
            other.thread != entry.thread && overlaps && asks
        })
    }
}

impl Specification {
    /// Returns what there can be after the call if it was told what it was.
    fn after(&self, entry: &Entry, is_disturbed: bool) -> Vec<Self> {
        let Entry { thread, call, seen, .. } = *entry;
        match call {
            Call::Control(request) => self.after_request(request, seen),
            Call::Change(change) => {
                let Some(name) = self.attributes[thread] else { return Vec::new() };
                self.after_request(change.request(name), seen)
            }
            Call::OpenAttribute(id) => self.after_open_attribute(thread, id, seen),
            Call::ReadSize => self.if_it(self.size(thread) == seen),
            Call::OpenDevice(id) => self.after_open_device(thread, id, seen, is_disturbed),
            Call::CloseDevice => {
                let mut next = self.clone();
                let closed = next.devices[thread].take();
                if let Some(id) = closed {
                    next.opens[id.index()] -= 1;
                }
                vec![next]
            }
        }
    }

    fn if_it(&self, is_so: bool) -> Vec<Self> {
        if is_so { vec![self.clone()] } else { Vec::new() }
    }

    fn after_request(&self, request: Request, seen: Seen) -> Vec<Self> {
        let replies =
            replies(request, seen).into_iter().filter(|reply| self.fits_opens(request, *reply));
        let after = replies.filter_map(|reply| self.lifecycle.after(request, reply));
        after.map(|lifecycle| Self { lifecycle, ..self.clone() }).collect()
    }

    /// Returns whether what is open makes the reply possible: EBUSY needs something open, and what
    /// takes a device away needs nothing open.
    fn fits_opens(&self, request: Request, reply: Reply) -> bool {
        let is_open = match request {
            Request::Remove(id) => self.is_open(id),
            Request::Reset(name) => self.is_open(name.id),
            Request::Resize(name, pages) => {
                let now = self.lifecycle.device(name.id).and_then(|life| life.pages);
                now.is_some_and(|now| pages < now) && self.is_open(name.id)
            }
            Request::Exit => self.opens.iter().any(|opens| *opens > 0),
            Request::Add { .. }
            | Request::SetDisksize(..)
            | Request::SetAlgorithm(..)
            | Request::SetParameters(..)
            | Request::SetLimit(..)
            | Request::Compact(_)
            | Request::Cpu(..) => false,
        };
        match reply {
            Ok(_) => !is_open,
            Err(Refusal::Open) => is_open,
            Err(_) => true,
        }
    }

    fn is_open(&self, id: DeviceId) -> bool {
        self.opens.get(id.index()).is_some_and(|opens| *opens > 0)
    }

    fn after_open_attribute(&self, thread: usize, id: DeviceId, seen: Seen) -> Vec<Self> {
        match (self.lifecycle.device(id), seen) {
            (Some(life), Seen::Done) => {
                let mut next = self.clone();
                next.attributes[thread] = Some(DeviceName { id, serial: life.serial });
                vec![next]
            }
            (None, Seen::Errno(ENOENT)) => self.if_it(true),
            (None, Seen::Errno(ENODEV)) => self.if_it(self.lifecycle.has_exited()),
            (Some(_) | None, _) => Vec::new(),
        }
    }

    fn after_open_device(
        &self,
        thread: usize,
        id: DeviceId,
        seen: Seen,
        is_disturbed: bool,
    ) -> Vec<Self> {
        match (self.lifecycle.device(id), seen) {
            (Some(_), Seen::Done) => {
                let mut next = self.clone();
                next.devices[thread] = Some(id);
                next.opens[id.index()] += 1;
                vec![next]
            }
            (_, Seen::Errno(EBUSY)) => self.if_it(is_disturbed),
            (None, Seen::Errno(ENOENT)) => self.if_it(true),
            (None, Seen::Errno(ENODEV)) => self.if_it(self.lifecycle.has_exited()),
            (Some(_) | None, _) => Vec::new(),
        }
    }

    /// Returns what a read of the size through the thread's attribute tells.
    fn size(&self, thread: usize) -> Seen {
        let named = self.attributes[thread].and_then(|name| {
            self.lifecycle.device(name.id).filter(|life| life.serial == name.serial)
        });
        match named {
            Some(life) => Seen::Size(life.pages.map_or(0, Pages::bytes)),
            None => Seen::Errno(ENODEV),
        }
    }
}

impl Change {
    fn request(self, name: DeviceName) -> Request {
        match self {
            Self::Disksize(pages) => Request::SetDisksize(name, pages),
            Self::Resize(pages) => Request::Resize(name, pages),
            Self::Reset => Request::Reset(name),
            Self::Algorithm => Request::SetAlgorithm(name, Algorithm::Lz4),
            Self::Parameters => Request::SetParameters(name, Parameters::default()),
            Self::Limit => Request::SetLimit(name, Limit::Hard(0)),
            Self::Compact => Request::Compact(name),
        }
    }
}

/// Returns the replies that a thread sees as this. Memory is never missing and nothing is stored.
fn replies(request: Request, seen: Seen) -> Vec<Reply> {
    match seen {
        // Which number it was, nobody was told.
        Seen::Done if matches!(request, Request::Add { .. }) => {
            let numbers = (0..DEVICES_MAX as u32).filter_map(DeviceId::new);
            numbers.map(|id| Ok(Answer::Added(id))).collect()
        }
        Seen::Done => vec![Ok(Answer::Done)],
        Seen::Added(id) => vec![Ok(Answer::Added(id))],
        Seen::Errno(ENODEV) => vec![Err(Refusal::Exited), Err(Refusal::NoDevice)],
        Seen::Errno(EBUSY) => vec![Err(Refusal::Open), Err(Refusal::Initialised)],
        Seen::Errno(EEXIST) => vec![Err(Refusal::Exists)],
        Seen::Errno(ENOSPC) => vec![Err(Refusal::NoNumber)],
        Seen::Errno(EINVAL) => vec![Err(Refusal::NotInitialised)],
        Seen::Errno(_) | Seen::Size(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Change, Entry, Seen, Span, linearize};
    use syscall::{EBUSY, ENODEV};
    use zram_lifecycle::{DeviceId, Pages, Request, Settings};

    fn id(number: u32) -> DeviceId {
        DeviceId::new(number).unwrap()
    }

    fn add() -> Call {
        Call::Control(Request::Add { id: None, settings: Settings::DEFAULT, pages: None })
    }

    fn entry(thread: usize, call: Call, seen: Seen, (began, ended): (u64, u64)) -> Entry {
        Entry { thread, call, seen, span: Span { began, ended } }
    }

    #[test]
    fn two_adds_at_once_get_two_numbers_in_either_order() {
        let adds = |spans: [(u64, u64); 2], numbers: [u32; 2]| {
            let entry = |it: usize| entry(it, add(), Seen::Added(id(numbers[it])), spans[it]);
            linearize(&[entry(0), entry(1)])
        };
        assert_eq!(adds([(0, 3), (1, 2)], [0, 1]), Some(vec![0, 1]));
        assert_eq!(adds([(0, 3), (1, 2)], [1, 0]), Some(vec![1, 0]));
        assert_eq!(adds([(0, 3), (1, 2)], [0, 0]), None, "one number twice");
        assert_eq!(adds([(0, 1), (2, 3)], [1, 0]), None, "the second came after the first");
    }

    #[test]
    fn nothing_happens_after_exit() {
        let exit = entry(0, Call::Control(Request::Exit), Seen::Done, (0, 1));
        let late = |seen| entry(1, add(), seen, (2, 3));
        assert!(linearize(&[exit, late(Seen::Errno(ENODEV))]).is_some());
        assert!(linearize(&[exit, late(Seen::Added(id(0)))]).is_none());
    }

    #[test]
    fn a_reset_is_refused_only_while_the_device_is_open() {
        let history = |reset: (u64, u64)| {
            [
                entry(0, add(), Seen::Added(id(0)), (0, 1)),
                entry(0, Call::OpenDevice(id(0)), Seen::Done, (2, 3)),
                entry(1, Call::OpenAttribute(id(0)), Seen::Done, (4, 5)),
                entry(1, Call::Change(Change::Reset), Seen::Errno(EBUSY), reset),
                entry(0, Call::CloseDevice, Seen::Done, (8, 9)),
            ]
        };
        assert!(linearize(&history((6, 7))).is_some());
        assert!(linearize(&history((10, 11))).is_none());
    }

    #[test]
    fn a_write_through_a_handle_of_another_life_must_fail() {
        let pages = Pages::holding(4096).unwrap();
        let history = |seen| {
            [
                entry(0, add(), Seen::Added(id(0)), (0, 1)),
                entry(1, Call::OpenAttribute(id(0)), Seen::Done, (2, 3)),
                entry(0, Call::Control(Request::Remove(id(0))), Seen::Done, (4, 5)),
                entry(0, add(), Seen::Added(id(0)), (6, 7)),
                entry(1, Call::Change(Change::Disksize(pages)), seen, (8, 9)),
            ]
        };
        assert!(linearize(&history(Seen::Errno(ENODEV))).is_some());
        assert!(linearize(&history(Seen::Done)).is_none());
    }
}
