//! The devices as every thread sees them: their opens, their published views, and their contents.
//!
//! An open word keeps users and the actor apart; `table` has one for each device, beside what the
//! actor publishes; `traffic` counts transfers. The lifecycle decides; this module stores.

mod table;
pub(crate) mod traffic;
mod watermark;

pub(crate) use table::{Content, DEVICES_MAX, Devices, NoDevice, OpenDeviceError};
