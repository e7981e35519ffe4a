//! The image: the kernel, and the initrd with every program and the sample of pages.
//!
//! A nested cargo builds the guest's binaries into `target/guest`, stable and for the host's own
//! target: as an ordinary release, or as one with assertions and overflow checks ([`Build`]).
//! Variables that a test runner or a coverage tool put into the environment are removed for it:
//! those binaries have no standard library to instrument.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::cpio::Archive;
use crate::place;

mod folder;
pub mod redox;

use folder::Folder;
use redox::RedoxKernel;

/// Packages whose binaries make the image.
const PACKAGES: [&str; 9] =
    ["kernel", "redox-loader", "zramd", "zramctl", "init", "sh", "loads", "probes", "measure"];

/// The kernel's binary.
const KERNEL: &str = "kernel";

/// What starts a kernel that QEMU cannot start.
const LOADER: &str = "redox-loader";

/// The first program, at the root of the archive, where the kernel looks for it.
const INIT: &str = "init";

/// The daemon's name under `bin/`, and its binary unless a test packs another.
pub const DAEMON: &str = "zramd";

/// The other programs, under `bin/`, where the shell looks for them.
const PROGRAMS: [&str; 20] = [
    "sh",
    "zramctl",
    "swapon",
    "swapoff",
    "zram-setup",
    "memhog",
    "report",
    "bench",
    "cost",
    "pages",
    "copies",
    "access",
    "as",
    "attributes",
    "events",
    "platform",
    "hostile",
    "faults",
    "hotplug",
    "storm",
];

/// The sample's name in the image.
const CORPUS: &str = "pages.bin";

/// The name of the boot configuration in the image; without it nothing is swap at first.
const CONFIGURATION: &str = "etc/zram.conf";

/// The configuration that the image has unless another one is wanted.
pub const USUAL_CONFIGURATION: &str = include_str!("../zram.conf");

/// The name of the shell's lines in the image; without it the shell prompts.
const SCRIPT: &str = "script";

/// What QEMU boots: files of this run alone, which are removed with this.
#[derive(Debug)]
pub struct Image {
    folder: Folder,
}

/// How kernel and programs are built; both kinds lie side by side under `target/guest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// What people run and measure.
    Release,
    /// What tests boot: as optimised, and every assertion and overflow of arithmetic is checked.
    Checked,
}

impl Build {
    /// Returns cargo's profile, which is also the name of its folder.
    fn profile(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Checked => "guest-checked",
        }
    }
}

/// What goes into an image, and how it is built.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// How kernel and programs are built.
    pub build: Build,
    /// The sample of pages.
    pub corpus: &'a Path,
    /// Lines for the shell; without them it prompts.
    pub script: Option<&'a str>,
    /// The boot configuration; without it no device is made.
    pub configuration: Option<&'a str>,
    /// The binary that is started as the daemon: [`DAEMON`], or one that fails in its place.
    pub daemon: &'a str,
}

impl Image {
    /// Packs an image called `name` from the binaries of this checkout and `contents`, in a folder of
    /// its own under `target/image`.
    ///
    /// The binaries are built if this process has not done so yet in this way, with cargo's output on
    /// the terminal.
    ///
    /// # Errors
    ///
    /// In words, when the build fails or a file cannot be read or written.
    pub fn pack(name: &str, contents: Contents<'_>) -> Result<Self, String> {
        let binaries = build(contents.build)?;
        Self::write(name, &binaries.join(KERNEL), &archive(binaries, contents)?)
    }

    /// Packs an image as [`Self::pack`] does, with the same programs, for a kernel of the user's own.
    ///
    /// # Errors
    ///
    /// As [`Self::pack`].
    pub fn pack_for_redox(
        name: &str,
        contents: Contents<'_>,
        kernel: &RedoxKernel,
    ) -> Result<Self, String> {
        let binaries = build(contents.build)?;
        let initrd = kernel.in_front_of(&archive(binaries, contents)?);
        Self::write(name, &binaries.join(LOADER), &initrd)
    }

