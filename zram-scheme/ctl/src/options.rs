//! Options of a program in getopt's order: anywhere among the operands, `-p5`, `-p 5`,
//! `--priority=5`, `--priority 5`, `-ab` for `-a -b`, a long name's unique beginning, and `--`
//! before operands that look like options. An option that the program does not know is refused.
//!
//! The crate getargs parses the words; this module has the options that each program knows.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use getargs::Arg;

/// Whether a value comes with an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// None.
    Never,
    /// Always: `-pN`, `-p N`, `--name=N`, `--name N`.
    Always,
    /// Perhaps, and then without a blank: `--name=N`, `-nN`.
    Perhaps,
}

/// An option that a program knows.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its letter, if it has one.
    pub short: Option<char>,
    /// Its long name, by which the program asks for it.
    pub long: &'static str,
    /// Whether a value comes with it.
    pub value: Value,
}

/// Returns an option without a value.
pub const fn flag(short: char, long: &'static str) -> Known {
    Known { short: Some(short), long, value: Value::Never }
}

/// Returns an option with a value.
pub const fn valued(short: char, long: &'static str) -> Known {
    Known { short: Some(short), long, value: Value::Always }
}

/// Returns an option without a letter.
pub const fn long(long: &'static str, value: Value) -> Known {
    Known { short: None, long, value }
}

/// What was given.
#[derive(Debug, Default)]
pub struct Given<'a> {
    options: Vec<(&'static str, Option<&'a str>)>,
    /// What is no option, in its order.
    pub operands: Vec<&'a str>,
}

impl<'a> Given<'a> {
    /// Takes the words of a program apart.
    ///
    /// # Errors
    ///
    /// In words: an option that is not among the `known` ones, a value that is missing or not wanted.
    pub fn parse(known: &[Known], words: &[&'a str]) -> Result<Self, String> {
        let mut given = Self::default();
        let mut options = getargs::Options::new(words.iter().copied());
        while let Some(word) = options.next_arg().map_err(in_words)? {
            let found = match word {
                Arg::Positional(operand) => {
                    given.operands.push(operand);
                    continue;
                }
                Arg::Short(letter) => by_letter(known, letter)?,
                Arg::Long(name) => by_name(known, name)?,
            };
            let value = match found.value {
                // A value that is not wanted is an error of the next turn.
                Value::Never => None,
                Value::Always => Some(options.value().map_err(in_words)?),
                Value::Perhaps => options.value_opt(),
            };
            given.options.push((found.long, value));
        }
        Ok(given)
    }

    /// Returns what the program `tool` shows for `--help` or `--version`, if one of them was given.
    pub fn asked_about(&self, tool: &str, help: &str) -> Option<String> {
        match (self.has("help"), self.has("version")) {
            (true, _) => Some(format!("{help}\n")),
            (false, true) => Some(format!("{tool} {}\n", env!("CARGO_PKG_VERSION"))),
            (false, false) => None,
        }
    }

    /// Returns whether an option was given.
    pub fn has(&self, long: &str) -> bool {
        self.options.iter().any(|(name, _)| *name == long)
    }

    /// Returns the value of an option; the last one counts.
    pub fn value(&self, long: &str) -> Option<&'a str> {
        self.options.iter().rev().find(|(name, _)| *name == long)?.1
    }

    /// Returns the only operand, if there is exactly one.
    pub fn only_operand(&self) -> Option<&'a str> {
        match *self.operands {
            [operand] => Some(operand),
            _ => None,
        }
    }

    /// Checks that of these options at most one was given.
    ///
    /// # Errors
    ///
    /// In words, which two.
    pub fn excludes(&self, options: &[&str]) -> Result<(), String> {
        let mut given = options.iter().filter(|option| self.has(option));
        match (given.next(), given.next()) {
            (Some(one), Some(other)) => Err(format!("--{one} and --{other}: one of them")),
            _ => Ok(()),
        }
    }
}

fn by_letter(known: &[Known], letter: char) -> Result<&Known, String> {
    let found = known.iter().find(|known| known.short == Some(letter));
    found.ok_or_else(|| format!("-{letter}: unknown option"))
}

