//! Where pages can go: areas, and what each swap slot in them is doing.
//!
//! Nothing here knows of frames, lines or moves.

pub(crate) mod area;
pub(crate) mod areas;
mod bitmap;
pub(crate) mod entries;
pub(crate) mod slots;
pub(crate) mod word;
