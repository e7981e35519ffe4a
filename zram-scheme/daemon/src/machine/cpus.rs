//! CPUs: how many there can be, and `/scheme/cpu/events`.
//!
//! A kernel without `/scheme/cpu` (stock Redox) has the CPUs that `/scheme/sys/cpu` counts, for ever.

use syscall::flag::O_RDWR;
use zram_abi::cpu_event::{Answer, EVENT_SIZE, Event};
use zram_rt::{Fd, Result, fs};
use zramd::platform::{Closed, CpuEvents};

/// Returns how many CPUs can ever be up; 1 if the kernel does not say.
pub(super) fn count_possible() -> u32 {
    let listed = fs::read_text("/scheme/cpu/possible").ok();
    let counted = || fs::read_text("/scheme/sys/cpu").ok();
    let possible = listed.and_then(|text| highest_of_list(&text).map(|cpu| cpu.saturating_add(1)));
    let possible = possible.or_else(|| counted().and_then(|text| count_of_sys(&text)));
    possible.unwrap_or(1).clamp(1, hotplug::CPUS_MAX as u32)
}

/// Returns the highest number in a list such as `0-3` or `0,2-3`.
fn highest_of_list(text: &str) -> Option<u32> {
    text.trim().split([',', '-']).map(|number| number.parse::<u32>().ok()).max()?
}

/// Returns the number behind `CPUs:`.
fn count_of_sys(text: &str) -> Option<u32> {
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix("CPUs:")?.trim().parse().ok())
}

/// The open events file.
pub(crate) struct Cpus(Fd);

impl Cpus {
    pub(crate) fn open() -> Result<Self> {
        fs::open("/scheme/cpu/events", O_RDWR).map(Self)
    }
}

impl CpuEvents for Cpus {
    fn next(&mut self) -> core::result::Result<Event, Closed> {
        let mut bytes = [0; EVENT_SIZE];
        loop {
            match self.0.read(&mut bytes) {
                Ok(EVENT_SIZE) => match Event::decode(bytes) {
                    Some(event) => return Ok(event),
                    // No stage or no CPU that we know: we cannot follow it, and say so.
                    None => self.answer(Answer::refusing(bytes)),
                },
                Ok(_) | Err(_) => return Err(Closed),
            }
        }
    }

    fn answer(&mut self, answer: Answer) {
        // A late answer is refused, and there is nothing to do about it.
        let _ = self.0.write(&answer.encode());
    }
}
