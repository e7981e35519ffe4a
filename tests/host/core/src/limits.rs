//! The limits of everything that programs can make the kernel keep.
//!
//! The kernel's heap has a fixed size, so each kind of object has a maximum number; a caller that
//! reaches it gets an errno. The kernel's `heap_sum` adds up what all objects together need at
//! most.

/// Possible CPUs at most; the tests use up to 4, and per-CPU memory is reserved for all of them at boot.
/// Every [`zram_abi::CpuId`] in the kernel is of a possible CPU and so below it.
pub const CPUS_MAX: usize = 8;
/// Address spaces, which is to say processes.
pub const SPACES_MAX: usize = 64;
/// Grants (mapped ranges) of one address space.
pub const GRANTS_MAX: usize = 256;
/// Grants of an address space that serves a scheme, at least: a pool whose pages come and go one by
/// one is made of many pieces.
pub const GRANTS_SERVER_MIN: usize = 16 * 1024;
/// Such an address space may have one grant for so many frames of the machine. They take 70 bytes of
/// heap each when the map is at its emptiest, little more than half of what the heap grows by for four
/// frames.
pub const GRANTS_SERVER_PART: usize = 4;
/// Address spaces that may have so many: the daemon's. Others that serve a scheme, the first program for
/// one, have as many as any program.
pub const SERVERS_MAX: usize = 1;
/// Threads.
pub const THREADS_MAX: usize = 256;
/// File tables: one a process, and some that are being prepared for children.
pub const TABLES_MAX: usize = SPACES_MAX + 8;
/// Descriptors in the lower half of a file table.
pub const LOWER_MAX: usize = 1024;
/// Descriptors in the upper half of a file table.
pub const UPPER_MAX: usize = 256;
/// Open descriptions in the machine.
pub const DESCRIPTIONS_MAX: usize = 2048;
/// User schemes.
pub const SCHEMES_MAX: usize = 16;
/// Messages that programs of schemes have not read, above which nothing new is asked of them. All open
/// files may be closed at once.
pub const UNREAD_MAX: usize = DESCRIPTIONS_MAX;
/// Requests in flight to one user scheme.
pub const REQUESTS_MAX: usize = 128;
/// Pages of user memory that one request lends to the scheme; longer transfers go in pieces.
pub const REQUEST_PAGES_MAX: usize = 32;
/// Pages lent by all requests together are at most this part of memory.
pub const LENT_PART: usize = 16;
/// Bytes of a path.
pub const PATH_MAX: usize = 1024;
/// Pipes.
pub const PIPES_MAX: usize = 64;
/// Bytes that a pipe holds before its writer waits.
pub const PIPE_SIZE: usize = 4096;
/// Event queues.
pub const EVENT_QUEUES_MAX: usize = 16;
/// Files that one event queue watches.
pub const WATCHES_MAX: usize = 16;
/// Descriptors that one message passes.
pub const PASSED_MAX: usize = 8;
/// Requests or answers that one read or write of a scheme's socket moves.
pub const BATCH_MAX: usize = 64;
/// Bytes of console output that one write takes.
pub const CONSOLE_WRITE_MAX: usize = 4096;
/// Bytes of console input kept until a program reads them.
pub const CONSOLE_INPUT_MAX: usize = 1024;
/// Bytes of one file of `sys`.
pub const TEXT_MAX: usize = 16 * 1024;
/// Bytes of all files of `sys`, `swap` and `cpu` that are open.
pub const TEXTS_MAX: usize = 16 * TEXT_MAX;
/// Pages of shared memory, new or another's, that one call maps, and pages that one call takes away
/// before it lets others have the kernel: each CPU notes as many until all CPUs have forgotten them.
pub const SHARED_MAX: u64 = 256;
/// Pages that one call of the pinned daemon maps and fills; it does so with the kernel lock held.
pub const FILL_MAX: u64 = 16 * 1024;
