//! The swap queues: two for each CPU, each served by a thread of the daemon.

/// Which of a CPU's two queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Page-ins (LOAD and TAKE); its thread runs at higher priority.
    In,
    /// Page-outs and free notices (STORE and FREE).
    Out,
}
