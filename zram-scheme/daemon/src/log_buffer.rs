//! The log: a buffer of bytes that its own thread drains.
//!
//! A thread that logs copies a line into the buffer and goes on; the console may be slow, or wait
//! for memory that the daemon is asked to provide. A line that does not fit is dropped and counted,
//! and the count is logged once there is room. The buffer's memory is allocated at start. Used on
//! lifecycle and error paths only, never for a page.

use alloc::vec::Vec;
use core::fmt::Write;

use lock_api::Mutex;

use crate::platform::{LogSink, Platform};
use crate::sync::{AtomicU32, Ordering};
use crate::text::Words;

/// Bytes of the buffer: some hundred lines.
const BUFFER_SIZE: usize = 16 * 1024;

/// The buffer.
pub struct LogBuffer<P: Platform> {
    platform: P,
    lines: Mutex<P::Mutex, Lines>,
    /// Counts lines, for the draining thread to sleep on.
    logged: AtomicU32,
}

struct Lines {
    bytes: Vec<u8>,
    dropped: usize,
}

impl<P: Platform> LogBuffer<P> {
    /// Returns an empty buffer. Called once, at start, where running out of memory may end the daemon.
    pub fn new(platform: P) -> Self {
        let lines = Lines { bytes: Vec::with_capacity(BUFFER_SIZE), dropped: 0 };
        Self { platform, lines: Mutex::new(lines), logged: AtomicU32::new(0) }
    }

    /// Adds a line, or counts that it was dropped.
    pub fn push(&self, line: &str) {
        let mut lines = self.lines.lock();
        if lines.bytes.len() + line.len() < BUFFER_SIZE {
            lines.bytes.extend_from_slice(line.as_bytes());
            lines.bytes.push(b'\n');
        } else {
            lines.dropped += 1;
        }
        drop(lines);
        // Release pairs with the Acquire in `drain`.
        self.logged.fetch_add(1, Ordering::Release);
        self.platform.wake(&self.logged);
    }

    /// Writes out what is logged, for ever.
    pub fn drain(&self, sink: &mut impl LogSink) -> ! {
        let mut drained = Vec::with_capacity(BUFFER_SIZE);
        loop {
            // Acquire: a line that this does not count yet changes the word, so the wait returns.
            let logged = self.logged.load(Ordering::Acquire);
            if !self.drain_once(&mut drained, sink) {
                self.platform.wait(&self.logged, logged, None);
            }
        }
    }

    /// Writes out what is logged now; returns whether there was anything.
    pub fn flush(&self, sink: &mut impl LogSink) -> bool {
        self.drain_once(&mut Vec::with_capacity(BUFFER_SIZE), sink)
    }

    fn drain_once(&self, drained: &mut Vec<u8>, sink: &mut impl LogSink) -> bool {
        drained.clear();
        let mut lines = self.lines.lock();
        core::mem::swap(drained, &mut lines.bytes);
        let dropped = core::mem::take(&mut lines.dropped);
        drop(lines);
        sink.write(drained);
        if dropped > 0 {
            sink.write(Words::of(format_args!("zramd: {dropped} lines lost\n")).text().as_bytes());
        }
        dropped > 0 || !drained.is_empty()
    }
}

impl<P: Platform> log::Log for LogBuffer<P> {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Info
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut line = Words::NONE;
        // Words end early instead of failing.
        let _ = write!(line, "zramd: {}", record.args());
        self.push(line.text());
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests;
