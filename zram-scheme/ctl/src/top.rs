//! `zramctl top`: shows the present rates of transfers out and in, again and again.
//!
//! Keys: q ends it, p pauses and resumes it, s sorts by the next column. With `-b` it prints one
//! frame below the other and reads no keys; `-n` sets the number of frames.

use alloc::format;
use alloc::string::String;

use crate::options::{Given, Known, flag, valued};
use crate::system::{AREAS, System};
use crate::zramctl::devices;

mod frame;
#[cfg(test)]
mod tests;

use frame::{Frame, Moment, Order};

const OPTIONS: &[Known] =
    &[flag('b', "batch"), valued('d', "delay"), valued('n', "iterations"), flag('h', "help")];

const HELP: &str = "\
usage: zramctl top [-d SECONDS] [-n COUNT] [-b]
  keys: q ends it, p holds it, s sorts by the next column
  -b, --batch          one frame below the other, and no keys
  -d, --delay SECONDS  between two frames: 0.1 to 3600
  -n, --iterations COUNT";

const MS_MIN: u64 = 100;
const MS_MAX: u64 = 3_600_000;
const MS_USUAL: u64 = 1000;
const NS_PER_MS: u64 = 1_000_000;

/// Puts the cursor into the screen's first corner.
const HOME: &str = "\x1b[H";

/// Clears the rest of a row, and of the screen.
const CLEAR_ROW: &str = "\x1b[K\n";
const CLEAR_BELOW: &str = "\x1b[J";

/// Runs it until q or until its frames are shown.
///
/// # Errors
///
/// In words: wrong use.
pub fn run(system: &impl System, words: &[&str]) -> Result<(), String> {
    let given = Given::parse(OPTIONS, words)?;
    if given.has("help") {
        system.show(&format!("{HELP}\n"));
        return Ok(());
    }
    if let Some(operand) = given.operands.first() {
        return Err(format!("{operand}: unknown option or argument"));
    }
    let delay_ms = given.value("delay").map_or(Ok(MS_USUAL), milliseconds)?;
    let count = given.value("iterations").map(|text| {
        let count = text.parse::<u64>().ok().filter(|count| *count > 0);
        count.ok_or_else(|| format!("{text}: not a number of frames"))
    });
    let count = count.transpose()?.unwrap_or(u64::MAX);
    let is_batch = given.has("batch");
    let mut watch = Watch { system, delay_ms, order: Order::Name, is_held: false, is_batch };
    watch.run(count);
    Ok(())
}

fn milliseconds(text: &str) -> Result<u64, String> {
    let refused = || format!("{text}: 0.1 to 3600 seconds");
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = whole.parse().map_err(|_| refused())?;
    let digits = format!("{part:0<3}");
    let is_number = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let part: u64 = digits.parse().ok().filter(|_| is_number).ok_or_else(refused)?;
    let all = whole.checked_mul(1000).and_then(|whole| whole.checked_add(part));
    all.filter(|ms| (MS_MIN..=MS_MAX).contains(ms)).ok_or_else(refused)
}

/// What is shown, and how.
struct Watch<'a, S> {
    system: &'a S,
    delay_ms: u64,
    order: Order,
    is_held: bool,
    is_batch: bool,
}

impl<S: System> Watch<'_, S> {
    fn run(&mut self, count: u64) {
        let mut before = self.look();
        let mut shown = 0;
        self.show(&before, &before);
        loop {
            shown += 1;
            if shown >= count || !self.wait() {
                return;
            }
            if !self.is_held {
                let now = self.look();
                self.show(&before, &now);
                before = now;
            }
        }
    }

    fn look(&self) -> Moment {
        let statistics = self.system.read("/scheme/swap/stat").unwrap_or_default();
        // A kernel that does not tell them shows none.
        let latencies = self.system.read("/scheme/swap/latencies").unwrap_or_default();
        let areas = self.system.read(AREAS).unwrap_or_default();
        // Without a daemon there are none, and the frame says so.
        let devices = devices::read(self.system, &[]).unwrap_or_default();
        Moment::of(self.system.now_ns(), [&statistics, &latencies, &areas], devices)
    }

    fn show(&self, before: &Moment, now: &Moment) {
        let text = Frame { before, now, order: self.order, is_held: self.is_held }.text();
        if self.is_batch {
            self.system.show(&format!("{text}\n"));
        } else {
            let rows: String = text.lines().flat_map(|row| [row, CLEAR_ROW]).collect();
            self.system.show(&format!("{HOME}{rows}{CLEAR_BELOW}"));
        }
    }

    /// Waits for the next frame; returns whether there is one.
    fn wait(&mut self) -> bool {
        let end_ns = self.system.now_ns().saturating_add(self.delay_ms * NS_PER_MS);
        loop {
            let left_ns = end_ns.saturating_sub(self.system.now_ns());
            if left_ns == 0 {
                return true;
            }
            let key = if self.is_batch {
                self.system.sleep(left_ns);
                None
            } else {
                self.system.wait_for_key(left_ns)
            };
            match key {
                Some(b'q' | b'Q' | 3) => return false,
                Some(b'p' | b'P') => self.is_held = !self.is_held,
                Some(b's' | b'S') => self.order = self.order.next(),
                Some(_) | None => {}
            }
        }
    }
}
