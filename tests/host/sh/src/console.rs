//! Lines from the serial console, edited by `host_core::editor`: here is what reads and writes.
//!
//! The console sends single bytes and echoes nothing itself. Bytes that came behind the end of a
//! line are kept for the next one, so that pasted text works.

use alloc::collections::VecDeque;

use host_core::editor::{Editor, Input};
use zram_rt::console;

use crate::completion;

/// The console: the editor, and what it has not been given yet.
pub(crate) struct Console {
    editor: Editor,
    pending: VecDeque<u8>,
}

impl Console {
    /// Returns a console that shows `prompt` before each line.
    pub(crate) fn new(prompt: &'static str) -> Self {
        Self { editor: Editor::new(prompt), pending: VecDeque::new() }
    }

    /// Shows the prompt and reads one line; [`Input::End`] also when the console is gone.
    pub(crate) fn read_line(&mut self) -> Input {
        self.editor.begin();
        self.show();
        while let Some(byte) = self.next_byte() {
            let input = self.editor.byte(byte);
            if input == Some(Input::Complete) {
                completion::complete(&mut self.editor);
            }
            self.show();
            match input {
                None | Some(Input::Complete) => {}
                Some(input) => return input,
            }
        }
        Input::End
    }

    fn show(&mut self) {
        console::write(self.editor.take_screen().as_bytes());
    }

    fn next_byte(&mut self) -> Option<u8> {
        if self.pending.is_empty() {
            let mut bytes = [0; 64];
            let count = syscall::read(0, &mut bytes).ok().filter(|&count| count > 0)?;
            self.pending.extend(&bytes[..count]);
        }
        self.pending.pop_front()
    }
}
