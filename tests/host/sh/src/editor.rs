//! Lines from a serial console: echo, backspace, ^U, ^C and ^D.
//!
//! The console sends single bytes and echoes nothing itself. Bytes that came behind the end of a
//! line are kept for the next one, so that pasted text works.

use alloc::string::String;
use alloc::vec::Vec;

use zram_rt::print;

const CONTROL_C: u8 = 3;
const CONTROL_D: u8 = 4;
const CONTROL_H: u8 = 8;
const CONTROL_U: u8 = 21;
const ESCAPE: u8 = 27;
const DELETE: u8 = 127;

/// Longest line; what is typed beyond it rings the bell.
const LINE_MAX: usize = 512;

/// What a person did.
pub(crate) enum Input {
    /// Ended a line.
    Line(String),
    /// Dropped it by ^C.
    Cancelled,
    /// Left by ^D on an empty line, or the console is gone.
    End,
}

/// The console's state between lines.
pub(crate) struct Editor {
    pending: Vec<u8>,
    last_was_return: bool,
    /// Within an escape sequence (an arrow key): bytes up to its last letter are dropped.
    in_escape: bool,
}

impl Editor {
    pub(crate) fn new() -> Self {
        Self { pending: Vec::new(), last_was_return: false, in_escape: false }
    }

    /// Shows `prompt` and reads one line.
    pub(crate) fn read_line(&mut self, prompt: &str) -> Input {
        print!("{prompt}");
        let mut line = String::new();
        while let Some(byte) = self.next_byte() {
            let after_return = core::mem::replace(&mut self.last_was_return, byte == b'\r');
            if self.is_escape(byte) {
                continue;
            }
            match byte {
                // The line feed of a CR LF pair ends no second line.
                b'\n' if after_return => {}
                b'\r' | b'\n' => {
                    print!("\n");
                    return Input::Line(line);
                }
                CONTROL_C => {
                    print!("^C\n");
                    return Input::Cancelled;
                }
                CONTROL_D if line.is_empty() => {
                    print!("\n");
                    return Input::End;
                }
                CONTROL_H | DELETE => rub_out(&mut line, 1),
                CONTROL_U => {
                    let all = line.len();
                    rub_out(&mut line, all);
                }
                b' '..=b'~' if line.len() < LINE_MAX => {
                    line.push(char::from(byte));
                    print!("{}", char::from(byte));
                }
                _ => print!("\x07"),
            }
        }
        Input::End
    }

    fn is_escape(&mut self, byte: u8) -> bool {
        let was_escape = self.in_escape;
        // Sequences are ESC [ ... letter, or ESC O letter.
        let ends = was_escape && byte.is_ascii_alphabetic() && byte != b'O' || byte == b'~';
        self.in_escape = byte == ESCAPE || was_escape && !ends;
        byte == ESCAPE || was_escape
    }

    fn next_byte(&mut self) -> Option<u8> {
        if self.pending.is_empty() {
            let mut bytes = [0; 64];
            let count = syscall::read(0, &mut bytes).ok().filter(|&count| count > 0)?;
            self.pending.extend_from_slice(&bytes[..count]);
        }
        Some(self.pending.remove(0))
    }
}

/// Takes the last `count` characters away, here and on the screen.
fn rub_out(line: &mut String, count: usize) {
    for _ in 0..count {
        if line.pop().is_some() {
            print!("\x08 \x08");
        }
    }
}
