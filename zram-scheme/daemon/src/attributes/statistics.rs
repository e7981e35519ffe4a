//! Statistics as Linux prints them: columns of at least 8 characters.

use core::fmt::{self, Write};

use zram::{Metadata, Statistics, StreamStatistics};

use crate::devices::traffic::{Seen, Traffic, Way, bucket_end_ns};
use crate::text::{Text, Words};
use zram_lifecycle::View;

/// Writes the nine columns of `mm_stat`; an empty device has nothing but its limit.
///
/// # Errors
///
/// [`fmt::Error`] when memory is missing.
pub(crate) fn show_mm_stat(
    view: View,
    statistics: Option<Statistics>,
    text: &mut Text,
) -> fmt::Result {
    let it = statistics.unwrap_or_default();
    writeln!(
        text,
        "{:8} {:8} {:8} {:8} {:8} {:8} {:8} {:8} {:8}",
        it.orig_data_size,
        it.compr_data_size,
        it.mem_used_total,
        view.settings.limit_bytes,
        it.mem_used_max,
        it.same_pages,
        it.pages_compacted,
        it.huge_pages,
        it.huge_pages_since
    )
}

/// Writes the four columns of `io_stat`; the third has been 0 since Linux 5.
///
/// # Errors
///
/// [`fmt::Error`] when memory is missing.
pub(crate) fn show_io_stat(statistics: Option<Statistics>, text: &mut Text) -> fmt::Result {
    let it = statistics.unwrap_or_default();
    writeln!(text, "{:8} {:8} 0 {:8}", it.failed_reads, it.failed_writes, it.notify_free)
}

/// Writes the block layer's 17 columns: requests, merges, sectors and milliseconds of reads and of writes;
/// requests in progress, milliseconds in which there were some and in all; then of discards and flushes.
/// Nothing is merged or flushed here, and requests wait for nothing, so both sums of time are the same.
///
/// # Errors
///
/// [`fmt::Error`] when memory is missing.
pub(crate) fn show_stat(traffic: &Traffic, text: &mut Text) -> fmt::Result {
    let [load, store, discard] = [Way::Load, Way::Store, Way::Discard].map(|way| traffic.seen(way));
    let in_flight = load.in_flight + store.in_flight + discard.in_flight;
    let ticks_ms = load.ticks_ms + store.ticks_ms + discard.ticks_ms;
    for (index, way) in [load, store].into_iter().enumerate() {
        let blank = if index == 0 { "" } else { " " };
        write_lane(way, blank, text)?;
    }
    write!(text, " {in_flight:8} {ticks_ms:8} {ticks_ms:8}")?;
    write_lane(discard, " ", text)?;
    writeln!(text, " {:8} {:8}", 0, 0)
}

fn write_lane(seen: Seen, blank: &str, text: &mut Text) -> fmt::Result {
    let sectors = seen.pages * SECTORS_PER_PAGE;
    write!(text, "{blank}{:8} {:8} {sectors:8} {:8}", seen.requests, 0, seen.ticks_ms)
}

/// Sectors of 512 bytes.
const SECTORS_PER_PAGE: u64 = zram_abi::PAGE_SIZE as u64 / 512;

/// Writes what is stored and what it takes, a name and a number a line: logical less stored is what
/// compression saves, pool and metadata are the total.
///
/// # Errors
///
/// [`fmt::Error`] when memory is missing.
pub(crate) fn show_statistics(
    statistics: Option<Statistics>,
    traffic: &Traffic,
    text: &mut Text,
) -> fmt::Result {
    let it = statistics.unwrap_or_default();
    let Metadata { table_bytes, pool_bytes, stream_bytes } = it.metadata;
    let metadata_bytes = table_bytes + pool_bytes + stream_bytes;
    let [load, store, discard] = [Way::Load, Way::Store, Way::Discard].map(|way| traffic.seen(way));
    let bytes = |seen: Seen| seen.pages * zram_abi::PAGE_SIZE as u64;
    for (name, number) in [
        ("logical_bytes", it.orig_data_size),
        ("stored_bytes", it.compr_data_size),
        ("pool_bytes", it.mem_used_total),
        ("metadata_bytes", metadata_bytes),
        ("total_bytes", it.mem_used_total + metadata_bytes),
        ("same_pages", it.same_pages),
        ("huge_pages", it.huge_pages),
        ("reads", load.requests),
        ("read_bytes", bytes(load)),
        ("writes", store.requests),
        ("write_bytes", bytes(store)),
        ("discards", discard.requests),
        ("discard_bytes", bytes(discard)),
    ] {
        writeln!(text, "{name} {number}")?;
    }
    show_histogram("load_ns_below", load, text)?;
    show_histogram("store_ns_below", store, text)
}

