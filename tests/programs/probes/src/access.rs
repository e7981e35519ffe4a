//! `access`: what a user who is not root may and may not do; run by `as 1000 access`.
//!
//! It expects `zram:0` to be mounted. It tries each file in the way that a table says, and the
//! first program's and the kernel's own files as well: everybody may read statistics and settings,
//! and may change nothing. It prints a line for each wrong answer; the exit code is 1 if there was
//! one.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use syscall::{EACCES, EBADF, EPERM, O_RDONLY, O_RDWR, O_WRONLY};
use zram_abi::boot::{SCHEME_CREATION_CAP, UPPER, scheme_id};
use zram_abi::verb::{SWAPOFF, SWAPON};
use zram_rt::errno::{self, Result};
use zram_rt::thread::Builder;
use zram_rt::{Fd, fs, println};

zram_rt::entry!(main);

/// Files that everybody reads.
const READABLE: [&str; 23] = [
    "zram:0/mm_stat",
    "zram:0/io_stat",
    "zram:0/streams",
    "zram:0/disksize",
    "zram:0/initstate",
    "zram:0/comp_algorithm",
    "zram:0/algorithm_params",
    "zram:0/last_error",
    "zram:0/last_note",
    "zram:control/last_added",
    "zram:control/last_error",
    "zram:control/last_note",
    "swap:areas",
    "swap:stat",
    "swap:params",
    "swap:pager",
    "swap:last_error",
    "cpu:possible",
    "cpu:online",
    "cpu:0/last_error",
    "cpu:0/online",
    "/scheme/sys/stat",
    "/scheme/sys/context",
];

/// Opens that only root makes, and how.
const NOT_OPENED: [(&str, usize); 22] = [
    ("zram:0", O_RDONLY),
    ("zram:0", O_RDWR),
    ("zram:0/disksize", O_WRONLY),
    ("zram:0/resize", O_WRONLY),
    ("zram:0/reset", O_WRONLY),
    ("zram:0/comp_algorithm", O_WRONLY),
    ("zram:0/algorithm_params", O_WRONLY),
    ("zram:0/mem_limit", O_WRONLY),
    ("zram:0/mem_used_max", O_WRONLY),
    ("zram:0/compact", O_WRONLY),
    ("zram:control/hot_add", O_RDONLY),
    ("zram:control/hot_add", O_WRONLY),
    ("zram:control/hot_add", O_RDWR),
    ("zram:control/hot_remove", O_WRONLY),
    ("zram:control/exit", O_WRONLY),
    ("swap:pager/0/in", O_RDWR),
    ("swap:pager/0/out", O_RDWR),
    ("cpu:events", O_RDWR),
    ("init:kill", O_WRONLY),
    ("init:start", O_WRONLY),
    ("/scheme/sys/kstop", O_RDWR),
    ("/scheme/sys/kstop", O_WRONLY),
];

/// Writes that only root makes, to files that everybody opens.
const NOT_WRITTEN: [(&str, &str); 2] = [("swap:params", "batch=8"), ("cpu:1/online", "0")];

fn main() -> u8 {
    let mut wrong = 0;
    for path in READABLE {
        wrong += judge(path, fs::read_text(path).map(drop), None);
    }
    for (path, flags) in NOT_OPENED {
        wrong += judge(path, fs::open(path, flags).map(drop), Some(EACCES));
    }
    for (path, text) in NOT_WRITTEN {
        let result = fs::open(path, O_RDWR).and_then(|file| file.write(text.as_bytes()));
        wrong += judge(path, result.map(drop), Some(EACCES));
    }
    wrong += verbs();
    wrong += rights();
    println!("access: {wrong} wrong");
    u8::from(wrong != 0)
}

/// What `swapon` and `swapoff` ask for.
fn verbs() -> u32 {
    let control = || fs::open("swap:control", O_RDONLY);
    let swapoff = control().and_then(|control| control.call(&mut [], &[SWAPOFF, 0]));
    let swapon = control().and_then(|control| {
        let attribute = fs::open("zram:0/mm_stat", O_RDONLY)?;
        control.call_with_fd(attribute, &[SWAPON, 0])
    });
    judge("swapoff", swapoff.map(drop), Some(EACCES))
        + judge("swapon", swapon.map(drop), Some(EACCES))
}

/// The ways back to root's rights.
fn rights() -> u32 {
    let kept = |descriptor, word: &[u8]| Fd::dup_of(descriptor, word).map(drop);
    let proc = UPPER | usize::from(scheme_id::PROC);
    // By any number, were one left open: each is tried as the root of `proc`.
    let any = (0..64).chain((0..32).map(|id| UPPER | id));
    let contexts = any.filter(|&number| kept(number, b"new-context").is_ok()).count();
    judge("the root of proc", kept(proc, b"cur-context"), Some(EBADF))
        + judge("making schemes", kept(SCHEME_CREATION_CAP, b"create-scheme"), Some(EBADF))
        + judge("a thread", Builder::new("more").spawn(|| ()).map(drop), Some(EPERM))
        + judge("the scheme proc", fs::open("/scheme/proc", O_RDONLY).map(drop), Some(EACCES))
        + u32::from(contexts != 0)
}

/// Prints a line and returns 1 if the result is not the one that it must be.
fn judge(what: &str, result: Result<()>, errno: Option<i32>) -> u32 {
    let found = result.err().map(|error| error.errno);
    if found == errno {
        return 0;
    }
    let name = |errno: Option<i32>| errno.map_or("taken", |it| errno::name(it).unwrap_or("?"));
    println!("WRONG {what}: {}, should be {}", name(found), name(errno));
    1
}
