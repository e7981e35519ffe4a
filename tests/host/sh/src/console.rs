//! Lines from the serial console, edited by `host_core::editor`: this module reads and writes.
//!
//! The console sends single bytes and echoes nothing itself. They are read one by one, so that
//! bytes typed after a line go to the program that the line starts.

use host_core::editor::{Editor, Input};
use zram_rt::console;

use crate::completion;

/// The console and its editor.
pub(crate) struct Console {
    editor: Editor,
}

impl Console {
    /// Returns a console that shows `prompt` before each line.
    pub(crate) fn new(prompt: &'static str) -> Self {
        Self { editor: Editor::new(prompt) }
    }

    /// Shows the prompt and reads one line; [`Input::End`] also when the console is gone.
    pub(crate) fn read_line(&mut self) -> Input {
        self.editor.begin();
        self.show();
        while let Some(byte) = next_byte() {
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
}

/// Returns the next byte; nothing once the console is gone.
fn next_byte() -> Option<u8> {
    let mut byte = [0];
    console::read(&mut byte).ok().filter(|&count| count == 1).map(|_| byte[0])
}
