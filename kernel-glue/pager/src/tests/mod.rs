//! The pager against fake ports and a fake daemon: one file per rule of DESIGN 8.

mod closing;
mod daemon;
pub(crate) mod fake;
mod faults;
mod frames;
mod in_flight;
mod notices;
mod random;
mod resize;
mod statuses;
mod swapoff;
mod waits;
pub(crate) mod world;