/// Writes a line for each bucket that has pages: where it ends, and how many.
fn show_histogram(name: &str, seen: Seen, text: &mut Text) -> fmt::Result {
    let buckets = seen.histogram.into_iter().enumerate().filter(|&(_, pages)| pages != 0);
    for (bucket, pages) in buckets {
        match bucket_end_ns(bucket) {
            u64::MAX => writeln!(text, "{name} inf {pages}")?,
            end_ns => writeln!(text, "{name} {end_ns} {pages}")?,
        }
    }
    Ok(())
}

/// Writes the version of the format, and how many free notices were lost. None can be: a notice waits
/// for its slot.
///
/// # Errors
///
/// [`fmt::Error`] when memory is missing.
pub(crate) fn show_debug_stat(text: &mut Text) -> fmt::Result {
    writeln!(text, "version: 1\n0 {:8}", 0)
}

/// Writes one line for a stream that is there: whose it is, pages compressed, pages decompressed.
///
/// # Errors
///
/// [`fmt::Error`] when memory is missing.
pub(crate) fn show_stream(stream: StreamStatistics, text: &mut Text) -> fmt::Result {
    if !stream.is_up {
        return Ok(());
    }
    let StreamStatistics { cpu, pages_compressed, pages_decompressed, .. } = stream;
    match cpu {
        Some(cpu) => write!(text, "{cpu:<8}")?,
        None => write!(text, "fallback")?,
    }
    writeln!(text, " {pages_compressed:8} {pages_decompressed:8}")
}

/// Writes what the device takes beside its pool's pages, as names and bytes: slot table and pool
/// bookkeeping together, then the streams.
///
/// # Errors
///
/// [`fmt::Error`] when memory is missing.
pub(crate) fn show_metadata(metadata: Metadata, text: &mut Text) -> fmt::Result {
    let Metadata { table_bytes, pool_bytes, stream_bytes } = metadata;
    writeln!(text, "table_bytes {}\nstreams_bytes {stream_bytes}", table_bytes + pool_bytes)
}

/// Writes the words as one line; nothing if there are none.
///
/// # Errors
///
/// [`fmt::Error`] when memory is missing.
pub(crate) fn show_words(words: Words, text: &mut Text) -> fmt::Result {
    if words.is_empty() { Ok(()) } else { writeln!(text, "{}", words.text()) }
}

#[cfg(test)]
mod tests {
    use super::{
        show_debug_stat, show_io_stat, show_metadata, show_mm_stat, show_stat, show_statistics,
        show_stream,
    };
    use crate::devices::traffic::{TIMED_EVERY, Traffic, Way};
    use crate::text::Text;
    use zram::{Metadata, Statistics, StreamStatistics};
    use zram_lifecycle::{DeviceId, DeviceName, Settings, View};

    const VIEW: fn() -> View = || View {
        name: DeviceName { id: DeviceId::new(0).unwrap(), serial: 0 },
        settings: Settings { limit_bytes: 4096, ..Settings::DEFAULT },
        pages: None,
    };

