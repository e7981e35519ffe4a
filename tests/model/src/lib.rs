//! The lifecycle, checked: every interleaving within bounds, on the daemon's own code.
//!
//! [`lifecycle`] is a model whose steps run `zram_lifecycle::step` and `hotplug`, surrounded by all
//! that act beside the actor; [`explore`] runs the checker over it. [`linux`] is the same for the
//! orders of events in Linux zram that raced, to show that the checker finds such races.
//! [`sequential`] specifies the lifecycle, without its code.
//!
//! ```text
//! bounds       how much of everything
//! world        the state: the real core and words, contents, views, who is at what
//!   actor      performs what the core wants, one shared access a step
//!   kernel     CPUs that come and go, and the events thread
//!   others     clients, swap queues, a program, a reader of statistics
//! key          when two states are one
//! properties   what must hold
//! flaw         mistakes to be found
//! ```

#![forbid(unsafe_code)]

mod actor;
pub mod bounds;
pub mod explore;
pub mod flaw;
pub mod history;
mod kernel;
mod key;
pub mod lifecycle;
pub mod linux;
mod others;
mod properties;
pub mod report;
pub mod sequential;
mod world;

pub use world::World;
