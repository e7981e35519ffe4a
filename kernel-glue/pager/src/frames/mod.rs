//! Who gets a free frame: the lines that threads wait in, and how many frames are kept.
//!
//! Nothing here knows of places, lines or moves.

pub(crate) mod reserve;
pub(crate) mod waiters;
pub(crate) mod watermarks;