    #[test]
    fn mm_stat_has_nine_columns_of_eight() {
        let mut text = Text::new();
        let statistics = Statistics {
            orig_data_size: 8192,
            compr_data_size: 1,
            mem_used_total: 123_456_789,
            mem_used_max: 12288,
            same_pages: 2,
            pages_compacted: 3,
            huge_pages: 4,
            huge_pages_since: 5,
            ..Statistics::default()
        };
        show_mm_stat(VIEW(), Some(statistics), &mut text).unwrap();
        let expected =
            "    8192        1 123456789     4096    12288        2        3        4        5\n";
        assert_eq!(text.bytes(), expected.as_bytes());
    }

    #[test]
    fn an_empty_device_shows_zeros_and_its_limit() {
        let mut text = Text::new();
        show_mm_stat(VIEW(), None, &mut text).unwrap();
        show_io_stat(None, &mut text).unwrap();
        let zeros = "       0 ".repeat(3);
        let expected = format!(
            "{zeros}    4096 {}       0\n       0        0 0        0\n",
            "       0 ".repeat(4)
        );
        assert_eq!(core::str::from_utf8(text.bytes()).unwrap(), expected);
    }

    #[test]
    fn a_stream_that_is_down_is_not_listed() {
        let mut text = Text::new();
        let down = StreamStatistics {
            cpu: Some(1),
            is_up: false,
            pages_compressed: 7,
            pages_decompressed: 8,
        };
        show_stream(down, &mut text).unwrap();
        show_stream(StreamStatistics { is_up: true, ..down }, &mut text).unwrap();
        show_stream(StreamStatistics { is_up: true, cpu: None, ..down }, &mut text).unwrap();
        let expected = "1               7        8\nfallback        7        8\n";
        assert_eq!(text.bytes(), expected.as_bytes());
    }

    #[test]
    fn tables_are_one_number_and_streams_another() {
        let mut text = Text::new();
        let metadata = Metadata { table_bytes: 12, pool_bytes: 8, stream_bytes: 16384 };
        show_metadata(metadata, &mut text).unwrap();
        assert_eq!(text.bytes(), b"table_bytes 20\nstreams_bytes 16384\n");
    }

    /// Traffic of 8 loads of 2 pages, of which one took 2 ms, and a discard of 3 pages.
    fn traffic() -> Traffic {
        let traffic = Traffic::new();
        for _ in 0..TIMED_EVERY {
            traffic.begin(Way::Load, || 0).end(2, || 2_000_000);
        }
        traffic.begin(Way::Discard, || 0).end(3, || 0);
        traffic
    }

    #[test]
    fn stat_has_the_17_columns_of_the_block_layer() {
        let mut text = Text::new();
        show_stat(&traffic(), &mut text).unwrap();
        let columns = [8, 0, 128, 16, 0, 0, 0, 0, 0, 16, 16, 1, 0, 24, 0, 0, 0];
        let expected = columns.map(|number: u64| format!("{number:8}")).join(" ") + "\n";
        assert_eq!(core::str::from_utf8(text.bytes()).unwrap(), expected);
    }

    #[test]
    fn statistics_add_up_line_by_line() {
        let mut text = Text::new();
        let metadata = Metadata { table_bytes: 12, pool_bytes: 8, stream_bytes: 16384 };
        let statistics = Statistics {
            orig_data_size: 8192,
            compr_data_size: 100,
            mem_used_total: 4096,
            metadata,
            ..Statistics::default()
        };
        show_statistics(Some(statistics), &traffic(), &mut text).unwrap();
        let expected = "logical_bytes 8192\nstored_bytes 100\npool_bytes 4096\n\
                        metadata_bytes 16404\ntotal_bytes 20500\nsame_pages 0\nhuge_pages 0\n\
                        reads 8\nread_bytes 65536\nwrites 0\nwrite_bytes 0\n\
                        discards 1\ndiscard_bytes 12288\nload_ns_below 1048576 2\n";
        assert_eq!(core::str::from_utf8(text.bytes()).unwrap(), expected);
    }

    #[test]
    fn debug_stat_says_that_no_free_notice_was_lost() {
        let mut text = Text::new();
        show_debug_stat(&mut text).unwrap();
        assert_eq!(text.bytes(), b"version: 1\n0        0\n");
    }
}
