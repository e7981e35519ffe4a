//! Schemes: the kernel's own, and those of programs.
//!
//! A description names an [`crate::files::Object`]; the files here say what can be done with each
//! kind. What programs ask for comes in through [`crate::calls`].

pub(crate) mod console;
pub(crate) mod memory;
pub(crate) mod pipe;
pub(crate) mod proc;
pub(crate) mod sys;
pub(crate) mod time;
pub(crate) mod user;