/// Finds a long name, or the only one that begins so.
fn by_name<'k>(known: &'k [Known], name: &str) -> Result<&'k Known, String> {
    if let Some(exact) = known.iter().find(|known| known.long == name) {
        return Ok(exact);
    }
    let mut fitting = known.iter().filter(|known| known.long.starts_with(name));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        (Some(one), Some(other)) => {
            Err(format!("--{name}: is it --{} or --{}?", one.long, other.long))
        }
        (None, _) => Err(format!("--{name}: unknown option")),
    }
}

fn in_words(error: getargs::Error<&str>) -> String {
    match error {
        getargs::Error::RequiresValue(option) => format!("{option} needs a value"),
        getargs::Error::DoesNotRequireValue(option) => format!("{option} takes no value"),
        _ => format!("{error}"),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::{Given, Known, Value, flag, long, valued};

    const KNOWN: &[Known] = &[
        flag('a', "all"),
        flag('v', "verbose"),
        valued('p', "priority"),
        long("show", Value::Perhaps),
        long("show-all", Value::Never),
        flag('h', "help"),
    ];

    fn parse<'a>(words: &[&'a str]) -> Result<Given<'a>, String> {
        Given::parse(KNOWN, words)
    }

    fn refusal(words: &[&str]) -> String {
        parse(words).expect_err("it is refused")
    }

    #[test]
    fn a_value_is_taken_in_every_form_that_getopt_takes() {
        for words in [
            &["-p5", "x"][..],
            &["-p", "5", "x"],
            &["x", "-p5"],
            &["--priority=5", "x"],
            &["x", "--priority", "5"],
            &["--prio", "5", "x"],
            &["-vp5", "x"],
            &["-p4", "x", "-p5"],
        ] {
            let given = parse(words).expect("they are right");
            assert_eq!(given.value("priority"), Some("5"), "{words:?}");
            assert_eq!(given.only_operand(), Some("x"), "{words:?}");
        }
    }

    #[test]
    fn flags_stand_alone_together_and_behind_operands() {
        let given = parse(&["-av", "x", "--help", "--", "-p"]).expect("they are right");
        assert!(given.has("all") && given.has("verbose") && given.has("help"));
        assert_eq!(given.operands, ["x", "-p"]);
    }

    #[test]
    fn a_value_that_may_be_missing_never_takes_the_next_word() {
        let given = parse(&["--show", "x"]).expect("they are right");
        assert!(given.has("show") && given.value("show").is_none());
        assert_eq!(given.operands, ["x"]);
        let given = parse(&["--show=NAME"]).expect("they are right");
        assert_eq!(given.value("show"), Some("NAME"));
    }

    #[test]
    fn help_goes_before_the_version_and_both_before_the_work() {
        let known = [flag('h', "help"), flag('V', "version")];
        let about = |words: &[&str]| {
            let given = Given::parse(&known, words).expect("they are right");
            given.asked_about("tool", "usage")
        };
        assert_eq!(about(&["-V", "-h"]).as_deref(), Some("usage\n"));
        let version = alloc::format!("tool {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(about(&["--version", "x"]), Some(version));
        assert_eq!(about(&["x"]), None);
    }

    #[test]
    fn what_is_unknown_or_not_complete_is_refused_in_words() {
        assert_eq!(refusal(&["-x"]), "-x: unknown option");
        assert_eq!(refusal(&["--nosuch"]), "--nosuch: unknown option");
        assert_eq!(refusal(&["-p"]), "-p needs a value");
        assert_eq!(refusal(&["--priority"]), "--priority needs a value");
        assert_eq!(refusal(&["--all=yes", "x"]), "--all takes no value");
        assert_eq!(refusal(&["--sho"]), "--sho: is it --show or --show-all?");
    }

    #[test]
    fn options_that_exclude_each_other_are_named() {
        let given = parse(&["-a", "-v"]).expect("they are right");
        let refusal = given.excludes(&["all", "verbose", "help"]);
        assert_eq!(refusal, Err(String::from("--all and --verbose: one of them")));
        assert_eq!(given.excludes(&["all", "help"]), Ok(()));
    }
}
