//! The programs that are sampled: where they are found, how they are started and when they have
//! enough in memory.
//!
//! Each is a child that this process starts for the purpose, with an empty environment, in `/`,
//! with a fixed script; it ends when its sample is taken. Scripts are not followed: a program
//! counts only if its file is an ELF image, so wrappers which need an environment are skipped.
//! cargo is left out: with an empty environment it still reads the user's settings, which may hold
//! secrets, and a sample should hold none.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use super::memory::{Page, anonymous_pages};
use super::more;
use super::scripts;
use super::specimen::Specimen;

/// The verb with which this very program becomes the specimen.
pub const SPECIMEN_VERB: &str = "specimen";

/// What the specimen is asked to do when nobody may look into it from outside.
const GIVE_PAGES: &str = "give-pages";

/// The longest that a program may take to be ready.
const READY_MAX: Duration = Duration::from_secs(60);

/// The compiler is stopped when it holds this much, in the middle of its work.
const COMPILER_PAGES: u64 = 48 << 8;

/// A program to be sampled, with what it is called in reports.
pub(super) struct Program {
    pub(super) name: &'static str,
    command: Command,
    input: &'static str,
    ready: Ready,
}

/// How one sees that a program has built its data.
#[derive(Clone, Copy)]
enum Ready {
    /// It prints a line and waits.
    SaysSo,
    /// It holds that many pages; it goes on working unless it is stopped.
    Holds(u64),
}

/// Returns the programs of this machine, the specimen last.
pub(super) fn all() -> Vec<Program> {
    let mut programs = Vec::new();
    for (name, arguments) in [
        ("bash", ["--noprofile", "--norc", "-c", scripts::BASH].as_slice()),
        ("perl", &["-e", scripts::PERL]),
        ("python3", &["-I", "-S", "-c", scripts::PYTHON]),
    ] {
        if let Some(path) = find(name) {
            programs.push(Program::new(name, &path, arguments, "", Ready::SaysSo));
        }
    }
    if let Some(path) = compiler() {
        // All of it is compiled, though nothing uses it.
        let arguments = ["--edition=2024", "--crate-type=lib", "-O", "-Clink-dead-code=yes"];
        let arguments = [&arguments[..], &["--emit=llvm-ir", "-o-", "-"]].concat();
        let ready = Ready::Holds(COMPILER_PAGES);
        programs.push(Program::new("rustc", &path, &arguments, scripts::RUST, ready));
    }
    programs.extend(specimen());
    programs
}

/// Returns all programs of this machine that a corpus can be taken from.
pub(super) fn for_corpora() -> Vec<Program> {
    let mut programs = all();
    for recipe in more::ALL {
        let Some(path) = find_anywhere(recipe.file) else { continue };
        let ready = recipe.holds.map_or(Ready::SaysSo, Ready::Holds);
        programs.push(Program::new(recipe.name, &path, recipe.arguments, recipe.input, ready));
    }
    programs
}

fn specimen() -> Option<Program> {
    let path = std::env::current_exe().ok()?;
    Some(Program::new("specimen", &path, &[SPECIMEN_VERB], "", Ready::SaysSo))
}

impl Program {
    fn new(
        name: &'static str,
        path: &Path,
        arguments: &[&str],
        input: &'static str,
        ready: Ready,
    ) -> Self {
        let mut command = Command::new(path);
        command.args(arguments).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self { name, command, input, ready }
    }

    /// Starts the program and returns at most `count` pages of it once it is ready.
    ///
    /// # Errors
    ///
    /// In words, when it does not start, does not get ready in time, or may not be looked into.
    pub(super) fn sample(mut self, count: usize) -> Result<Vec<Page>, String> {
        let child = self.command.spawn().map_err(|error| error.to_string())?;
        let mut child = Sampled(child);
        let input = child.feed(self.input, self.ready)?;
        match self.ready {
            Ready::SaysSo => child.await_line()?,
            Ready::Holds(pages) => child.stop_at(pages)?,
        }
        let pages = anonymous_pages(&child.0.id().to_string(), count);
        drop(input);
        pages.map_err(|error| error.to_string())
    }
}

/// Returns pages that the specimen read out of itself: for machines where nobody may look into
/// another process, not even into a child.
///
/// # Errors
///
/// In words, when the specimen cannot be started or fails.
pub(super) fn specimen_gives_pages() -> Result<Vec<Page>, String> {
    let path = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(path);
    command.args([SPECIMEN_VERB, GIVE_PAGES]).env_clear().current_dir("/");
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("the specimen failed: {}", output.status));
    }
    Ok(output.stdout.as_chunks().0.to_vec())
}

