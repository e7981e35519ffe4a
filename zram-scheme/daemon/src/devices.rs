//! The devices as every thread sees them: who is open, what is shown, and the content.
//!
//! An open word keeps users and the actor apart; `table` has one for each device, beside what the
//! actor publishes; `traffic` counts what goes in and out. The lifecycle decides, this stores.

mod table;
pub(crate) mod traffic;
mod watermark;

pub(crate) use table::{Content, DEVICES_MAX, Devices, NoDevice, OpenDeviceError};
