//! `hotplug --mute`: a listener that never answers, and what it costs the others.

use alloc::format;
use alloc::string::String;

use syscall::flag::O_RDWR;
use zram_rt::errno::InWords;
use zram_rt::{fs, println, time};

use crate::Switch;

/// More than a transition waits for its listeners (5 s), and less than twice.
const WAIT_MAX_NS: u64 = 9_000_000_000;

/// The CPU that goes.
const CPU: u64 = 1;

/// Takes a CPU offline in spite of the listener, fails to bring it back, and brings it back without.
pub(crate) fn run() -> Result<(), String> {
    let listener = fs::open("/scheme/cpu/events", O_RDWR);
    let listener = listener.map_err(|error| format!("cpu events: {}", InWords(error)))?;
    let switch = Switch::of(CPU)?;
    let went = timed(|| switch.set(false))?;
    went.map_err(|error| format!("a cpu cannot go: {}", InWords(error)))?;
    match timed(|| switch.set(true))? {
        Err(error) if error.errno == syscall::ETIMEDOUT => {}
        Err(error) => return Err(format!("a cpu cannot come: {}", InWords(error))),
        Ok(()) => return Err("a cpu came that a listener had not agreed to".into()),
    }
    drop(listener);
    let came = timed(|| switch.set(true))?;
    came.map_err(|error| format!("a cpu cannot come back: {}", InWords(error)))?;
    println!("hotplug: silence took time and blocked nothing");
    Ok(())
}

/// Returns what `what` gives, unless it took too long.
fn timed<T>(what: impl FnOnce() -> T) -> Result<T, String> {
    let start_ns = time::now_ns();
    let result = what();
    let took_ns = time::since_ns(start_ns);
    if took_ns > WAIT_MAX_NS {
        return Err(format!("a transition took {} ms", took_ns / 1_000_000));
    }
    Ok(result)
}