/// What the specimen does: builds its data, then waits to be sampled or gives its own pages.
///
/// # Errors
///
/// In words, when its own memory cannot be read or nobody takes the pages.
pub fn be_specimen(argument: Option<&str>) -> Result<(), String> {
    let specimen = Specimen::build(1);
    let mut out = std::io::stdout();
    if argument == Some(GIVE_PAGES) {
        let pages = anonymous_pages("self", super::PAGES_MAX * super::CHOICE);
        let pages = pages.map_err(|error| error.to_string())?;
        out.write_all(pages.as_flattened()).map_err(|error| error.to_string())?;
    } else {
        writeln!(out, "ready").map_err(|error| error.to_string())?;
        // Returns when the sampler has closed the pipe.
        std::io::stdin().read_to_end(&mut Vec::new()).map_err(|error| error.to_string())?;
    }
    std::hint::black_box(specimen.size());
    Ok(())
}

/// A child that is ended when its sample has been taken.
struct Sampled(Child);

impl Sampled {
    /// Gives the child its input; the pipe that is returned stays open while it waits.
    fn feed(&mut self, input: &str, ready: Ready) -> Result<Option<ChildStdin>, String> {
        let mut pipe = self.0.stdin.take().ok_or("the child has no input")?;
        pipe.write_all(input.as_bytes()).map_err(|error| error.to_string())?;
        Ok(matches!(ready, Ready::SaysSo).then_some(pipe))
    }

    fn await_line(&mut self) -> Result<(), String> {
        let out = self.0.stdout.take().ok_or("the child has no output")?;
        let (sender, said) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            // Nobody listens any more once the time is over.
            let _ = BufReader::new(out).read_line(&mut line).map(|_| sender.send(line));
        });
        match said.recv_timeout(READY_MAX) {
            Ok(line) if line.trim() == "ready" => Ok(()),
            Ok(_) => Err("it ended before it was ready".to_owned()),
            Err(_) => Err(format!("it was not ready after {} s", READY_MAX.as_secs())),
        }
    }

    /// Waits until the child holds `pages` of memory, then stops it.
    fn stop_at(&mut self, pages: u64) -> Result<(), String> {
        let process = self.0.id();
        let deadline = Instant::now() + READY_MAX;
        while anonymous_count(process) < pages {
            let ended = self.0.try_wait().map_err(|error| error.to_string())?;
            if ended.is_some() || Instant::now() > deadline {
                return Err("it ended before it held enough".to_owned());
            }
            thread::sleep(Duration::from_millis(2));
        }
        // The shell has `kill` built in; the program of that name may not be installed.
        let stop = format!("kill -STOP {process}");
        let status = Command::new("sh").args(["-c", &stop]).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            _ => Err("it could not be stopped".to_owned()),
        }
    }
}

impl Drop for Sampled {
    fn drop(&mut self) {
        // Both fail only for a child that has been reaped already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the pages of memory that a process holds and no file backs: resident less shared (man 5
/// proc_pid_statm), 0 when it is gone.
fn anonymous_count(process: u32) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
    let mut fields = statm.split(' ').skip(1).map(|field| field.parse().unwrap_or(0));
    let resident: u64 = fields.next().unwrap_or(0);
    resident.saturating_sub(fields.next().unwrap_or(0))
}

/// Returns the first ELF image of that name in the search path.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_elf(file))
}

/// Returns the image of that name or path, or the one that the C compiler calls by that name.
fn find_anywhere(name: &str) -> Option<PathBuf> {
    let own_of_gcc = || {
        let argument = format!("-print-prog-name={name}");
        let output = Command::new("gcc").arg(argument).output().ok()?;
        Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
    };
    find(name).or_else(own_of_gcc).filter(|path| is_elf(path))
}

fn is_elf(file: &Path) -> bool {
    let mut magic = [0; 4];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && magic == *b"\x7fELF"
}

/// Returns the compiler itself, not the proxy that chooses one by the environment.
fn compiler() -> Option<PathBuf> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().ok()?;
    let sysroot = String::from_utf8(output.stdout).ok()?;
    let path = Path::new(sysroot.trim()).join("bin/rustc");
    is_elf(&path).then_some(path)
}
