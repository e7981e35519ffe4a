//! zcomp: the compression streams of one device, one per CPU and a shared fallback.
//!
//! Each possible CPU has a place that holds a stream while the CPU is up. A thread locks its CPU's
//! place for one compression and nothing else: it writes into its own buffer ([`crate::Worker`]),
//! so that a pool that must grow does so after the stream was released. When a CPU goes down, its
//! stream is taken out, which waits for at most one compression; a thread that finds the place
//! empty uses the shared fallback stream, so that every request makes progress in the gap around a
//! transition.
//!
//! Decompression needs no context with the present codecs, and takes no lock.

mod codec;
mod compressor;
mod lz4;
mod pagelz;
mod stream;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use lock_api::{Mutex, RawMutex};

pub use codec::{Algorithm, Damaged, OUTPUT_MAX};
pub use compressor::{Compressor, NoSuchLevel};
#[cfg(feature = "oracle")]
pub use pagelz::plain::decompress as plain_pagelz;
pub use stream::Stream;

use crate::home::Home;
use crate::{NoMemory, PageBytes, StreamStatistics, memory};

/// Most bytes worth storing compressed: a page must save an eighth. Above it, storing the page whole
/// costs little more and loads at the speed of a copy.
pub(crate) const COMPRESSED_MAX: usize = crate::PAGE_SIZE / 8 * 7;

/// The streams of one device.
pub(crate) struct Zcomp<R: RawMutex> {
    compressor: Compressor,
    /// One per possible CPU, then the fallback, whose stream is always there.
    places: Vec<StreamSlot<R>>,
}

/// Where a CPU's stream is while the CPU is up. Two cache lines of its own (most CPUs fetch pairs).
#[repr(align(128))]
struct StreamSlot<R: RawMutex> {
    stream: Mutex<R, Option<Stream>>,
    pages_compressed: AtomicU64,
    pages_decompressed: AtomicU64,
}

impl<R: RawMutex> Zcomp<R> {
    /// Returns a set of streams with every CPU down and the fallback ready.
    pub(crate) fn new(compressor: Compressor, possible_cpus: usize) -> Result<Self, NoMemory> {
        let places = memory::filled(possible_cpus + 1, || StreamSlot {
            stream: Mutex::new(None),
            pages_compressed: AtomicU64::new(0),
            pages_decompressed: AtomicU64::new(0),
        })?;
        let zcomp = Self { compressor, places };
        *zcomp.fallback().stream.lock() = Some(Stream::new(compressor)?);
        Ok(zcomp)
    }

    /// Gives `cpu` a stream, unless it has one.
    pub(crate) fn cpu_up(&self, cpu: usize) -> Result<(), NoMemory> {
        let stream = Stream::new(self.compressor)?;
        let mut place = self.place(Home::Cpu(cpu)).stream.lock();
        let spare = if place.is_none() { place.replace(stream) } else { Some(stream) };
        // Freed after the lock: the free may take the heap's.
        drop(place);
        drop(spare);
        Ok(())
    }

    /// Takes the stream of `cpu` out and frees it. The fallback stays.
    pub(crate) fn cpu_down(&self, cpu: usize) {
        if cpu < self.possible_cpus() {
            let stream = self.place(Home::Cpu(cpu)).stream.lock().take();
            drop(stream);
        }
    }

    /// Compresses `page` into `output`, of [`OUTPUT_MAX`] bytes or more, and returns the bytes used,
    /// or nothing if it does not shrink by an eighth.
    pub(crate) fn compress(
        &self,
        home: Home,
        page: &PageBytes,
        output: &mut [u8],
    ) -> Option<usize> {
        let output = output.first_chunk_mut()?;
        let place = self.place(home);
        if let Some(stream) = place.stream.lock().as_mut() {
            count(&place.pages_compressed);
            return stream.compress(page, output);
        }
        let place = self.fallback();
        count(&place.pages_compressed);
        place.stream.lock().as_mut()?.compress(page, output)
    }

    /// Decompresses `bytes` into `page`, which holds anything when it fails.
    pub(crate) fn decompress(
        &self,
        home: Home,
        bytes: &[u8],
        page: &mut PageBytes,
    ) -> Result<(), Damaged> {
        count(&self.place(home).pages_decompressed);
        self.compressor.algorithm().decompress(bytes, page)
    }

    /// Returns one line of statistics per possible CPU, then the fallback's.
    pub(crate) fn streams(&self) -> impl Iterator<Item = StreamStatistics> + '_ {
        let possible_cpus = self.possible_cpus();
        self.places.iter().enumerate().map(move |(index, place)| StreamStatistics {
            cpu: (index < possible_cpus).then_some(index),
            is_up: place.stream.lock().is_some(),
            pages_compressed: place.pages_compressed.load(Ordering::Relaxed),
            pages_decompressed: place.pages_decompressed.load(Ordering::Relaxed),
        })
    }

    /// Returns the bytes that the streams take.
    pub(crate) fn metadata_bytes(&self) -> usize {
        let bytes =
            |place: &StreamSlot<R>| place.stream.lock().as_ref().map_or(0, Stream::metadata_bytes);
        size_of_val(self.places.as_slice()) + self.places.iter().map(bytes).sum::<usize>()
    }

    fn possible_cpus(&self) -> usize {
        self.places.len() - 1
    }

    /// Returns the place of a CPU, or the fallback.
    fn place(&self, home: Home) -> &StreamSlot<R> {
        &self.places[home.index(self.possible_cpus())]
    }

    fn fallback(&self) -> &StreamSlot<R> {
        self.places.last().expect("new adds the fallback")
    }
}

/// Relaxed: a statistic, which decides nothing and orders nothing.
fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests;
