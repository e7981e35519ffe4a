//! Which packages of the workspace have tests, as `cargo metadata` tells.
//!
//! A package counts when cargo links a test harness for one of its targets, or takes its library's
//! examples for tests. Freestanding programs switch that off in their manifests (`test = false`), and
//! have tests in `tests/` only.

use std::process::Command;

use qemu::place;
use serde_json::Value;

/// The package of the tests that boot: it runs last, for itself.
pub(super) const OWN: &str = env!("CARGO_PKG_NAME");

/// Names of packages, in the order of the workspace.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Packages {
    /// Those that one call of cargo can build.
    pub(super) together: Vec<String>,
    /// Those that need a call each: no default members, because they turn on features in crates that
    /// the freestanding programs share.
    pub(super) alone: Vec<String>,
}

impl Packages {
    /// Returns the packages with tests, this one left out.
    ///
    /// # Errors
    ///
    /// In words, when cargo does not start, fails or says something else.
    pub(super) fn with_tests() -> Result<Self, String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(place::root())
            .output()
            .map_err(|error| format!("cargo did not start: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Self::of(&output.stdout)
    }

    fn of(metadata: &[u8]) -> Result<Self, String> {
        let metadata: Value =
            serde_json::from_slice(metadata).map_err(|error| format!("cargo metadata: {error}"))?;
        let list = |name: &str| {
            metadata[name].as_array().ok_or_else(|| format!("cargo metadata: no list {name}"))
        };
        let (packages, usual) = (list("packages")?, list("workspace_default_members")?);
        let mut found = Self::default();
        for package in packages.iter().filter(|package| has_tests(package)) {
            let name = package["name"].as_str().ok_or("cargo metadata: a package without name")?;
            if name == OWN {
                continue;
            }
            let part =
                if usual.contains(&package["id"]) { &mut found.together } else { &mut found.alone };
            part.push(name.to_owned());
        }
        Ok(found)
    }
}

fn has_tests(package: &Value) -> bool {
    let targets = package["targets"].as_array().into_iter().flatten();
    let mut switches = targets.flat_map(|target| [&target["test"], &target["doctest"]]);
    switches.any(|switch| switch == true)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{OWN, Packages};

    /// Returns whether a source file of the package in `folder` has a test.
    fn has_a_test(folder: &Path) -> bool {
        let Ok(entries) = fs::read_dir(folder) else { return false };
        entries.map(|entry| entry.expect("the tree can be read").path()).any(|path| {
            let is_source = path.extension().is_some_and(|ending| ending == "rs");
            let text = || fs::read_to_string(&path).expect("a source file is text");
            let is_other_package = path.join("Cargo.toml").exists();
            !is_other_package && has_a_test(&path)
                || is_source && text().lines().any(|line| line.trim() == "#[test]")
        })
    }

    #[test]
    fn no_member_of_the_workspace_that_has_a_test_is_left_out() {
        let root = qemu::place::root();
        let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("it is there");
        let (_, members) = manifest.split_once("members = [").expect("it has members");
        let (members, _) = members.split_once(']').expect("the list ends");
        let folders = members.split('"').skip(1).step_by(2).map(|member| root.join(member));
        let name = |folder: &Path| {
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("it is there");
            let name = manifest.lines().find_map(|line| line.strip_prefix("name = "));
            name.expect("a package has a name").trim_matches('"').to_owned()
        };
        let mut expected: Vec<String> =
            folders.filter(|folder| has_a_test(folder)).map(|folder| name(&folder)).collect();
        let Packages { together, alone } = Packages::with_tests().expect("cargo tells");
        let mut found = [together, alone, vec![OWN.to_owned()]].concat();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_package_counts_by_its_targets_and_is_alone_unless_it_is_a_default_member() {
        let metadata = br#"{"packages": [
            {"id": "a", "name": "programs", "targets": [{"test": false, "doctest": false}]},
            {"id": "b", "name": "tested", "targets": [{"test": false}, {"test": true}]},
            {"id": "c", "name": "examples", "targets": [{"test": false, "doctest": true}]},
            {"id": "d", "name": "apart", "targets": [{"test": true}]},
            {"id": "e", "name": "qemu", "targets": [{"test": true}]}
        ], "workspace_default_members": ["a", "b", "c", "e"]}"#;
        let found = Packages::of(metadata).expect("it is well formed");
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (together, alone) = (names(&["tested", "examples"]), names(&["apart"]));
        assert_eq!(found, Packages { together, alone });
    }
}
