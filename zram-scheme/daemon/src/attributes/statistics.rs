//! Statistics as Linux prints them: columns of at least 8 characters.

use core::fmt::{self, Write};

use zram::{Metadata, Statistics, StreamStatistics};

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
pub(crate) fn show_last_error(words: Words, text: &mut Text) -> fmt::Result {
    if words.is_empty() { Ok(()) } else { writeln!(text, "{}", words.text()) }
}

#[cfg(test)]
mod tests {
    use super::{show_io_stat, show_metadata, show_mm_stat, show_stream};
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
}
