//! A folder for the files of one image, which no other run of the checkout uses.
//!
//! Its name has the process and a number. While the image is in use, a file in it is locked; the
//! system releases the lock when the process ends, however it ends. So a run that makes a folder
//! can tell which others are unused, and removes them: a run that was interrupted leaves its image
//! until the next one starts, and so does a test that failed, for people who want to boot its image
//! again.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// The file whose lock says that a folder is in use.
const OWNER: &str = "owner";

/// The file beside the folders whose lock lets one process at a time make and remove them.
const TURN: &str = "lock";

/// A folder of this process; removed on drop, unless that is part of a panic.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _owner: File,
}

impl Folder {
    /// Makes a folder in `parent` whose name begins with `name`, and removes those that nobody uses.
    pub(super) fn new(parent: &Path, name: &str) -> io::Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        // Relaxed: the number only has to differ from the others.
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        fs::create_dir_all(parent)?;
        let turn = File::create(parent.join(TURN))?;
        turn.lock()?;
        remove_unused(parent)?;
        let path = parent.join(format!("{name}-{}-{number}", process::id()));
        // The image has the sample in it, which nobody else may read.
        DirBuilder::new().mode(0o700).create(&path)?;
        let owner = File::create(path.join(OWNER))?;
        owner.lock()?;
        Ok(Self { path, _owner: owner })
    }

    /// Returns the path of the file called `name` in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !thread::panicking() {
            // What cannot be removed now is removed when the next folder is made.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes the folders of processes that have ended.
fn remove_unused(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        if path.is_dir() && !is_used(&path) {
            // Its own process may be about it; what stays is seen again by the next run.
            let _ = fs::remove_dir_all(&path);
        }
    }
    Ok(())
}

fn is_used(folder: &Path) -> bool {
    // A folder is complete before another process sees it, so one without the file is nobody's.
    File::open(folder.join(OWNER)).is_ok_and(|owner| owner.try_lock().is_err())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::Folder;

    /// Returns an empty folder for this test.
    fn parent(test: &str) -> PathBuf {
        let path = crate::place::under_target(&format!("image-test/{test}/x")).expect("a folder");
        let parent = path.parent().expect("it has one").to_owned();
        fs::remove_dir_all(&parent).expect("target can be written");
        parent
    }

    #[test]
    fn two_images_of_one_name_have_different_files() {
        let parent = parent("two");
        let folders = ["shell"; 2].map(|name| Folder::new(&parent, name).expect("a folder"));
        let [one, other] = folders.each_ref().map(|folder| folder.file("initrd"));
        fs::write(&one, "one").expect("target can be written");
        fs::write(&other, "other").expect("target can be written");
        assert_eq!(fs::read_to_string(one).expect("it is there"), "one");
    }

    #[test]
    fn a_folder_is_readable_by_its_owner_alone_and_gone_with_it() {
        let parent = parent("gone");
        let folder = Folder::new(&parent, "shell").expect("a folder");
        let path = folder.path.clone();
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn what_an_ended_process_left_is_removed_and_what_is_used_stays() {
        let parent = parent("left");
        let used = Folder::new(&parent, "used").expect("a folder");
        let left = parent.join("shell-1-0");
        fs::create_dir(&left).expect("target can be written");
        // The process that held the lock has ended, so nobody holds it.
        fs::write(left.join(super::OWNER), "").expect("target can be written");
        let next = Folder::new(&parent, "next").expect("a folder");
        assert!(used.path.is_dir() && next.path.is_dir());
        assert!(!left.exists());
    }
}
