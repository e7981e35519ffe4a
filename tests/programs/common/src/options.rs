//! Options of a program: `--name VALUE`, each once, and the remaining words.

use alloc::string::String;
use alloc::vec::Vec;

use zram_abi::size::Size;

/// The arguments of a program, to be taken one by one.
#[derive(Debug)]
pub struct Options {
    rest: Vec<&'static str>,
}

impl Options {
    /// Returns the arguments behind the program's name.
    pub fn from_args() -> Self {
        Self { rest: zram_rt::args().skip(1).collect() }
    }

    /// Takes `name` and the value behind it.
    ///
    /// # Errors
    ///
    /// In words, if the value is missing.
    pub fn take(&mut self, name: &str) -> Result<Option<&'static str>, String> {
        let Some(at) = self.rest.iter().position(|&argument| argument == name) else {
            return Ok(None);
        };
        if at + 1 == self.rest.len() {
            return Err(alloc::format!("{name} needs a value"));
        }
        self.rest.remove(at);
        Ok(Some(self.rest.remove(at)))
    }

    /// Takes `name` and the size (such as 384M) or number behind it.
    ///
    /// # Errors
    ///
    /// In words, if the value is missing or no size.
    pub fn take_size(&mut self, name: &str) -> Result<Option<u64>, String> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        let size = Size::parse(text).and_then(|size| size.bytes(0));
        size.map(Some).map_err(|why| alloc::format!("{name} {text}: {why}"))
    }

    /// Takes `name`; returns whether it was there.
    pub fn take_flag(&mut self, name: &str) -> bool {
        let at = self.rest.iter().position(|&argument| argument == name);
        at.map(|at| self.rest.remove(at)).is_some()
    }

    /// Takes the first argument that is left.
    pub fn take_word(&mut self) -> Option<&'static str> {
        if self.rest.is_empty() { None } else { Some(self.rest.remove(0)) }
    }

    /// Checks that every argument was taken.
    ///
    /// # Errors
    ///
    /// In words, the first that was not.
    pub fn end(self) -> Result<(), String> {
        match self.rest.first() {
            Some(argument) => Err(alloc::format!("{argument}: unknown option or argument")),
            None => Ok(()),
        }
    }
}
