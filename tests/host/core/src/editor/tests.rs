//! Keys go in, lines come out; and the screen shows the line.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Editor, Input};
use crate::line::LINE_MAX;

const UP: &str = "\x1b[A";
const DOWN: &str = "\x1b[B";
const RIGHT: &str = "\x1b[C";
const LEFT: &str = "\x1b[D";

fn editor() -> Editor {
    let mut editor = Editor::new("> ");
    editor.begin();
    editor
}

/// Returns what became of each line.
fn inputs(keys: &str) -> Vec<Input> {
    let mut editor = editor();
    keys.bytes().filter_map(|byte| editor.byte(byte)).collect()
}

fn line(keys: &str) -> String {
    let mut inputs = inputs(&(keys.to_string() + "\r"));
    match inputs.pop() {
        Some(Input::Line(line)) => line,
        other => panic!("{other:?}"),
    }
}

/// A terminal of one row: what it shows, and where its cursor is.
#[derive(Default)]
struct Row {
    cells: Vec<char>,
    column: usize,
}

impl Row {
    fn show(&mut self, text: &str) {
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\r' => self.column = 0,
                '\n' => *self = Self::default(),
                '\x07' => {}
                '\x1b' => self.escape(&mut letters),
                _ => {
                    self.cells.truncate(self.cells.len().max(self.column));
                    if self.column == self.cells.len() {
                        self.cells.push(letter);
                    } else {
                        self.cells[self.column] = letter;
                    }
                    self.column += 1;
                }
            }
        }
    }

    fn escape(&mut self, letters: &mut core::str::Chars<'_>) {
        assert_eq!(letters.next(), Some('['));
        let mut number = 0;
        for letter in letters {
            match letter {
                '0'..='9' => number = number * 10 + letter as usize - '0' as usize,
                'D' => return self.column -= number,
                'K' => return self.cells.truncate(self.column),
                'H' | 'J' => return self.cells.clear(),
                _ => panic!("{letter:?}"),
            }
        }
    }
}

/// Returns what the row shows after the keys, with `_` where the cursor is.
fn screen(keys: &str) -> String {
    let mut editor = editor();
    let mut row = Row::default();
    for byte in keys.bytes() {
        assert_eq!(editor.byte(byte), None);
        row.show(&editor.take_screen());
    }
    let mut cells = row.cells;
    cells.insert(row.column, '_');
    cells.into_iter().collect()
}

#[test]
fn arrow_keys_move_and_what_is_typed_goes_there() {
    assert_eq!(line(&["ac", LEFT, "b", RIGHT, "d"].concat()), "abcd");
    assert_eq!(screen(&["ac", LEFT, "b"].concat()), "> ab_c");
    assert_eq!(line("bc\x01a\x05d"), "abcd");
    assert_eq!(line("bc\x1b[Ha\x1b[4~d"), "abcd");
    assert_eq!(line("bc\x1bOHa\x1bOFd"), "abcd");
}

#[test]
fn parts_of_a_line_are_taken_away_and_the_screen_follows() {
    assert_eq!(screen("echo 1 two  \x17"), "> echo 1 _");
    assert_eq!(screen("echo one\x15"), "> _");
    assert_eq!(screen("echo one\x1b[D\x1b[D\x0b"), "> echo o_");
    assert_eq!(screen("abc\x01\x1b[3~"), "> _bc");
    assert_eq!(screen("abc\x01\x04"), "> _bc");
    assert_eq!(screen("abc\x7f\x08"), "> a_");
    assert_eq!(screen("one two\x1b[1;5D"), "> one _two");
    assert_eq!(screen("one two\x01\x1b[1;5C"), "> one_ two");
}

#[test]
fn history_goes_back_and_comes_forward_to_what_was_being_typed() {
    let keys = ["one\r", "two\r", "two\r", "  \r", "dra", UP, UP, UP, DOWN, DOWN, "ft\r"].concat();
    let lines = inputs(&keys);
    assert_eq!(lines.last(), Some(&Input::Line("draft".to_string())));
    assert_eq!(inputs(&["one\rtwo\r", UP, UP, "\r"].concat())[2], Input::Line("one".to_string()));
    assert_eq!(inputs(&["one\r", UP, "\x15", UP, "\r"].concat())[1], Input::Line(String::new()));
}

#[test]
fn a_line_over_the_limit_is_refused_whole_and_the_next_one_is_a_new_one() {
    let mut keys = "x".repeat(LINE_MAX + 1);
    keys.push_str("\rls\r");
    assert_eq!(inputs(&keys), [Input::TooLong, Input::Line("ls".to_string())]);
    assert_eq!(line(&"x".repeat(LINE_MAX)).len(), LINE_MAX);
}

#[test]
fn a_line_wider_than_the_screen_shows_the_part_around_the_cursor() {
    let keys = "0123456789".repeat(20);
    let shown = screen(&keys);
    assert!(shown.len() <= 80, "{shown}");
    assert!(shown.ends_with("789_"), "{shown}");
    assert!(screen(&(keys.clone() + "\x01")).starts_with("> _0123456789"));
    assert_eq!(line(&(keys.clone() + "\x01<")), "<".to_string() + &keys);
}

#[test]
fn lines_end_by_any_kind_of_return_and_only_once() {
    let ls = || Input::Line("ls".to_string());
    assert_eq!(inputs("ls\r\nls\nls\r"), [ls(), ls(), ls()]);
}

#[test]
fn the_console_is_left_by_control_d_on_an_empty_line_alone() {
    assert_eq!(inputs("\x04"), [Input::End]);
    assert_eq!(inputs("a\x04\r"), [Input::Line("a".to_string())]);
    assert_eq!(inputs("a\x03b\r"), [Input::Cancelled, Input::Line("b".to_string())]);
}

#[test]
fn sequences_and_bytes_that_nobody_knows_leave_nothing_in_the_line() {
    assert_eq!(line("a\x1b[999;999;999zb\x1b[5~c\x1bZ"), "abc");
    assert_eq!(line("a\u{e4}b"), "ab");
    assert_eq!(line("a\x1b[200~b"), "ab");
}

#[test]
fn a_completion_is_inserted_and_choices_leave_the_line_as_it_was() {
    let mut editor = editor();
    for byte in b"cat zr" {
        assert_eq!(editor.byte(*byte), None);
    }
    assert_eq!(editor.byte(b'\t'), Some(Input::Complete));
    assert_eq!(editor.before_cursor(), "cat zr");
    editor.show_choices(&["zram:".to_string(), "zrx:".to_string()]);
    editor.insert("am:");
    let mut row = Row::default();
    row.show(&editor.take_screen());
    assert_eq!(row.cells.iter().collect::<String>(), "> cat zram:");
    assert_eq!(editor.byte(b'\r'), Some(Input::Line("cat zram:".to_string())));
}
