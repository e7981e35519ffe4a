//! Which devices there are, and which CPUs: decided by one actor, in order of arrival.
//!
//! `core` is a pure function over `state`, `event` and `effect`; `actor` takes messages out
//! of `mailbox` and performs what the core wants. Tests and a model checker run the same core.
//!
//! **The actor never waits for anything that may need the actor**: it waits for messages, for the
//! short locks of `devices`, and for memory to be mapped, all of which go on without it.

mod actor;
mod compactions;
mod core;
mod effect;
mod event;
mod mailbox;
mod reaper;
mod state;

pub use self::core::{Forbidden, Transition, step};
pub use actor::{Actor, World, drive};
pub(crate) use effect::NO_SUCH_LEVEL;
pub use effect::{Answer, Ask, DeviceSet, Effect, Effects, Refusal, View};
pub use event::{
    DeviceId, DeviceName, Event, Outcome, Pages, Parameters, Request, Settings, SizeError,
};
pub use mailbox::{MAILBOX_MAX, Mailbox, Message, PostError, ReplyTo};
pub use reaper::{RETIRED_MAX, Reaper};
pub use state::{Device, State};
