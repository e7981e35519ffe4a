//! The whole path of a page in one process: pager, daemon and engine over a fake kernel.
//!
//! Everything but the kernel is the code that runs in the machine: `kernel-glue`'s pager, `zramd`
//! with its scheme, actor and queue threads, the engine under it. The fake kernel (`kernel`) has
//! address spaces, TLBs, frames with contents, windows by copy and by mapping. The daemon's threads
//! (`process`) are coroutines: exactly one thread runs at any time, and a seed decides which one
//! continues next (`world`), so runs vary as on a machine and can be repeated. The pool's pages are
//! taken from the same frames as all other pages.
//!
//! A model has the bytes that every page of every space must hold; every read compares all of them.
//! The tests are in `tests`, one file per concern.

#![forbid(unsafe_code)]

#[cfg(test)]
mod content;
#[cfg(test)]
mod coroutine;
#[cfg(test)]
mod kernel;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod process;
#[cfg(test)]
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;
