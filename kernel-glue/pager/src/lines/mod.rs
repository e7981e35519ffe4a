//! The lines to the daemon: two queues a CPU, and what is in flight on them.
//!
//! Nothing here knows of frames, places or moves.

pub(crate) mod fixed;
pub(crate) mod in_flight;
pub(crate) mod queues;
