//! `redox-glue-apply TREE [--check | --remove]`: this repository's swap, in the tree of a Redox kernel.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use redox_glue_apply::hooks::{self, Hook};
use redox_glue_apply::plan::{self, Plan};
use redox_glue_apply::refusal::{Reason, Refusal};
use redox_glue_apply::tree::{Change, Tree};

const USAGE: &str = "\
usage: redox-glue-apply TREE              put the lines of kernel-glue/redox/HOOKS.md into a Redox kernel's tree
       redox-glue-apply TREE --check      say what would be done, and write nothing
       redox-glue-apply TREE --remove     take every one of these lines out again";

/// The exit code where the words are not understood.
const NOT_UNDERSTOOD: u8 = 2;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Apply,
    Check,
    Remove,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (tree, wish) = match words[..] {
        ["--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [tree] if !tree.starts_with('-') => (tree, Wish::Apply),
        [tree, "--check"] | ["--check", tree] => (tree, Wish::Check),
        [tree, "--remove"] | ["--remove", tree] => (tree, Wish::Remove),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(NOT_UNDERSTOOD);
        }
    };
    match run(Path::new(tree), wish) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusals) => {
            for refusal in &refusals {
                eprintln!("{refusal}");
            }
            eprintln!("{tree}: nothing was changed");
            ExitCode::FAILURE
        }
    }
}

fn list() -> Result<Vec<Hook>, Refusal> {
    // As built: the lines name this repository's files by their path, so it has to stay where it is.
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let refuse = |error: std::io::Error| Refusal {
        place: folder.join("HOOKS.md").display().to_string(),
        reason: Reason::Io(error.to_string()),
    };
    let text = fs::read_to_string(folder.join("HOOKS.md")).map_err(refuse)?;
    let repository = folder.join("../..").canonicalize().map_err(refuse)?;
    hooks::parse(&text, &repository.display().to_string())
}

fn run(tree: &Path, wish: Wish) -> Result<(), Vec<Refusal>> {
    let one = |refusal| vec![refusal];
    let opened = Tree::open(tree).map_err(one)?;
    let plan = match wish {
        Wish::Apply | Wish::Check => plan::apply(&opened, &list().map_err(one)?)?,
        Wish::Remove => plan::remove(&opened)?,
    };
    let changes = match plan {
        Plan::Nothing => {
            let there =
                if wish == Wish::Remove { "no line of it is there" } else { "all of it is there" };
            println!("{}: {there}", tree.display());
            return Ok(());
        }
        Plan::Write(changes) => changes,
    };
    if wish != Wish::Check {
        opened.write(&changes)?;
    }
    report(tree, wish, &changes);
    Ok(())
}

fn lines(count: usize) -> String {
    format!("{count} line{}", if count == 1 { "" } else { "s" })
}

fn report(tree: &Path, wish: Wish, changes: &[Change]) {
    let verb = match wish {
        Wish::Apply => "put into",
        Wish::Check => "would be put into",
        Wish::Remove => "taken out of",
    };
    let mut sum = 0;
    for Change { file, old, new } in changes {
        // A replaced line stays, so the longer text has as many more lines as were put.
        let count = new.lines().count().abs_diff(old.lines().count());
        sum += count;
        println!("{file}: {} {verb} it", lines(count));
    }
    println!("{}: {} {verb} {} files", tree.display(), lines(sum), changes.len());
}
