//! What happens when a program detects a bug of its own.
//!
//! The message goes to descriptor 2 in one write, and the program ends with [`PANIC_CODE`]; its
//! parent sees that code in `Child::wait`.

use core::panic::PanicInfo;

use crate::{environment, process};

/// Exit code of a program that panicked; Rust's own.
const PANIC_CODE: u8 = 101;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let program = environment::program_name();
    match info.location() {
        Some(place) => {
            let (file, line) = (place.file(), place.line());
            crate::eprintln!("{program}: panic at {file}:{line}: {}", info.message());
        }
        None => crate::eprintln!("{program}: panic: {}", info.message()),
    }
    process::exit(PANIC_CODE)
}
