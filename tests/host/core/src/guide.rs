//! The short form of a section of the guide: its title and its commands.
//!
//! A section begins with `## name: title`, and its commands are the lines `zram> ...` in it. They
//! are written only in the guide, so `help` shows the same commands that the guide's test runs.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What a section's heading begins with.
const HEADING: &str = "## ";

/// What a command in it begins with.
const PROMPT: &str = "zram> ";

/// Returns the names and titles of the sections that have a short form.
pub fn sections(guide: &str) -> impl Iterator<Item = (&str, &str)> {
    guide.lines().filter_map(section)
}

fn section(line: &str) -> Option<(&str, &str)> {
    let (name, title) = line.strip_prefix(HEADING)?.split_once(": ")?;
    (!name.contains(' ')).then_some((name, title))
}

/// Returns the short form of the section `name`; nothing if there is no such section.
pub fn short(guide: &str, name: &str) -> Option<String> {
    let mut lines = guide.lines();
    let (_, title) = lines.by_ref().filter_map(section).find(|(known, _)| *known == name)?;
    let commands = lines.take_while(|line| !line.starts_with(HEADING));
    let commands = commands.filter_map(|line| line.strip_prefix(PROMPT));
    Some(
        core::iter::once(title.to_string())
            .chain(commands.map(|command| String::from("  ") + command))
            .map(|line| line + "\n")
            .collect(),
    )
}

/// Returns the lines of a list that are about the command `name`, continued ones included: a line begins with names
/// and options, and two blanks or more end them.
pub fn entry(list: &str, name: &str) -> Option<String> {
    let is_about = |line: &&str| {
        let usage = line.split_once("  ").map_or(*line, |(usage, _)| usage);
        let named = |word: &str| word.trim_end_matches(',') == name;
        // A list of commands has commas; else only the first word is one.
        let commands = usage.split(' ').take(if usage.contains(',') { usize::MAX } else { 1 });
        commands.into_iter().any(named)
    };
    let mut lines = list.lines().skip_while(|line| !is_about(line));
    let first = lines.next()?;
    let more = lines.take_while(|line| line.starts_with(' '));
    Some(core::iter::once(first).chain(more).map(|line| String::from(line) + "\n").collect())
}

/// Returns all commands, each with the lines that the guide shows behind it.
pub fn commands(guide: &str) -> Vec<(&str, Vec<&str>)> {
    let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut is_console = false;
    for line in guide.lines() {
        match (line.strip_prefix("```"), line.strip_prefix(PROMPT)) {
            (Some(kind), _) => is_console = kind == "console",
            (None, Some(command)) if is_console => commands.push((command, Vec::new())),
            (None, _) if is_console => {
                if let Some((_, shown)) = commands.last_mut() {
                    shown.push(line);
                }
            }
            (None, _) => {}
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::{commands, entry, sections, short};

    const GUIDE: &str = "\
# Guide

## swap: see it

Words.

```console
zram> swapon
NAME
zram> free
```

## Tables

## two: more
";

    #[test]
    fn a_short_form_is_the_title_and_the_commands() {
        assert_eq!(short(GUIDE, "swap").as_deref(), Some("see it\n  swapon\n  free\n"));
        assert_eq!(short(GUIDE, "two").as_deref(), Some("more\n"));
        assert_eq!((short(GUIDE, "Tables"), short(GUIDE, "")), (None, None));
        assert!(sections(GUIDE).eq([("swap", "see it"), ("two", "more")]));
    }

    #[test]
    fn commands_come_with_what_the_guide_shows_behind_them() {
        assert_eq!(commands(GUIDE), [("swapon", ["NAME"].into()), ("free", [].into())]);
    }

    #[test]
    fn a_command_is_found_in_the_list_with_its_further_lines() {
        let list =
            "free [-b]   memory\nswapon, swapoff   use\nstorm --size N\n      does all\nexit\n";
        assert_eq!(entry(list, "free").as_deref(), Some("free [-b]   memory\n"));
        assert_eq!(entry(list, "swapoff").as_deref(), Some("swapon, swapoff   use\n"));
        assert_eq!(entry(list, "storm").as_deref(), Some("storm --size N\n      does all\n"));
        assert_eq!(entry(list, "--size"), None);
        assert_eq!(entry(list, "memory"), None);
    }
}
