//! Requests end to end: SQEs in, CQEs out, on the real engine.

mod attributes;
mod files;
mod hostile;
mod lifetime;
mod mistakes;
mod pages;
mod resize;

/// A uid without rights.
const NOBODY: u32 = 1000;
