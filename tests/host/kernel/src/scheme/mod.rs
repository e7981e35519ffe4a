//! Schemes: the kernel's own, and those of programs.
//!
//! A description names an [`crate::files::Object`]; the files here implement the operations of each
//! kind. The calls of programs come in through [`crate::calls`].

pub(crate) mod console;
pub(crate) mod memory;
pub(crate) mod pipe;
pub(crate) mod proc;
pub(crate) mod sys;
pub(crate) mod time;
pub(crate) mod user;
