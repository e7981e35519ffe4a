//! Paths: the workspace, and the harness's own files under `target/`.
//!
//! Image, sample and figures are always under the workspace's `target/`, so that people find them
//! where the README says, even when `CARGO_TARGET_DIR` moves the compiler's output elsewhere.

use std::path::{Path, PathBuf};

/// Returns the workspace's root folder.
///
/// # Panics
///
/// When this crate is not two folders below the root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("tests/qemu is two folders below the workspace's root")
}

/// Returns the path of `name` under the workspace's `target/`, whose folders exist afterwards.
///
/// # Errors
///
/// In words, when a folder cannot be made.
pub fn under_target(name: &str) -> Result<PathBuf, String> {
    let path = root().join("target").join(name);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(path)
}
