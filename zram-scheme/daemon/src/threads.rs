//! The daemon's threads: the loop of each.
//!
//! `actor` takes messages out of `mailbox` and performs the decisions of the lifecycle's core,
//! among them `compactions`, step by step, also those that `tidying` finds due; `reaper` frees what
//! was reset or removed; `events` passes CPU events on to the actor; `queue` serves the pager's
//! records.
//!
//! **The actor never waits for anything that may need the actor**: it waits for messages, for the
//! short locks of `devices`, and for memory to be mapped, all of which go on without it.

mod actor;
mod compactions;
pub mod events;
mod mailbox;
pub mod queue;
mod reaper;
mod tidying;

pub use actor::Actor;
pub use mailbox::{MAILBOX_MAX, Mailbox, Message, PostError, ReplyTo};
pub use reaper::Reaper;
