//! The most that the kernel's heap must hold: the sum of all limits.
//!
//! The sum includes everything that programs can make the kernel keep, so the heap cannot run out:
//! each term is a limit times the size of the limited object, plus the most that its container may
//! allocate beside. Every machine's heap has room for the sum; the rest of the heap is for the
//! tables of mounted areas, and an area whose tables do not fit there is refused.

use syscall::schemev2::Sqe;

use crate::events::Queue;
use crate::files::Description;
use crate::files::table::FileTable;
use crate::limits::CPUS_MAX;
use crate::limits::{
    BATCH_MAX, CONSOLE_INPUT_MAX, CONSOLE_WRITE_MAX, DESCRIPTIONS_MAX, EVENT_QUEUES_MAX,
    GRANTS_MAX, GRANTS_SERVER_MIN, LOWER_MAX, PASSED_MAX, PATH_MAX, PIPE_SIZE, PIPES_MAX,
    REQUESTS_MAX, SCHEMES_MAX, SERVERS_MAX, SHARED_MAX, SPACES_MAX, TABLES_MAX, TEXTS_MAX,
    THREADS_MAX, UNREAD_MAX, UPPER_MAX,
};
use crate::machine::regs::Regs;
use crate::scheme::pipe::Pipe;
use crate::scheme::user::UserScheme;
use crate::scheme::user::lend::BOUNCE_SIZE;
use crate::scheme::user::request::Request;
use crate::slab::{Id, Slab};
use crate::space::Space;
use crate::space::grants::Grant;
use crate::space::shootdown::After;
use crate::thread::Thread;
use crate::thread::scheduler::queued_size_max;

/// Bytes that the allocator takes beside a block at most: its header, and rounding up to 32.
const BLOCK_SIZE: usize = 48;

/// Bytes of a grant in its tree: nodes of 11 places are at least half full, and point to each other.
const GRANT_SIZE: usize = 2 * (size_of::<(u64, Grant)>() + size_of::<u64>()) + BLOCK_SIZE / 5;

/// Blocks of their own: registers, the halves of tables, texts, parts of requests, pipes, event queues, queues of threads
/// that wait or are ready, and two for each space, scheme and slab.
const BLOCKS_MAX: usize = 2 * THREADS_MAX
    + 2 * TABLES_MAX
    + DESCRIPTIONS_MAX
    + 3 * SCHEMES_MAX * REQUESTS_MAX
    + 3 * PIPES_MAX
    + 3 * EVENT_QUEUES_MAX
    + 2 * (SPACES_MAX + SCHEMES_MAX)
    + WAITS_MAX * CPUS_MAX
    + PRIORITIES_MAX * CPUS_MAX;

/// Priorities, each with a queue of every CPU.
const PRIORITIES_MAX: usize = 40;

/// Bytes of one place of a file table.
const DESCRIPTOR_SIZE: usize = size_of::<Option<Id<Description>>>();

/// Bytes of the longest vectors that only live while one call lasts, of each CPU: what was taken from
/// page tables, twice over because it grows, and copies of what programs pass.
const CALL_SIZE: usize = 3 * SHARED_MAX as usize * (size_of::<After>() + size_of::<u64>())
    + PATH_MAX
    + CONSOLE_WRITE_MAX
    + PIPE_SIZE
    + BATCH_MAX * size_of::<Sqe>();

/// Bytes of what one request holds: the frames that it copies back, and what it passes.
///
/// A buffer has at most two pages that it fills in part.
const REQUEST_PARTS_SIZE: usize = 4 * BOUNCE_SIZE + PASSED_MAX * size_of::<Id<Description>>();

/// Bytes of the counts beside the registers of a thread.
const REGS_HEAD_SIZE: usize = 64;

/// Lists of waiting threads beside those of pipes and schemes: futexes, console, deadlines, CPUs.
const WAITS_MAX: usize = 16;

/// Bytes that the pager and the switch of CPUs keep, without the tables of areas.
const PAGER_SIZE: usize = 256 << 10;

/// Bytes that everything but the tables of areas takes at most.
pub(crate) const HEAP_SUM: usize = SPACES_MAX * Slab::<Space>::ENTRY_SIZE
    + (SPACES_MAX * GRANTS_MAX + SERVERS_MAX * GRANTS_SERVER_MIN) * GRANT_SIZE
    + THREADS_MAX * (Slab::<Thread>::ENTRY_SIZE + size_of::<Regs>() + REGS_HEAD_SIZE)
    + TABLES_MAX * (Slab::<FileTable>::ENTRY_SIZE + (LOWER_MAX + UPPER_MAX) * DESCRIPTOR_SIZE)
    + DESCRIPTIONS_MAX * Slab::<Description>::ENTRY_SIZE
    + SCHEMES_MAX * Slab::<UserScheme>::ENTRY_SIZE
    + SCHEMES_MAX * REQUESTS_MAX * (Slab::<Request>::ENTRY_SIZE + REQUEST_PARTS_SIZE)
    + 2 * (UNREAD_MAX + DESCRIPTIONS_MAX + SCHEMES_MAX * REQUESTS_MAX) * size_of::<Sqe>()
    + PIPES_MAX * (Slab::<Pipe>::ENTRY_SIZE + PIPE_SIZE)
    + EVENT_QUEUES_MAX * (Slab::<Queue>::ENTRY_SIZE + Queue::SIZE_MAX)
    + TEXTS_MAX
    + 2 * CONSOLE_INPUT_MAX
    + THREADS_MAX
        * (PIPES_MAX + SCHEMES_MAX + EVENT_QUEUES_MAX + WAITS_MAX)
        * size_of::<Id<Thread>>()
    + queued_size_max::<Id<Thread>>()
    + CPUS_MAX * CALL_SIZE
    + BLOCKS_MAX * BLOCK_SIZE
    + PAGER_SIZE;

/// Bytes that the heap of every machine has for it.
pub(crate) const HEAP_SUM_ROOM: usize = 13 << 19;

const _: () = assert!(HEAP_SUM <= HEAP_SUM_ROOM, "the heap holds whatever programs make it keep");
