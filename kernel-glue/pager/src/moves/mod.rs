//! What happens: each file is one station of a page's way, as methods of the [`Pager`](super::Pager).
//!
//! They ask and tell the four rooms (`frames`, `places`, `lines`, `pressure`), which know nothing of
//! one another.

pub(crate) mod closing;
mod daemon;
mod entries;
mod fault;
mod load;
mod oom;
mod probe;
mod reclaim;
mod reserve;
mod store;
pub(crate) mod swapoff;
