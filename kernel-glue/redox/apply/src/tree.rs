//! The files of a kernel's tree: all checks first, then all writes.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::refusal::{Reason, Refusal};

/// A folder that is a Redox kernel's tree.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
}

/// A file that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Path from the tree's root.
    pub file: String,
    /// What it is now.
    pub old: String,
    /// What it is to be.
    pub new: String,
}

/// Folders that cargo and git fill; nothing of ours is put there.
const NOT_SOURCES: [&str; 2] = ["target", ".git"];

fn refuse(file: &str, reason: Reason) -> Refusal {
    Refusal { place: file.to_owned(), reason }
}

fn io_error(file: &str, error: &io::Error) -> Refusal {
    refuse(file, Reason::Io(error.to_string()))
}

fn is_kernel(manifest: &str) -> bool {
    let package = manifest.lines().skip_while(|line| line.trim() != "[package]").skip(1);
    let mut package = package.take_while(|line| !line.starts_with('['));
    package.any(|line| line.split_whitespace().eq(["name", "=", "\"kernel\""]))
}

impl Tree {
    /// Opens a folder.
    ///
    /// # Errors
    ///
    /// Where it is not there, or not a Redox kernel's.
    pub fn open(root: &Path) -> Result<Self, Refusal> {
        let name = root.display().to_string();
        let metadata = fs::metadata(root).map_err(|error| io_error(&name, &error))?;
        let tree = Self { root: root.to_owned() };
        let is_kernel = metadata.is_dir() && tree.read("Cargo.toml").is_ok_and(|it| is_kernel(&it));
        if is_kernel && tree.read("src/main.rs").is_ok() {
            Ok(tree)
        } else {
            Err(refuse(&name, Reason::NoKernel))
        }
    }

    /// Returns a file's text.
    ///
    /// # Errors
    ///
    /// Where it is not there, no plain file, or not UTF-8.
    pub fn read(&self, file: &str) -> Result<String, Refusal> {
        let path = self.root.join(file);
        let metadata = fs::symlink_metadata(&path).map_err(|error| io_error(file, &error))?;
        if !metadata.is_file() {
            return Err(refuse(file, Reason::NotPlain));
        }
        let bytes = fs::read(&path).map_err(|error| io_error(file, &error))?;
        String::from_utf8(bytes).map_err(|_| refuse(file, Reason::NotText))
    }

    /// Returns the sources and manifests of the tree, sorted; links are not followed.
    ///
    /// # Errors
    ///
    /// Where a folder cannot be listed.
    pub fn sources(&self) -> Result<Vec<String>, Refusal> {
        let mut found = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let wrong = |error| io_error(&folder, &error);
            for entry in fs::read_dir(self.root.join(&folder)).map_err(wrong)? {
                let entry = entry.map_err(wrong)?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path =
                    if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                let kind = entry.file_type().map_err(wrong)?;
                if kind.is_dir() && !NOT_SOURCES.contains(&name.as_str()) {
                    folders.push(path);
                } else if kind.is_file() && (name.ends_with(".rs") || name == "Cargo.toml") {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Returns what forbids to write a file, if anything does.
    #[must_use]
    pub fn writable(&self, file: &str) -> Option<Refusal> {
        match fs::symlink_metadata(self.root.join(file)) {
            Err(error) => Some(io_error(file, &error)),
            Ok(metadata) if metadata.permissions().readonly() => {
                Some(refuse(file, Reason::ReadOnly))
            }
            Ok(_) => None,
        }
    }

    /// Writes all changes or none: each file beside the old one first, with its rights, then each is
    /// renamed; where a rename fails, those before it are written back.
    ///
    /// # Errors
    ///
    /// The first file that could not be written. A file that could not be written back is named too.
    pub fn write(&self, changes: &[Change]) -> Result<(), Vec<Refusal>> {
        let beside: Vec<_> = changes.iter().map(|change| self.beside(&change.file)).collect();
        let clean = || {
            for path in &beside {
                // It may never have been made.
                let _ = fs::remove_file(path);
            }
        };
        for (change, path) in changes.iter().zip(&beside) {
            if let Err(error) = self.write_beside(change, path) {
                clean();
                return Err(vec![io_error(&change.file, &error)]);
            }
        }
        for (index, (change, path)) in changes.iter().zip(&beside).enumerate() {
            if let Err(error) = fs::rename(path, self.root.join(&change.file)) {
                let mut refusals = vec![io_error(&change.file, &error)];
                for done in &changes[..index] {
                    if let Err(error) = fs::write(self.root.join(&done.file), &done.old) {
                        refusals.push(io_error(&done.file, &error));
                    }
                }
                clean();
                return Err(refusals);
            }
        }
        Ok(())
    }

    fn beside(&self, file: &str) -> PathBuf {
        self.root.join(format!("{file}.zram-new"))
    }

    fn write_beside(&self, change: &Change, path: &Path) -> io::Result<()> {
        let rights = fs::metadata(self.root.join(&change.file))?.permissions();
        let mut file = fs::File::create(path)?;
        file.write_all(change.new.as_bytes())?;
        file.set_permissions(rights)?;
        file.sync_all()
    }
}
