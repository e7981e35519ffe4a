//! The daemon's threads: what each loops over.
//!
//! `actor` takes messages out of `mailbox` and performs what the lifecycle's core decides, the
//! `compactions` among it step by step, also those that `tidying` finds due; `reaper` gives back what was reset or removed; `events`
//! passes CPU events on to it; `queue` serves the pager's records.
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
