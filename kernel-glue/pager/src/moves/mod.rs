//! The operations of the pager: each file is one station of a page's way, as methods of the
//! [`Pager`](super::Pager).
//!
//! They use the four modules `frames`, `places`, `lines` and `pressure`, which do not import one
//! another.

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
