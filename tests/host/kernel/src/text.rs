//! Text in memory.
//!
//! `alloc::format!` would pull the unwinder in, which a kernel does not have.

use alloc::string::String;
use core::fmt::{Arguments, Write};

/// Returns formatted text: `text(format_args!(...))`.
pub(crate) fn text(arguments: Arguments<'_>) -> String {
    let mut text = String::new();
    text.write_fmt(arguments).expect("a string takes any text");
    text
}
