//! The tables: the written text, and the required answer.
//!
//! Results are those of Linux 6.18 for the same writes, except where Linux ignores a mistake:
//! garbage behind a size, a leading 0 and unknown keys are EINVAL here (DESIGN 4).

use syscall::{EBUSY, EINVAL, ENODEV, ENOMEM, ERANGE};

/// File, what is written, the error (nothing: it is taken).
pub(crate) type Write = (&'static str, &'static str, Option<i32>);

/// File, how its content begins.
pub(crate) type Read = (&'static str, &'static str);

/// Writes under `control/` that change nothing.
pub(crate) const CONTROL: &[Write] = &[
    ("hot_add", "", None),
    ("hot_add", "bogus=1", Some(EINVAL)),
    ("hot_add", "id", Some(EINVAL)),
    ("hot_add", "id=abc", Some(EINVAL)),
    ("hot_add", "id=-1", Some(EINVAL)),
    ("hot_add", "disksize=0", Some(EINVAL)),
    ("hot_add", "disksize=1Mgarbage", Some(EINVAL)),
    ("hot_add", "comp_algorithm=nosuch", Some(EINVAL)),
    ("hot_add", "comp_algorithm=lz4-safe level=2", Some(EINVAL)),
    ("hot_add", "disksize=1M disksize=1M", Some(EINVAL)),
    ("hot_remove", "", None),
    ("hot_remove", "999", Some(ENODEV)),
    ("hot_remove", "-1", Some(EINVAL)),
    ("hot_remove", "abc", Some(EINVAL)),
    ("hot_remove", "1x", Some(EINVAL)),
    ("exit", "", None),
    ("exit", "0", Some(EINVAL)),
    ("exit", "yes", Some(EINVAL)),
];

/// What a device without a size shows.
pub(crate) const EMPTY_READS: &[Read] = &[
    ("initstate", "0"),
    ("disksize", "0"),
    ("comp_algorithm", "pagelz [lz4] lz4-safe"),
    ("algorithm_params", "priority=0 algo=lz4 level=1"),
    ("mm_stat", "0"),
    ("io_stat", "0"),
    ("stat", "0"),
    ("statistics", "logical_bytes 0"),
    ("debug_stat", "version: 1"),
    ("mem_watermark", "0"),
];

/// Writes to a device without a size, after which it still has none.
pub(crate) const EMPTY_WRITES: &[Write] = &[
    ("compact", "1", Some(EINVAL)),
    ("mem_used_max", "0", None),
    ("mem_used_max", "1", Some(EINVAL)),
    ("mem_used_max", "abc", Some(EINVAL)),
    ("mem_limit", "1M", None),
    ("mem_limit", "0", None),
    ("mem_limit", "25%", None),
    ("mem_limit", "0", None),
    ("mem_limit", "abc", Some(EINVAL)),
    ("mem_watermark", "1M", None),
    ("mem_watermark", "0", None),
    ("mem_watermark", "-1", Some(EINVAL)),
    ("mem_limit", "-1", Some(EINVAL)),
    ("mem_limit", "1Mgarbage", Some(EINVAL)),
    ("comp_algorithm", "lz4", None),
    ("comp_algorithm", "lz4\n", None),
    ("comp_algorithm", "nosuch", Some(EINVAL)),
    ("comp_algorithm", "LZ4", Some(EINVAL)),
    ("comp_algorithm", " lz4", Some(EINVAL)),
    ("comp_algorithm", "lz4 ", Some(EINVAL)),
    ("algorithm_params", "priority=0 algo=lz4 level=2", None),
    ("algorithm_params", "level=65537\n", None),
    ("algorithm_params", "\n", None),
    ("algorithm_params", "level=0", Some(EINVAL)),
    ("algorithm_params", "level=65538", Some(EINVAL)),
    ("algorithm_params", "level=2147483648", Some(ERANGE)),
    ("algorithm_params", "level", Some(EINVAL)),
    ("algorithm_params", "priority=1 level=2", Some(EINVAL)),
    ("algorithm_params", "algo=lz4-safe", Some(EINVAL)),
    ("algorithm_params", "algo=nosuch", Some(EINVAL)),
    ("algorithm_params", "dict=/etc/dict", Some(EINVAL)),
    ("algorithm_params", "bogus=1", Some(EINVAL)),
    ("reset", "0", Some(EINVAL)),
    ("reset", "abc", Some(EINVAL)),
    ("reset", "-1", Some(EINVAL)),
    ("reset", "70000", Some(ERANGE)),
    ("reset", "1", None),
    ("disksize", "", None),
    ("disksize", "\n", Some(EINVAL)),
    ("disksize", "0", Some(EINVAL)),
    ("disksize", "abc", Some(EINVAL)),
    ("disksize", "-1", Some(EINVAL)),
    ("disksize", "+1", Some(EINVAL)),
    ("disksize", "1.5G", Some(EINVAL)),
    ("disksize", "1Mgarbage", Some(EINVAL)),
    ("disksize", "010000", Some(EINVAL)),
    ("disksize", "64 M", Some(EINVAL)),
    ("disksize", "1Z", Some(EINVAL)),
    ("disksize", "0x", Some(EINVAL)),
    ("disksize", "1P", Some(ENOMEM)),
];

/// Sizes as written, and in bytes.
pub(crate) const SIZES: &[(&str, &str)] = &[
    ("1", "4096"),
    ("4095", "4096"),
    ("4097", "8192"),
    ("1K", "4096"),
    ("8k", "8192"),
    ("1m\n", "1048576"),
    ("0x10000", "65536"),
    ("16KiB ", "16384"),
    ("1MB", "1048576"),
];

/// What a device of 1 MiB shows.
pub(crate) const FULL_READS: &[Read] = &[
    ("initstate", "1"),
    ("disksize", "1048576"),
    ("comp_algorithm", "pagelz [lz4] lz4-safe"),
    ("algorithm_params", "priority=0 algo=lz4 level=1"),
    ("mm_stat", "0"),
];

/// Writes to a device that has a size; what is wrong in itself is found before what is too late.
pub(crate) const FULL_WRITES: &[Write] = &[
    ("disksize", "16M", Some(EBUSY)),
    ("disksize", "0", Some(EINVAL)),
    ("comp_algorithm", "lz4", Some(EBUSY)),
    ("algorithm_params", "level=2", Some(EBUSY)),
    ("comp_algorithm", "nosuch", Some(EINVAL)),
    ("compact", "1", None),
    ("mem_used_max", "0", None),
    ("mem_limit", "8M", None),
    ("mem_limit", "0", None),
    ("reset", "0", Some(EINVAL)),
];

/// Files that nobody writes.
pub(crate) const READ_ONLY: &[&str] = &[
    "initstate",
    "mm_stat",
    "io_stat",
    "stat",
    "statistics",
    "debug_stat",
    "block_state",
    "streams",
    "last_error",
    "last_note",
];

/// Files that nobody reads.
pub(crate) const WRITE_ONLY: &[&str] = &["reset", "mem_limit", "mem_used_max", "compact"];
