//! A line editor for a serial console: its input is the bytes of keys, its output is text for the
//! screen and finished lines. It does no I/O itself, so that tests need no machine.
//!
//! Keys: the arrows, Home, End, Delete; ^A ^E ^B ^F ^P ^N as the same in one byte; ^H and Delete-left,
//! ^W (a word), ^U (to the start), ^K (to the end), ^L (the screen), ^C (the line), ^D (a character, or
//! on an empty line the end), Tab. A line wider than the screen is shown in part, around the cursor.
//! Bytes beyond ASCII ring the bell.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use crate::line::LINE_MAX;

mod history;
mod keys;
#[cfg(test)]
mod tests;

use history::History;
use keys::{Key, Keys};

/// Columns that the prompt and a line are shown in; a serial console does not tell how wide it is.
const COLUMNS: usize = 79;

/// Clears the screen and puts the cursor into its corner.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Clears from the cursor to the end of the row.
const CLEAR_REST: &str = "\x1b[K";

const BELL: char = '\x07';

/// What a person did.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    /// Ended a line.
    Line(String),
    /// Ended a line that is longer than [`LINE_MAX`]: it is forgotten, not cut.
    TooLong,
    /// Dropped the line by ^C.
    Cancelled,
    /// Left by ^D on an empty line.
    End,
    /// Asked for the rest of the word before the cursor; the line goes on.
    Complete,
}

/// The line that is being typed, and those before it.
#[derive(Debug)]
pub struct Editor {
    prompt: &'static str,
    line: Vec<u8>,
    /// Index into the line; at most its length.
    cursor: usize,
    /// First character that is shown.
    first_shown: usize,
    /// More was typed than a line may have.
    is_too_long: bool,
    keys: Keys,
    history: History,
    screen: String,
}

impl Editor {
    /// Returns an editor without history, whose lines stand behind `prompt`.
    pub fn new(prompt: &'static str) -> Self {
        Self {
            prompt,
            line: Vec::new(),
            cursor: 0,
            first_shown: 0,
            is_too_long: false,
            keys: Keys::default(),
            history: History::default(),
            screen: String::new(),
        }
    }

    /// Begins a line: shows the prompt.
    pub fn begin(&mut self) {
        self.forget_line();
        self.screen.push_str(self.prompt);
    }

    /// Takes what has to go to the screen.
    pub fn take_screen(&mut self) -> String {
        core::mem::take(&mut self.screen)
    }

    /// Returns the line up to the cursor: what a completion goes by.
    pub fn before_cursor(&self) -> String {
        self.line[..self.cursor].iter().map(|&byte| char::from(byte)).collect()
    }

