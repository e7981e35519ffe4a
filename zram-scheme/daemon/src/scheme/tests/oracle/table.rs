//! The rows.

use super::Do::{Discard, Load, Mode, Read, Set, Store, Then, Write};
use super::Row;
use super::When::{Full, Mounted, New, Open, Same, Sized};

/// A row in which both answer the same.
macro_rules! same {
    ($file:literal, $when:expr, $what:expr, $both:literal) => {
        Row { file: $file, when: $when, what: $what, linux: $both, here: $both, why: "" }
    };
}

/// A row in which we answer something else, and why.
macro_rules! differs {
    ($file:literal, $when:expr, $what:expr, $linux:literal, $here:literal, $why:literal) => {
        Row { file: $file, when: $when, what: $what, linux: $linux, here: $here, why: $why }
    };
}

/// Every operation.
pub(super) const ROWS: &[Row] = &[
    // F01-F03: which devices there are.
    differs!(
        "hot_add",
        New,
        Read,
        "1",
        "EINVAL",
        "a read that adds a device surprises whoever searches files"
    ),
    differs!(
        "hot_add",
        New,
        Write("\n"),
        "EACCES",
        "ok",
        "a device is added by a write, and with its settings"
    ),
    same!("hot_remove", New, Write("0"), "ok"),
    same!("hot_remove", New, Write("999"), "ENODEV"),
    same!("hot_remove", New, Write("-1"), "EINVAL"),
    same!("hot_remove", New, Write("abc"), "EINVAL"),
    same!("hot_remove", New, Write("1x"), "EINVAL"),
    same!("hot_remove", New, Write("2147483648"), "ERANGE"),
    same!("hot_remove", Open, Write("0"), "EBUSY"),
    same!("hot_remove", Mounted, Write("0"), "EBUSY"),
    same!("hot_remove", New, Mode, "200"),
    // F04: the size.
    same!("disksize", New, Read, "0"),
    same!("disksize", New, Mode, "644"),
    same!("disksize", New, Write(""), "ok"),
    same!("disksize", New, Write("0"), "EINVAL"),
    same!("disksize", New, Write("abc"), "EINVAL"),
    same!("disksize", New, Write("-1"), "EINVAL"),
    same!("disksize", New, Write("\n"), "EINVAL"),
    same!("disksize", New, Write("16T"), "ENOMEM"),
    same!("disksize", New, Write("1P"), "ENOMEM"),
    same!("disksize", New, Write("16E"), "EINVAL"),
    same!("disksize", New, Set("1"), "4096"),
    same!("disksize", New, Set("4095"), "4096"),
    same!("disksize", New, Set("4097"), "8192"),
    same!("disksize", New, Set("1K"), "4096"),
    same!("disksize", New, Set("8k"), "8192"),
    same!("disksize", New, Set("1m"), "1048576"),
    same!("disksize", New, Set("0x10000"), "65536"),
    same!("disksize", New, Set("1T"), "1099511627776"),
    same!("disksize", New, Set("1M "), "1048576"),
    same!("disksize", New, Set("64KiB"), "65536"),
    same!("disksize", New, Set("1GB"), "1073741824"),
    differs!("disksize", New, Set("010000"), "4096", "EINVAL", "octal is a trap; the words say so"),
    differs!(
        "disksize",
        New,
        Set("1Mgarbage"),
        "1048576",
        "EINVAL",
        "a mistyped size must not become another one"
    ),
    differs!("disksize", New, Set("64 M"), "4096", "EINVAL", "64 bytes are not what was meant"),
    differs!("disksize", New, Set("1Z"), "4096", "EINVAL", "1 byte is not what was meant"),
    differs!("disksize", New, Set("1.5G"), "4096", "EINVAL", "1 byte is not what was meant"),
    differs!(
        "disksize",
        New,
        Set("250%"),
        "4096",
        "671088640",
        "a share of memory, of 256 MiB here"
    ),
    same!("disksize", Sized, Write("0"), "EINVAL"),
    same!("disksize", Sized, Write("16M"), "EBUSY"),
    // F05-F07: state and reset.
    same!("initstate", New, Read, "0"),
    same!("initstate", Sized, Read, "1"),
    same!("initstate", New, Mode, "444"),
    same!("reset", New, Mode, "200"),
    same!("reset", New, Write("1"), "ok"),
    same!("reset", New, Write("0"), "EINVAL"),
    same!("reset", New, Write("abc"), "EINVAL"),
    same!("reset", New, Write("-1"), "EINVAL"),
    same!("reset", New, Write("70000"), "ERANGE"),
    same!("reset", Sized, Then("1", "disksize"), "0"),
    same!("reset", Full, Then("1", "mm_stat"), "0 0 0 0 0 0 0 0 0"),
    same!("reset", Full, Then("1", "io_stat"), "0 0 0 0"),
    same!("reset", Open, Write("1"), "EBUSY"),
    same!("reset", Open, Write("0"), "EINVAL"),
    same!("reset", Mounted, Write("1"), "EBUSY"),
    // F20-F23: algorithms.
    same!("comp_algorithm", New, Mode, "644"),
    differs!(
        "comp_algorithm",
        New,
        Read,
        "[lzo-rle] lzo lz4",
        "pagelz [lz4] lz4-safe",
        "other algorithms"
    ),
    differs!(
        "comp_algorithm",
        New,
        Write("zstd"),
        "ok",
        "EINVAL",
        "other algorithms; the words list them"
    ),
    same!("comp_algorithm", New, Write("lz4"), "ok"),
    same!("comp_algorithm", New, Write("lz4\n"), "ok"),
    same!("comp_algorithm", New, Write("nosuch"), "EINVAL"),
    same!("comp_algorithm", New, Write("LZ4"), "EINVAL"),
    same!("comp_algorithm", New, Write(" lz4"), "EINVAL"),
    same!("comp_algorithm", New, Write("lz4 "), "EINVAL"),
    same!("comp_algorithm", Sized, Write("lz4"), "EBUSY"),
    same!("comp_algorithm", Sized, Write("nosuch"), "EINVAL"),
    differs!("algorithm_params", New, Mode, "200", "644", "what is in force can be read"),
    same!("algorithm_params", New, Write("level=3"), "ok"),
    same!("algorithm_params", New, Write("algo=lz4 level=3"), "ok"),
    same!("algorithm_params", New, Write("level"), "EINVAL"),
    same!("algorithm_params", New, Write("priority=1 level=3"), "EINVAL"),
    same!("algorithm_params", New, Write("algo=nosuch"), "EINVAL"),
    same!("algorithm_params", New, Write("level=2147483648"), "ERANGE"),
    differs!(
        "algorithm_params",
        New,
        Write("bogus=1"),
        "ok",
        "EINVAL",
        "a mistyped key must not be ignored"
    ),
    differs!(
        "algorithm_params",
        New,
        Write("level=0"),
        "ok",
        "EINVAL",
        "said at once; Linux says it at `disksize`"
    ),
    same!("algorithm_params", Sized, Write("level=3"), "EBUSY"),
    // F30-F32: memory.
    same!("mem_limit", New, Mode, "200"),
    same!("mem_limit", New, Write("1M"), "ok"),
    same!("mem_limit", Sized, Write("1M"), "ok"),
    same!("mem_limit", Open, Write("0"), "ok"),
    same!("mem_limit", New, Write("abc"), "EINVAL"),
    differs!(
        "mem_limit",
        New,
        Write("1Mgarbage"),
        "ok",
        "EINVAL",
        "a mistyped size must not become another one"
    ),
    same!("mem_limit", New, Then("4097", "mm_stat"), "0 0 0 8192 0 0 0 0 0"),
    same!("mem_used_max", New, Mode, "200"),
    same!("mem_used_max", New, Write("0"), "ok"),
    same!("mem_used_max", Sized, Write("0"), "ok"),
    same!("mem_used_max", Sized, Write("1"), "EINVAL"),
    same!("mem_used_max", Sized, Write("abc"), "EINVAL"),
    same!("compact", New, Mode, "200"),
    same!("compact", New, Write("1"), "EINVAL"),
    same!("compact", Sized, Write("1"), "ok"),
    same!("compact", Open, Write("anything"), "ok"),
    // F60-F65: statistics.
    same!("mm_stat", New, Mode, "444"),
    same!("mm_stat", New, Read, "0 0 0 0 0 0 0 0 0"),
    same!("mm_stat", Same, Read, "8192 0 0 0 0 2 0 0 0"),
    same!("mm_stat", Same, Discard, "0 0 0 0 0 0 0 0 0"),
    same!("mm_stat", Full, Read, "4096 4096 4096 4096 4096 0 0 1 1"),
    same!("io_stat", New, Mode, "444"),
    same!("io_stat", New, Read, "0 0 0 0"),
    same!("io_stat", Same, Discard, "0 0 0 2"),
    same!("debug_stat", New, Mode, "444"),
    same!("debug_stat", New, Read, "version: 1 0 0"),
    same!("stat", New, Mode, "444"),
    same!("stat", New, Read, "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"),
    same!("block_state", New, Mode, "400"),
    same!("block_state", New, Read, "EINVAL"),
    // At 200 seconds of this machine's clock.
    differs!(
        "block_state",
        Same,
        Read,
        "0 200.000000 s..... 1 200.000000 s.....",
        "0 192.000000 s..... 1 0.000000 s.....",
        "a slot keeps its last use to 64 seconds, and none beside a word that fills its place"
    ),
    // What comes later.
    differs!("backing_dev", New, Read, "none", "ENOENT", "writeback comes later"),
    differs!("recompress", Sized, Write("type=huge"), "ok", "ENOENT", "recompression comes later"),
    differs!("idle", Sized, Write("all"), "ok", "ENOENT", "idle pages come later"),
    differs!("max_comp_streams", New, Read, "2", "ENOENT", "gone from Linux since 6.15"),
    // F70-F84: data.
    same!("", New, Load(0), "the end"),
    same!("", New, Store(0), "ENOSPC"),
    same!("", Sized, Load(0), "4096 zeros"),
    same!("", Sized, Store(0), "ok"),
    same!("", Sized, Store(1), "EINVAL"),
    same!("", Sized, Load(1), "EINVAL"),
    same!("", Sized, Store(1048576), "ENOSPC"),
    same!("", Sized, Load(1048576), "the end"),
    same!("", Same, Load(4096), "4096 bytes"),
    same!("", Full, Store(4096), "EIO"),
    same!("", Full, Store(0), "EIO"),
    same!("", Full, Load(0), "4096 bytes"),
    differs!(
        "",
        Mounted,
        Load(0),
        "4096 zeros",
        "EBUSY",
        "a mounted device holds programs' memory"
    ),
];
