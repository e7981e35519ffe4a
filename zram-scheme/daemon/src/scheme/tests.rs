//! Requests end to end: SQEs in, CQEs out, on the real engine.

mod attributes;
mod files;
mod guide;
mod hostile;
mod lifetime;
mod ltp;
mod mistakes;
mod notes;
mod oracle;
mod pages;
mod random;
mod resize;
mod statistics;
mod watching;

/// A uid without rights.
const NOBODY: u32 = 1000;
