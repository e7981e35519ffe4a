//! Where pages can go: the swap areas, and the state of each swap slot in them.
//!
//! Nothing here imports frames, lines or moves.

pub(crate) mod area;
pub(crate) mod areas;
mod bitmap;
pub(crate) mod entries;
pub(crate) mod slots;
pub(crate) mod word;
