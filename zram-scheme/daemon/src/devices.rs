//! The devices as every thread sees them: who is open, what is shown, and the content.
//!
//! [`open_word`] keeps users and the actor apart; `table` has one of it for each device, beside
//! what the actor publishes. The lifecycle decides, this stores.

pub mod open_word;
mod table;

pub(crate) use open_word::{InUse, Release};
pub(crate) use table::{Content, DEVICES_MAX, Devices, NoDevice, OpenDeviceError};
