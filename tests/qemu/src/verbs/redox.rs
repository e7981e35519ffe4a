//! `make redox REDOX_KERNEL=FILE`: the image of `make shell` on a Redox kernel of the user's own.
//!
//! The programs are the same files; only the loader differs (`tests/redox`). The machine has one
//! CPU unless `CPUS=` says otherwise: Redox kernels until August 2026 at least run no thread that
//! is bound to another CPU.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use qemu::corpus;
use qemu::image::redox::RedoxKernel;
use qemu::image::{Build, Contents, DAEMON, Image};
use qemu::machine::redox::Crashes;
use qemu::machine::{Ended, Machine, Threading};

use super::settings::{self, Settings};
use super::shell;

/// The variable that names the kernel's file.
const VARIABLE: &str = "REDOX_KERNEL";

/// What is said when it is not set.
pub(crate) const NEEDED: &str = "REDOX_KERNEL=FILE is needed: the ELF file of a Redox kernel, \
    from your own Redox tree (build/x86_64/kernel)\n\
    nothing of Redox is in this repository; docs/redox.md says how to get there";

/// Returns whether a kernel was named.
pub(crate) fn is_told() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|path| !path.is_empty())
}

/// Returns the kernel that was named.
///
/// # Errors
///
/// In words, when the file is none.
pub(crate) fn kernel() -> Result<RedoxKernel, String> {
    RedoxKernel::read(&PathBuf::from(std::env::var_os(VARIABLE).unwrap_or_default()))
}

/// Boots and returns when the guest has ended.
pub(crate) fn run() -> Result<(), String> {
    let kernel = kernel()?;
    let settings = Settings::from_environment_with(1)?;
    let machine = Machine {
        memory_mib: settings.memory_mib,
        cpus: settings.cpus,
        threading: settings::threading(Threading::Single),
        command_line: String::new(),
    };
    let corpus = corpus::wanted()?;
    let contents = |script| Contents {
        build: Build::Release,
        corpus: &corpus,
        script,
        configuration: None,
        daemon: DAEMON,
    };
    if std::io::stdin().is_terminal() {
        return shell::attended(
            &machine,
            &Image::pack_for_redox("redox", contents(None), &kernel)?,
        );
    }
    let mut script = String::new();
    std::io::stdin().read_to_string(&mut script).map_err(|error| format!("input: {error}"))?;
    let image = Image::pack_for_redox("redox", contents(Some(&script)), &kernel)?;
    let print = &mut |line: &str, _| println!("{line}");
    let ended = machine.run_redox(&image, shell::LIMITS, Crashes::Expected, print);
    verdict(&ended.map_err(|failed| failed.why.to_string())?)
}

/// Judges a run by the code that the guest told.
fn verdict(ended: &Ended) -> Result<(), String> {
    match ended.code_told() {
        Some(0) => Ok(()),
        Some(code) => Err(format!("the guest ended with a failure, code {code}")),
        None => Err(format!("the guest ended without a code; QEMU's status: {:?}", ended.status)),
    }
}
