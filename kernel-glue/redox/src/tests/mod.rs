//! The glue over a fake kernel.

mod entries;
mod fake;
mod faults;
mod files;
mod frames;
mod held;
mod pin;
mod spaces;
mod world;
