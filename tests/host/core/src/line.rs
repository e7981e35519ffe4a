//! Parses a line into commands: words, quotes, `> FILE`, `>> FILE`, `&`, `;`, `!`.
//!
//! `#` begins a comment where a word could begin, and `!` in front of a command says that it must
//! fail. Single and double quotes both keep everything between them; there are no variables.
//! Operators that other shells know and this one does not (`|`, `<`) are refused by name, so that
//! the line is not run with another meaning.

use alloc::string::String;
use alloc::vec::Vec;

/// Longest line, in bytes: a path of the kernel's greatest length fits. A longer one is refused whole.
pub const LINE_MAX: usize = 1024;

/// One command of a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The command and its arguments.
    pub words: Vec<String>,
    /// Where its output goes, if not to the console.
    pub target: Option<Target>,
    /// Whether it runs in the background.
    pub in_background: bool,
    /// Whether it must fail: `!` stands before it.
    pub must_fail: bool,
}

/// The file that a command's output goes to.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The file as it was written.
    pub file: String,
    /// Whether it goes behind what is there: `>>`.
    pub appends: bool,
}

/// Why a line cannot be run, in words.
pub type Refusal = &'static str;

#[derive(PartialEq, Eq)]
enum Token {
    Word(String),
    To { appends: bool },
    Background,
    End,
    MustFail,
}

/// Takes `text` apart; the commands run in this order, and there may be none.
///
/// # Errors
///
/// In words: a line over [`LINE_MAX`], a quote that does not end, `>` without a file, `&` before the end,
/// `!` or `;` without a command, a sign that is not known here.
pub fn parse(text: &str) -> Result<Vec<Command>, Refusal> {
    if text.len() > LINE_MAX {
        return Err("the line is longer than 1024 characters; nothing of it was run");
    }
    let tokens = split(text)?;
    let mut commands = Vec::new();
    if tokens.is_empty() {
        return Ok(commands);
    }
    let mut parts = tokens.split(|token| *token == Token::End).peekable();
    while let Some(part) = parts.next() {
        match (part.is_empty(), parts.peek()) {
            (false, _) => commands.push(command(part)?),
            // `a ;` ends with one, and that is all.
            (true, None) if !commands.is_empty() => {}
            (true, _) => return Err("; needs a command before it"),
        }
    }
    Ok(commands)
}

const _: () = assert!(LINE_MAX == 1024, "the refusal above tells it");

fn command(tokens: &[Token]) -> Result<Command, Refusal> {
    let mut command = Command::default();
    let mut tokens = tokens.iter();
    while let Some(token) = tokens.next() {
        if command.in_background {
            return Err("nothing may follow &");
        }
        match (token, command.target.is_some()) {
            (Token::MustFail, _) => command.must_fail = true,
            (Token::Word(word), false) => command.words.push(word.clone()),
            (&Token::To { appends }, false) => match tokens.next() {
                Some(Token::Word(file)) => {
                    command.target = Some(Target { file: file.clone(), appends });
                }
                Some(_) | None => return Err("> needs a file"),
            },
            (Token::Word(_) | Token::To { .. }, true) => return Err("nothing may follow > FILE"),
            (Token::Background, _) => command.in_background = true,
            (Token::End, _) => unreachable!("commands were split at them"),
        }
    }
    match command.words.is_empty() {
        true if command.must_fail => Err("! needs a command behind it"),
        true if command.in_background => Err("& needs a command before it"),
        true => Err("> needs a command before it"),
        false => Ok(command),
    }
}

type Letters<'a> = core::iter::Peekable<core::str::Chars<'a>>;

fn split(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut letters = text.chars().peekable();
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        let Some(&letter) = letters.peek() else { return Ok(tokens) };
        let begins_command = tokens.last().is_none_or(|token| *token == Token::End);
        let token = match letter {
            '#' => return Ok(tokens),
            '>' => {
                letters.next();
                Token::To { appends: letters.next_if_eq(&'>').is_some() }
            }
            '&' | ';' => {
                letters.next();
                if letter == '&' { Token::Background } else { Token::End }
            }
            '!' if begins_command => {
                letters.next();
                Token::MustFail
            }
            '|' => return Err("| is not known here: one command at a time"),
            '<' => return Err("< is not known here: commands read no input"),
            _ => Token::Word(word(&mut letters)?),
        };
        tokens.push(token);
    }
}

fn word(letters: &mut Letters<'_>) -> Result<String, Refusal> {
    let mut word = String::new();
    while let Some(letter) = letters
        .next_if(|letter| !letter.is_whitespace() && !matches!(letter, '>' | '&' | ';' | '|' | '<'))
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
