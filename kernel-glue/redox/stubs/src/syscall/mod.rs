//! System calls: errors, flags, users' memory.

pub mod data;
pub mod error;
pub mod flag;
pub mod usercopy;