    fn write(name: &str, kernel: &Path, initrd: &[u8]) -> Result<Self, String> {
        let parent = place::under_target("image")?;
        let folder =
            Folder::new(&parent, name).map_err(|error| format!("{}: {error}", parent.display()))?;
        let image = Self { folder };
        write(&image.initrd(), initrd)?;
        // A copy, because another run may build its own kernel in the meantime.
        write(&image.kernel(), &read(kernel)?)?;
        Ok(image)
    }

    /// Returns the ELF file that QEMU starts.
    pub fn kernel(&self) -> PathBuf {
        self.folder.file(KERNEL)
    }

    /// Returns the file for what an attended guest says.
    pub fn log(&self) -> PathBuf {
        self.folder.file("console.log")
    }

    /// Returns the archive of first files.
    pub fn initrd(&self) -> PathBuf {
        self.folder.file("initrd.cpio")
    }
}

/// Returns the archive of programs, sample and script: the same for every kernel.
fn archive(binaries: &Path, contents: Contents<'_>) -> Result<Vec<u8>, String> {
    let mut archive = Archive::new();
    archive.file(INIT, &read(&binaries.join(INIT))?);
    archive.folder("bin");
    archive.file(&format!("bin/{DAEMON}"), &read(&binaries.join(contents.daemon))?);
    for program in PROGRAMS {
        archive.file(&format!("bin/{program}"), &read(&binaries.join(program))?);
    }
    archive.file(CORPUS, &read(contents.corpus)?);
    if let Some(configuration) = contents.configuration {
        archive.folder("etc");
        archive.file(CONFIGURATION, configuration.as_bytes());
    }
    if let Some(script) = contents.script {
        archive.file(SCRIPT, script.as_bytes());
    }
    Ok(archive.finish())
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    fs::write(path, content).map_err(|error| format!("{}: {error}", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Builds the kernel and the programs, once in a process for each kind; returns the folder with the
/// binaries.
///
/// # Errors
///
/// In words, when cargo does not start or fails; what it says is on the terminal.
pub fn build(build: Build) -> Result<&'static Path, String> {
    static RELEASE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    static CHECKED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = match build {
        Build::Release => &RELEASE,
        Build::Checked => &CHECKED,
    };
    built.get_or_init(|| run_cargo(build.profile())).as_deref().map_err(Clone::clone)
}

fn run_cargo(profile: &str) -> Result<PathBuf, String> {
    let target = place::under_target(&format!("guest/{profile}/kernel"))?;
    let binaries = target.parent().unwrap_or(&target).to_owned();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(place::root());
    cargo.args(["build", "--profile", profile, "--target-dir", "target/guest"]);
    cargo.args(["--config", &format!("profile.{profile}.strip=true")]);
    for package in PACKAGES {
        cargo.args(["-p", package]);
    }
    for (name, _) in std::env::vars_os().filter(|(name, _)| changes_the_build(name)) {
        cargo.env_remove(name);
    }
    match cargo.status() {
        Ok(status) if status.success() => Ok(binaries),
        Ok(status) => Err(format!("building the kernel and the programs failed: {status}")),
        Err(error) => Err(format!("cargo did not start: {error}")),
    }
}

/// Returns whether an environment variable makes cargo build something else than it does by hand.
fn changes_the_build(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let exact = [
        "RUSTFLAGS",
        "RUSTDOCFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_BOOTSTRAP",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "LLVM_PROFILE_FILE",
    ];
    let prefixes = ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_LLVM_COV", "CARGO_TARGET_"];
    exact.contains(&&*name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_test_runners_stay_out_of_the_image() {
        for name in ["RUSTFLAGS", "CARGO_LLVM_COV", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET"] {
            assert!(changes_the_build(OsStr::new(name)), "{name}");
        }
        for name in ["CARGO_HOME", "PATH", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            assert!(!changes_the_build(OsStr::new(name)), "{name}");
        }
    }
}