    /// Inserts the rest of a word at the cursor, as if it had been typed.
    pub fn insert(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.type_byte(byte));
    }

    /// Shows choices below the line, and then the line again.
    pub fn show_choices(&mut self, choices: &[String]) {
        self.screen.push('\n');
        for choice in choices {
            self.screen.push_str(choice);
            self.screen.push_str("  ");
        }
        self.screen.push('\n');
        self.redraw();
    }

    /// Says that there is nothing to do.
    pub fn ring(&mut self) {
        self.screen.push(BELL);
    }

    /// Takes one byte from the console.
    pub fn byte(&mut self, byte: u8) -> Option<Input> {
        let key = self.keys.byte(byte)?;
        match key {
            Key::Return => return Some(self.end_line()),
            Key::Cancel => {
                self.screen.push_str("^C\n");
                self.forget_line();
                return Some(Input::Cancelled);
            }
            Key::Delete { ends: true } if self.line.is_empty() && !self.is_too_long => {
                self.screen.push('\n');
                return Some(Input::End);
            }
            Key::Complete => return Some(Input::Complete),
            Key::Text(byte) => self.type_byte(byte),
            Key::Left => self.go_to(self.cursor.checked_sub(1)),
            Key::Right => self.go_to(Some(self.cursor + 1)),
            Key::WordLeft => self.go_to(Some(self.word_start())),
            Key::WordRight => self.go_to(Some(self.word_end())),
            Key::Start => self.go_to(Some(0)),
            Key::End => self.go_to(Some(self.line.len())),
            Key::RubOut => self.remove(self.cursor.saturating_sub(1), self.cursor),
            Key::Delete { .. } => self.remove(self.cursor, self.line.len().min(self.cursor + 1)),
            Key::RubOutWord => self.remove(self.word_start(), self.cursor),
            Key::RubOutAll => self.remove(0, self.cursor),
            Key::DeleteRest => self.remove(self.cursor, self.line.len()),
            Key::Up => self.replace(History::older),
            Key::Down => self.replace(History::newer),
            Key::Clear => {
                self.screen.push_str(CLEAR);
                self.redraw();
            }
            Key::Unknown => self.ring(),
        }
        None
    }

    fn end_line(&mut self) -> Input {
        self.screen.push('\n');
        let is_too_long = self.is_too_long;
        let line = core::mem::take(&mut self.line);
        self.forget_line();
        if is_too_long {
            return Input::TooLong;
        }
        let line: String = line.into_iter().map(char::from).collect();
        self.history.add(&line);
        Input::Line(line)
    }

    fn forget_line(&mut self) {
        self.line.clear();
        (self.cursor, self.first_shown, self.is_too_long) = (0, 0, false);
        self.history.leave();
    }

    fn type_byte(&mut self, byte: u8) {
        if self.line.len() == LINE_MAX {
            self.is_too_long = true;
            return self.ring();
        }
        self.line.insert(self.cursor, byte);
        self.cursor += 1;
        // Typing at the end of a short line is nearly all there is: it shows as it comes.
        if self.cursor == self.line.len() && self.cursor - self.first_shown < self.width() {
            self.screen.push(char::from(byte));
        } else {
            self.redraw();
        }
    }

    fn go_to(&mut self, place: Option<usize>) {
        match place.filter(|&place| place <= self.line.len()) {
            Some(place) => {
                self.cursor = place;
                self.redraw();
            }
            None => self.ring(),
        }
    }

    /// Takes characters away; the cursor is behind what was before them.
    fn remove(&mut self, start: usize, end: usize) {
        if start >= end {
            return self.ring();
        }
        self.line.drain(start..end);
        // What was typed beyond the limit is missing until the line is begun again.
        self.is_too_long &= !self.line.is_empty();
        self.cursor = start;
        self.redraw();
    }

    fn replace(&mut self, turn: fn(&mut History, &[u8]) -> Option<Vec<u8>>) {
        match turn(&mut self.history, &self.line) {
            Some(line) => {
                self.cursor = line.len();
                self.line = line;
                self.is_too_long = false;
                self.redraw();
            }
            None => self.ring(),
        }
    }

    /// Returns where the word begins that is before the cursor, blanks behind it included.
    fn word_start(&self) -> usize {
        let before = &self.line[..self.cursor];
        let end = before.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
        before[..end].iter().rposition(|&byte| byte == b' ').map_or(0, |blank| blank + 1)
    }

    /// Returns where the word ends that is at or behind the cursor.
    fn word_end(&self) -> usize {
        let behind = &self.line[self.cursor..];
        let start = behind.iter().position(|&byte| byte != b' ').unwrap_or(behind.len());
        let length = behind[start..].iter().position(|&byte| byte == b' ');
        self.cursor + start + length.unwrap_or(behind.len() - start)
    }

    /// Returns how many characters of a line are shown at once.
    fn width(&self) -> usize {
        COLUMNS - self.prompt.len()
    }

    /// Shows prompt and line in place of what the row has, and puts the cursor where it is.
    fn redraw(&mut self) {
        let width = self.width();
        if self.cursor < self.first_shown || self.cursor >= self.first_shown + width {
            self.first_shown = self.cursor.saturating_sub(width / 2);
        }
        let end = self.line.len().min(self.first_shown + width);
        self.screen.push('\r');
        self.screen.push_str(self.prompt);
        let shown = self.line[self.first_shown..end].iter().map(|&byte| char::from(byte));
        self.screen.extend(shown);
        self.screen.push_str(CLEAR_REST);
        if end > self.cursor {
            write!(self.screen, "\x1b[{}D", end - self.cursor).expect("a string takes any text");
        }
    }
}
