//! The glue over a fake kernel.

mod daemon;
mod entries;
mod fake;
mod faults;
mod files;
mod frames;
mod held;
mod spaces;
mod world;
