//! A second process that adds and removes the benchmark's zram devices, so that none is left behind.
//!
//! A device that is open cannot be removed, and a killed process cannot close it first. So the
//! benchmark starts itself once more as the guard and asks it for devices over a pipe. The guard
//! removes every device it added when it is told to or when the pipe ends: at the normal end, after
//! an error, a panic, ^C or SIGKILL of the benchmark alike. It has a process group of its own, so
//! ^C in a terminal does not reach it. It touches no device but those whose numbers `hot_add` gave
//! it.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// The verb that the guard is started with.
pub(crate) const VERB: &str = "guard";

/// Where Linux's files are; tests have others.
const SYSFS: &str = "/sys";

/// From `SYSFS` on: reading `hot_add` adds a device, writing to `hot_remove` removes one.
const CONTROL: &str = "class/zram-control";

/// How long a device may take to let itself be removed: right after the last close something like
/// udev may have it open.
const PATIENCE: Duration = Duration::from_secs(5);

/// The benchmark's end of the pipe.
pub(crate) struct Guard {
    child: RefCell<Child>,
    replies: RefCell<BufReader<ChildStdout>>,
}

impl Guard {
    /// Starts the guard.
    ///
    /// # Errors
    /// In words, when this program cannot be started once more.
    pub(crate) fn start() -> Result<Self, String> {
        let words = |error: io::Error| format!("the guard of zram devices: {error}");
        let program = env::current_exe().map_err(words)?;
        let mut command = Command::new(program);
        command.arg(VERB).stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut child = command.spawn().map_err(words)?;
        let replies = child.stdout.take().ok_or("the guard of zram devices has no output")?;
        Ok(Self { child: RefCell::new(child), replies: RefCell::new(BufReader::new(replies)) })
    }

    /// Adds a device and returns its number.
    ///
    /// # Errors
    /// In words: no zram here, or one is not root.
    pub(super) fn add(&self) -> Result<u32, String> {
        self.ask("add")
    }

    /// Removes a device that [`Self::add`] gave and that nobody has open.
    ///
    /// # Errors
    /// In words, when it stays in use; the guard tries again at the end.
    pub(super) fn remove(&self, number: u32) -> Result<(), String> {
        self.ask(&format!("remove {number}")).map(|_| ())
    }

    fn ask(&self, request: &str) -> Result<u32, String> {
        let mut reply = String::new();
        let mut child = self.child.borrow_mut();
        let pipe = child.stdin.as_mut().ok_or("the guard of zram devices has ended")?;
        writeln!(pipe, "{request}")
            .and_then(|()| self.replies.borrow_mut().read_line(&mut reply))
            .map_err(|error| format!("the guard of zram devices: {error}"))?;
        reply.trim_end().parse().map_err(|_| reply.trim_end().to_owned())
    }
}

impl Drop for Guard {
    /// Waits until the guard has removed what is left.
    fn drop(&mut self) {
        // Closes the pipe first.
        if let Err(error) = self.child.get_mut().wait() {
            eprintln!("the guard of zram devices: {error}");
        }
    }
}

/// What the guard's process does.
pub(crate) fn run() {
    serve(Path::new(SYSFS), io::stdin().lock(), io::stdout());
}

/// Answers requests until there are no more, then removes all devices that are left.
fn serve(sysfs: &Path, requests: impl BufRead, mut replies: impl Write) {
    let mut own = Vec::new();
    for request in requests.lines().map_while(Result::ok) {
        let reply = match request.strip_prefix("remove ").map(str::parse) {
            Some(Ok(number)) => remove(sysfs, &mut own, number),
            Some(Err(_)) => Err(format!("not a number: {request}")),
            None => add(sysfs, &mut own),
        };
        let line = reply.map_or_else(|words| words, |number| number.to_string());
        // The other end is gone, and with it whoever used the devices.
        if writeln!(replies, "{line}").and_then(|()| replies.flush()).is_err() {
            break;
        }
    }
    while let Some(number) = own.last().copied() {
        if let Err(words) = remove(sysfs, &mut own, number) {
            eprintln!("zram{number} was added for a benchmark and is still there: {words}");
            own.pop();
        }
    }
}

fn add(sysfs: &Path, own: &mut Vec<u32>) -> Result<u32, String> {
    let path = sysfs.join(CONTROL).join("hot_add");
    let words = |said: &dyn std::fmt::Display| {
        format!("{}: {said} (it needs root and a kernel with zram)", path.display())
    };
    let text = fs::read_to_string(&path).map_err(|error| words(&error))?;
    let number = text.trim().parse().map_err(|_| words(&text.trim()))?;
    own.push(number);
    Ok(number)
}

fn remove(sysfs: &Path, own: &mut Vec<u32>, number: u32) -> Result<u32, String> {
    if !own.contains(&number) {
        return Err(format!("zram{number} was not added here"));
    }
    let path = sysfs.join(CONTROL).join("hot_remove");
    let start = Instant::now();
    while let Err(error) = fs::write(&path, number.to_string()) {
        if start.elapsed() > PATIENCE {
            return Err(format!("{}: {error}", path.display()));
        }
        thread::sleep(Duration::from_millis(20));
    }
    own.retain(|other| *other != number);
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::{CONTROL, serve};
    use std::path::PathBuf;
    use std::{env, fs, process};

    /// Files that stand for Linux's, in a folder of the test's own.
    struct Sysfs(PathBuf);

    impl Sysfs {
        fn new(name: &str, next: &str) -> Self {
            let root = env::temp_dir().join(format!("zram-bench-{}-{name}", process::id()));
            fs::create_dir_all(root.join(CONTROL)).expect("a folder");
            fs::write(root.join(CONTROL).join("hot_add"), next).expect("a file");
            Self(root)
        }

        fn serve(&self, requests: &str) -> String {
            let mut replies = Vec::new();
            serve(&self.0, requests.as_bytes(), &mut replies);
            String::from_utf8(replies).expect("text")
        }

        fn removed(&self) -> String {
            fs::read_to_string(self.0.join(CONTROL).join("hot_remove")).unwrap_or_default()
        }
    }

    impl Drop for Sysfs {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).expect("it is there");
        }
    }

    #[test]
    fn a_device_that_was_added_is_removed_when_the_requests_end() {
        let sysfs = Sysfs::new("end", "7\n");
        assert_eq!(sysfs.serve("add\n"), "7\n");
        assert_eq!(sysfs.removed(), "7");
    }

    #[test]
    fn a_device_that_is_asked_for_is_removed_at_once_and_once() {
        let sysfs = Sysfs::new("asked", "7\n");
        let replies = sysfs.serve("add\nremove 7\nremove 7\n");
        assert_eq!(replies, "7\n7\nzram7 was not added here\n");
    }

    #[test]
    fn a_device_of_somebody_else_is_never_removed() {
        let sysfs = Sysfs::new("other", "7\n");
        assert_eq!(sysfs.serve("remove 0\n"), "zram0 was not added here\n");
        assert_eq!(sysfs.removed(), "");
    }

    #[test]
    fn without_zram_the_reply_says_what_is_missing() {
        let sysfs = Sysfs::new("without", "Permission denied\n");
        assert!(sysfs.serve("add\n").contains("needs root"));
        assert_eq!(sysfs.removed(), "");
    }
}
