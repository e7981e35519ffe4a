//! Takes a line apart: words, quotes, `> FILE`, `&`.
//!
//! `#` begins a comment where a word could begin. Single and double quotes both keep everything
//! between them; there are no variables.

use alloc::string::String;
use alloc::vec::Vec;

/// A line that can be run.
#[derive(Debug, Default)]
pub struct Line {
    /// The command and its arguments.
    pub words: Vec<String>,
    /// Where its output goes, if not to the console.
    pub target: Option<String>,
    /// Whether nobody waits for it.
    pub in_background: bool,
}

/// Why a line cannot be run, in words.
type Refusal = &'static str;

enum Token {
    Word(String),
    To,
    Background,
}

impl Line {
    /// Takes `text` apart.
    ///
    /// # Errors
    ///
    /// In words: a quote that does not end, `>` without a file, `&` before the end.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut line = Self::default();
        let mut tokens = split(text)?.into_iter();
        while let Some(token) = tokens.next() {
            if line.in_background {
                return Err("nothing may follow &");
            }
            match (token, line.target.is_some()) {
                (Token::Word(word), false) => line.words.push(word),
                (Token::To, false) => match tokens.next() {
                    Some(Token::Word(file)) => line.target = Some(file),
                    Some(Token::To | Token::Background) | None => return Err("> needs a file"),
                },
                (Token::Word(_) | Token::To, true) => return Err("nothing may follow > FILE"),
                (Token::Background, _) => line.in_background = true,
            }
        }
        Ok(line)
    }
}

fn split(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        match letters.peek() {
            None | Some('#') => return Ok(tokens),
            Some('>') => {
                letters.next();
                tokens.push(Token::To);
            }
            Some('&') => {
                letters.next();
                tokens.push(Token::Background);
            }
            Some(_) => tokens.push(Token::Word(word(&mut letters)?)),
        }
    }
}

fn word(letters: &mut core::iter::Peekable<core::str::Chars<'_>>) -> Result<String, Refusal> {
    let mut word = String::new();
    while let Some(letter) =
        letters.next_if(|letter| !letter.is_whitespace() && !matches!(letter, '>' | '&'))
    {
        if !matches!(letter, '"' | '\'') {
            word.push(letter);
            continue;
        }
        loop {
            match letters.next() {
                Some(inner) if inner == letter => break,
                Some(inner) => word.push(inner),
                None => return Err("a quote does not end"),
            }
        }
    }
    Ok(word)
}
