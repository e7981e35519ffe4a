//! Who gets a free frame: the queues of waiting threads, and how many frames are kept.
//!
//! Nothing here knows of places, lines or moves.

pub(crate) mod reserve;
pub(crate) mod waiters;
pub(crate) mod watermarks;
