//! Decodes a console's bytes into keys: a key is one byte, or an escape sequence of several.
//!
//! Sequences are those of ECMA-48 that terminals send: ESC [ numbers letter, ESC [ number ~, ESC O
//! letter. A sequence that is not known gives one unknown key, however long it is.

const CONTROL_A: u8 = 1;
const CONTROL_B: u8 = 2;
const CONTROL_C: u8 = 3;
const CONTROL_D: u8 = 4;
const CONTROL_E: u8 = 5;
const CONTROL_F: u8 = 6;
const CONTROL_H: u8 = 8;
const TAB: u8 = 9;
const CONTROL_K: u8 = 11;
const CONTROL_L: u8 = 12;
const CONTROL_N: u8 = 14;
const CONTROL_P: u8 = 16;
const CONTROL_U: u8 = 21;
const CONTROL_W: u8 = 23;
const ESCAPE: u8 = 27;
const DELETE: u8 = 127;

/// What a key means to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Text(u8),
    Return,
    Cancel,
    Complete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
    Up,
    Down,
    RubOut,
    RubOutWord,
    RubOutAll,
    /// The character at the cursor; ^D on an empty line `ends`.
    Delete {
        ends: bool,
    },
    DeleteRest,
    Clear,
    Unknown,
}

/// Where in a sequence the last byte was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    AfterEscape,
    /// Behind ESC O.
    Single,
    /// Behind ESC [ and some numbers: the first one, and the last if there are several.
    Numbers {
        first: u8,
        last: Option<u8>,
    },
}

/// What is remembered between bytes.
#[derive(Debug, Default)]
pub(super) struct Keys {
    place: Place,
    last_was_return: bool,
}

impl Keys {
    /// Takes a byte; returns the key that it completes.
    pub(super) fn byte(&mut self, byte: u8) -> Option<Key> {
        let after_return = core::mem::replace(&mut self.last_was_return, byte == b'\r');
        match core::mem::take(&mut self.place) {
            // The line feed of a CR LF pair ends no second line.
            Place::Outside if byte == b'\n' && after_return => None,
            Place::Outside if byte == ESCAPE => self.goes_on(Place::AfterEscape),
            Place::Outside => Some(single(byte)),
            Place::AfterEscape => match byte {
                b'[' => self.goes_on(Place::Numbers { first: 0, last: None }),
                b'O' => self.goes_on(Place::Single),
                ESCAPE => self.goes_on(Place::AfterEscape),
                b'b' => Some(Key::WordLeft),
                b'f' => Some(Key::WordRight),
                _ => Some(Key::Unknown),
            },
            Place::Single => Some(letter(byte, false)),
            Place::Numbers { first, last } => self.in_numbers(byte, first, last),
        }
    }

    fn goes_on(&mut self, place: Place) -> Option<Key> {
        self.place = place;
        None
    }

    fn in_numbers(&mut self, byte: u8, first: u8, last: Option<u8>) -> Option<Key> {
        // A number that is too large for any key stays one that no key has.
        let grown = |number: u8| number.saturating_mul(10).saturating_add(byte.wrapping_sub(b'0'));
        match (byte, last) {
            (b'0'..=b'9', None) => self.goes_on(Place::Numbers { first: grown(first), last }),
            (b'0'..=b'9', Some(number)) => {
                self.goes_on(Place::Numbers { first, last: Some(grown(number)) })
            }
            (b';', _) => self.goes_on(Place::Numbers { first, last: Some(0) }),
            (b'~', _) => Some(numbered(first)),
            // Modifier 5 is Control, 3 is Alt.
            (b'@'..=b'}', _) => Some(letter(byte, matches!(last, Some(3 | 5)))),
            (b' '..=b'/' | b':'..=b'?', _) => self.goes_on(Place::Numbers { first: u8::MAX, last }),
            _ => Some(Key::Unknown),
        }
    }
}

fn single(byte: u8) -> Key {
    match byte {
        b'\r' | b'\n' => Key::Return,
        CONTROL_A => Key::Start,
        CONTROL_B => Key::Left,
        CONTROL_C => Key::Cancel,
        CONTROL_D => Key::Delete { ends: true },
        CONTROL_E => Key::End,
        CONTROL_F => Key::Right,
        CONTROL_H | DELETE => Key::RubOut,
        TAB => Key::Complete,
        CONTROL_K => Key::DeleteRest,
        CONTROL_L => Key::Clear,
        CONTROL_N => Key::Down,
        CONTROL_P => Key::Up,
        CONTROL_U => Key::RubOutAll,
        CONTROL_W => Key::RubOutWord,
        b' '..=b'~' => Key::Text(byte),
        _ => Key::Unknown,
    }
}

fn letter(byte: u8, with_control: bool) -> Key {
    match (byte, with_control) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', false) => Key::Right,
        (b'C', true) => Key::WordRight,
        (b'D', false) => Key::Left,
        (b'D', true) => Key::WordLeft,
        (b'H', _) => Key::Start,
        (b'F', _) => Key::End,
        _ => Key::Unknown,
    }
}

fn numbered(number: u8) -> Key {
    match number {
        1 | 7 => Key::Start,
        4 | 8 => Key::End,
        3 => Key::Delete { ends: false },
        _ => Key::Unknown,
    }
}
