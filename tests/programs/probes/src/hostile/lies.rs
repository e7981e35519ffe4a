//! Lies to the kernel: wrong pointers, descriptors, numbers, mappings, contexts. Each must be
//! refused with the right error and change nothing.

use alloc::format;

use syscall::flag::{MapFlags, O_RDONLY, O_RDWR};
use syscall::number as call;
use zram_abi::verb::{QUEUE_NEXT, SWAPOFF, SWAPON};
use zram_rt::errno::{self, Result};
use zram_rt::{Fd, environment, eprintln, fs};

use crate::{limits, raw};
use host_core::order::Random;

/// Name, and what tells the lies; it returns how many were believed.
type Lie = (&'static str, fn(&str) -> u32);

/// Every kind.
pub(crate) const ALL: [Lie; 11] = [
    ("badptr", bad_pointers),
    ("badfd", bad_descriptors),
    ("badcall", bad_numbers),
    ("badmap", bad_mappings),
    ("badproc", bad_contexts),
    ("badswap", bad_swap),
    ("storm", storm),
    ("onepage", limits::one_page_often),
    ("sharing", limits::large_sharing),
    ("texts", limits::texts),
    ("tables", limits::nested_tables),
];

const KERNEL: usize = 0xffff_8000_0000_0000;
const USER_END: usize = 0x8000_0000_0000;

/// Addresses at which no program has memory.
const BAD_POINTERS: [usize; 6] = [8, USER_END - 8, USER_END, KERNEL, usize::MAX - 4095, usize::MAX];

/// Numbers under which no program has a descriptor.
const BAD_DESCRIPTORS: [usize; 6] =
    [900, 1 << 20, 1 << 40, 1 << 62, (1 << 62) | 999, usize::MAX - 1];

/// Notes the outcome of one lie; returns 1 if it was believed.
fn judge(kind: &str, lie: &str, result: Result<usize>, wanted: &[i32]) -> u32 {
    if raw::is_refused(result, wanted) {
        return 0;
    }
    match result {
        Ok(value) => eprintln!("hostile: {kind}: {lie}: believed, answer {value:#x}"),
        Err(error) => {
            let name = errno::name(error.errno).unwrap_or("?");
            eprintln!("hostile: {kind}: {lie}: refused with {name} ({})", error.errno);
        }
    }
    1
}

fn bad_pointers(kind: &str) -> u32 {
    let Ok(file) = fs::open("/pages.bin", O_RDONLY) else {
        eprintln!("hostile: {kind}: no file to lie about");
        return 1;
    };
    let (fd, good) = (file.raw(), 64);
    let wanted = [syscall::EFAULT, syscall::EINVAL];
    let mut believed = 0;
    for at in BAD_POINTERS {
        let calls = [
            ("read", call::SYS_READ, [fd, at, good, 0, 0]),
            ("pread", call::SYS_READ2, [fd, at, 4096, 0, usize::MAX]),
            ("write", call::SYS_WRITE, [1, at, good, 0, 0]),
            ("dup name", call::SYS_DUP_INTO, [fd, at, good, 700, 0]),
            ("fstat", call::SYS_FSTAT, [fd, at, 128, 0, 0]),
            ("fmap", call::SYS_FMAP, [fd, at, 32, 0, 0]),
            ("clock", call::SYS_CLOCK_GETTIME, [syscall::CLOCK_MONOTONIC, at, 0, 0, 0]),
            ("sleep", call::SYS_NANOSLEEP, [at, 0, 0, 0, 0]),
            ("futex", call::SYS_FUTEX, [at, syscall::FUTEX_WAIT, 0, 0, 0]),
            ("payload", call::SYS_CALL, [fd, at, good, 1 << 9, 0]),
        ];
        for (name, number, words) in calls {
            let result = raw::call(number, words);
            believed += judge(kind, &format!("{name} at {at:#x}"), result, &wanted);
        }
    }
    let mine = alloc::vec![0_u8; 16];
    let wraps = [fd, mine.as_ptr() as usize, usize::MAX, 0, 0];
    believed + judge(kind, "a length that wraps", raw::call(call::SYS_WRITE, wraps), &wanted)
}

fn bad_descriptors(kind: &str) -> u32 {
    let mut believed = 0;
    let mut bytes = [0_u8; 256];
    let at = bytes.as_mut_ptr() as usize;
    for fd in BAD_DESCRIPTORS {
        let calls = [
            ("read", call::SYS_READ, [fd, at, 16, 0, 0]),
            ("write", call::SYS_WRITE, [fd, at, 16, 0, 0]),
            ("fstat", call::SYS_FSTAT, [fd, at, 128, 0, 0]),
            ("dup", call::SYS_DUP_INTO, [fd, at, 0, 700, 0]),
            ("close", call::SYS_CLOSE, [fd, 0, 0, 0, 0]),
            ("call", call::SYS_CALL, [fd, at, 16, 1 << 9, 0]),
        ];
        for (name, number, words) in calls {
            let result = raw::call(number, words);
            believed += judge(kind, &format!("{name} of {fd:#x}"), result, &[syscall::EBADF]);
        }
    }
    let taken = raw::call(call::SYS_DUP_INTO, [1, at, 0, 2, 0]);
    believed += judge(kind, "dup into a used number", taken, &[syscall::EEXIST]);
    let refusals = [syscall::EMFILE, syscall::EBADF, syscall::EINVAL, syscall::ENFILE];
    let huge = raw::call(call::SYS_DUP_INTO, [1, at, 0, 1 << 40, 0]);
    believed + judge(kind, "dup into a huge number", huge, &refusals)
}

fn bad_numbers(kind: &str) -> u32 {
    let numbers = [0, 1, 57, 59, 231, 0xffff, 1 << 31, usize::MAX >> 1, call::SYS_MREMAP];
    numbers.iter().fold(0, |believed, &number| {
        let result = raw::call(number, [1, 2, 3, 4, 5]);
        believed + judge(kind, &format!("call {number:#x}"), result, &[syscall::ENOSYS])
    })
}

fn bad_mappings(kind: &str) -> u32 {
    let anonymous = usize::MAX;
    let fixed = (MapFlags::MAP_PRIVATE
        | MapFlags::PROT_READ
        | MapFlags::PROT_WRITE
        | MapFlags::MAP_FIXED_NOREPLACE)
        .bits();
    let wanted =
        [syscall::EINVAL, syscall::EFAULT, syscall::ENOMEM, syscall::EEXIST, syscall::EOVERFLOW];
    // Map is {offset, size, flags, address}.
    let maps: [(&str, [usize; 4]); 6] = [
        ("no size", [0, 0, fixed, 0x5000_0000]),
        ("a misaligned address", [0, 4096, fixed, 0x5000_0010]),
        ("the kernel's half", [0, 4096, fixed, KERNEL]),
        ("across the border", [0, 8192, fixed, USER_END - 4096]),
        ("a size that wraps", [0, usize::MAX & !4095, fixed, 0x5000_0000]),
        ("the program's own code", [0, 4096, fixed, 0x20_0000]),
    ];
    maps.iter().fold(0, |believed, (name, map)| {
        let words = [anonymous, map.as_ptr() as usize, size_of_val(map), 0, 0];
        believed + judge(kind, name, raw::call(call::SYS_FMAP, words), &wanted)
    })
}

/// Starts contexts that could only run wrongly: the kernel refuses or ends them.
fn bad_contexts(kind: &str) -> u32 {
    let Some(proc) = environment::proc_root() else { return 0 };
    let start = |stack: usize, entry: usize| -> Result<usize> {
        let context = Fd::dup_of(proc, b"new-context")?;
        let own = Fd::dup_of(proc, b"cur-context")?;
        let space = own.dup(b"addrspace")?.dup(b"empty")?;
        let mut bytes = [0; 32];
        for (field, word) in bytes.chunks_exact_mut(8).zip([space.raw(), stack, entry, 0]) {
            field.copy_from_slice(&word.to_ne_bytes());
        }
        context.dup(b"current-addrspace")?.write(&bytes)?;
        context.dup(b"start")?.write(&[0])
    };
    for (stack, entry) in [(KERNEL, KERNEL), (0, 0), (usize::MAX, 1 << 47), (8, 0x20_0000)] {
        // Refusing it and starting it are both right: what starts there faults and is ended.
        let _ = start(stack, entry);
    }
    let mut believed = 0;
    for name in ["addrspace", "start", "nonsense", "auth-99999-attrs", "auth--attrs", ""] {
        let result = Fd::dup_of(1, name.as_bytes()).map(|fd| fd.raw());
        let wanted = [syscall::EINVAL, syscall::ENOENT, syscall::EBADF, syscall::EOPNOTSUPP];
        if !name.is_empty() {
            believed += judge(kind, &format!("{name} of the console"), result, &wanted);
        }
    }
    believed
}

/// Lies to the swap scheme; on a kernel without it there is nobody to lie to.
fn bad_swap(kind: &str) -> u32 {
    let Ok(control) = fs::open("/scheme/swap/control", O_RDWR) else { return 0 };
    let refusals = [
        syscall::EINVAL,
        syscall::ENODEV,
        syscall::EOPNOTSUPP,
        syscall::EBADF,
        syscall::EPERM,
        syscall::ENOENT,
    ];
    let mut believed = 0;
    for words in [[SWAPOFF, 77], [SWAPOFF, u64::MAX], [SWAPON, 0], [QUEUE_NEXT, 0], [u64::MAX, 0]] {
        let result = control.call(&mut [], &words);
        believed += judge(kind, &format!("control verb {words:x?}"), result, &refusals);
    }
    for path in ["/pages.bin", "/scheme/swap/stat"] {
        let result = fs::open(path, O_RDONLY).and_then(|fd| control.call_with_fd(fd, &[SWAPON, 0]));
        believed += judge(kind, &format!("swapon of {path}"), result, &refusals);
    }
    let wanted = [syscall::EBUSY, syscall::EPERM, syscall::ENODEV, syscall::ENOENT];
    for path in ["pager/0/in", "pager/0/out", "pager/999/in", "pager/0/around"] {
        let result = fs::open(&format!("/scheme/swap/{path}"), O_RDWR).map(|fd| fd.raw());
        believed += judge(kind, path, result, &wanted);
    }
    believed
}

/// Makes many calls with numbers from a bag of odd ones; surviving it is all that is asked.
fn storm(_: &str) -> u32 {
    const CALLS: [usize; 12] = [
        call::SYS_READ,
        call::SYS_WRITE,
        call::SYS_READ2,
        call::SYS_WRITE2,
        call::SYS_FSTAT,
        call::SYS_DUP_INTO,
        call::SYS_LSEEK,
        call::SYS_FCNTL,
        call::SYS_FPATH,
        call::SYS_CALL,
        call::SYS_OPENAT_INTO,
        call::SYS_FEVENT,
    ];
    const SEED: u64 = 11;
    const COUNT: u32 = 20_000;
    let file = fs::open("/pages.bin", O_RDONLY).map_or(0, Fd::into_raw);
    let mut random = Random::new(SEED);
    for _ in 0..COUNT {
        let mut words = [0; 5];
        words[0] = match random.below(2) {
            0 => BAD_DESCRIPTORS[random.below(6) as usize],
            _ => file,
        };
        // Never a pointer that could be good: the kernel would write where Rust keeps things.
        words[1] = match random.below(3) {
            0 => BAD_POINTERS[random.below(6) as usize],
            1 => random.below(8192) as usize,
            _ => random.next() as usize | KERNEL,
        };
        for word in &mut words[2..] {
            *word = match random.below(3) {
                0 => random.below(8192) as usize,
                1 => random.next() as usize,
                _ => 1 << random.below(64),
            };
        }
        // Every answer is right that is an answer.
        let _ = raw::call(CALLS[random.below(12) as usize], words);
    }
    0
}
