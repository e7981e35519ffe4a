//! The set of devices and of CPUs: the decisions about both, without the code that performs them.
//!
//! [`step()`] is a pure function over [`State`], [`Event`] and [`Effect`]; [`drive()`] takes it
//! through one request over any [`World`]: the daemon's actor, a table in tests, a model in a
//! checker. The [`open_word`] keeps the users of a device apart from the actor that empties it.
//! This crate knows no text, error number, system call or scheme.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod drive;
mod effect;
mod event;
pub mod open_word;
mod state;
mod step;
mod sync;

pub use drive::{World, drive};
pub use effect::{Answer, Ask, DeviceSet, Effect, Effects, Refusal, View};
pub use event::{
    DeviceId, DeviceName, Event, Limit, Outcome, Pages, Parameters, Request, Settings, SizeError,
};
pub use state::{Device, State};
pub use step::{Forbidden, Transition, step};
