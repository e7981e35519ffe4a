//! `zramctl-host estimate FILE ...`: the size that each algorithm and level would give to the pages
//! of a file, a core dump or a running process, on this machine and without a device.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use ctl::options::{Given, Known, Value, flag, long, valued};

mod estimate;
mod pages;
mod report;

use pages::{Pages, Source};

const HELP: &str = "\
usage: zramctl-host estimate [options] FILE ...     files and core dumps (ELF: their memory)
       zramctl-host estimate [options] --process PID
  -n, --pages COUNT   look at so many pages, evenly spread (usually 4096); --all looks at all
  -b, --bytes         sizes as plain numbers";

const OPTIONS: &[Known] = &[
    flag('h', "help"),
    flag('b', "bytes"),
    valued('n', "pages"),
    long("all", Value::Never),
    long("process", Value::Always),
];

/// Pages that are looked at: 16 MiB take the densest level some seconds.
const PAGES_USUAL: usize = 4096;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("zramctl-host: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<String, String> {
    let given = Given::parse(OPTIONS, words)?;
    if given.has("help") {
        return Ok(format!("{HELP}\n"));
    }
    let Some(("estimate", files)) = given.operands.split_first().map(|(verb, rest)| (*verb, rest))
    else {
        return Err(format!("what to do?\n{HELP}"));
    };
    given.excludes(&["pages", "all"])?;
    let count = match given.value("pages") {
        Some(text) => {
            let count = text.parse().ok().filter(|count| *count > 0);
            count.ok_or_else(|| format!("{text}: not a number of pages"))?
        }
        None if given.has("all") => usize::MAX,
        None => PAGES_USUAL,
    };
    let process = given.value("process").map(Source::process).transpose()?;
    let sources: Vec<Source> = files.iter().map(|file| Source::file(file)).chain(process).collect();
    if sources.is_empty() {
        return Err(format!("estimate of what?\n{HELP}"));
    }
    let mut text = String::new();
    for source in sources {
        let pages = Pages::of(&source, count)?;
        text += &report::text(&source, &pages, &estimate::all(&pages.pages), given.has("bytes"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn wrong_use_is_refused_in_words() {
        for words in [&["estimate"][..], &[], &["guess", "x"], &["estimate", "-n", "0", "x"]] {
            assert!(run(words).is_err(), "{words:?}");
        }
        assert_eq!(
            run(&["estimate", "/nosuch"]),
            Err("/nosuch: No such file or directory (os error 2)".to_owned())
        );
    }
}
