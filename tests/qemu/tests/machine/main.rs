//! Facts that need the machine: each test boots the image with a script and reads the output.
//!
//! They run one at a time (`--test-threads=1`, and the harness's lock). Each is named after the
//! fact it proves; if it fails, its whole log is printed.

mod areas;
mod attributes;
mod boot;
mod compaction;
mod events;
mod fixture;
mod guide;
mod hostile;
mod hotplug;
mod interrupted;
mod lifecycle;
mod pressure;
mod resize;
mod shell;
mod sums;
mod tools;
mod users;
