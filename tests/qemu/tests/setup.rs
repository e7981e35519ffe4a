//! `setup.sh` on machines that lack something: the tools are stubs that record how they were
//! called. The script must never ask for a password and never install what it was told not to.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use qemu::place;

const INSTALL: &str = "apt-get install -y --no-install-recommends qemu-system-x86";

/// A search path that has nothing but what a test puts there.
struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Makes a folder called after the test, with stubs that do nothing but succeed.
    fn new(test: &str, succeeding: &[&str]) -> Self {
        let folder = place::under_target(&format!("setup-test/{test}/bin")).expect("a folder");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("target can be written");
        let tools = Self { folder };
        for name in succeeding {
            tools.stub(name, "exit 0");
        }
        tools
    }

    /// Adds a program that notes how it was called before it does `body`.
    fn stub(&self, name: &str, body: &str) {
        let file = self.folder.join(name);
        let calls = self.calls_file();
        let script = format!("#!/bin/sh\necho {name} \"$@\" >> {}\n{body}\n", calls.display());
        fs::write(&file, script).expect("target can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    fn calls_file(&self) -> PathBuf {
        self.folder.with_file_name("calls")
    }

    fn setup(&self, no_install: &str) -> (Output, String) {
        let _ = fs::remove_file(self.calls_file());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("setup.sh");
        let output = Command::new("/bin/sh")
            .arg(script)
            .env_clear()
            .env("PATH", &self.folder)
            .env("NO_INSTALL", no_install)
            .output()
            .expect("there is a shell");
        (output, fs::read_to_string(self.calls_file()).unwrap_or_default())
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_complete_machine_needs_nothing() {
    let tools = Tools::new("complete", &["cargo", "cc", "qemu-system-x86_64"]);
    let (output, calls) = tools.setup("");
    assert_eq!((output.status.code(), calls.as_str()), (Some(0), ""), "{}", said(&output));
}

#[test]
fn without_rights_the_line_is_printed_and_nothing_is_asked() {
    let tools = Tools::new("no-rights", &["cargo", "cc", "apt-get"]);
    tools.stub("id", "echo 1000");
    tools.stub("sudo", "exit 1");
    let (output, calls) = tools.setup("");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains(INSTALL), "{}", said(&output));
    assert_eq!(calls, "id -u\nsudo -n true\n");
}

#[test]
fn a_machine_without_sudo_is_told_the_line() {
    let tools = Tools::new("no-sudo", &["cargo", "cc", "apt-get"]);
    tools.stub("id", "echo 1000");
    let (output, calls) = tools.setup("");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains(INSTALL), "{}", said(&output));
    assert_eq!(calls, "id -u\n");
}

#[test]
fn no_install_in_any_form_forbids_even_root_to_install() {
    let tools = Tools::new("forbidden", &["cargo", "cc", "apt-get"]);
    tools.stub("id", "echo 0");
    for value in ["1", "yes", "0", "true", " "] {
        let (output, calls) = tools.setup(value);
        assert_eq!((output.status.code(), calls.as_str()), (Some(2), ""), "{value:?}");
        assert!(said(&output).contains(INSTALL), "{}", said(&output));
    }
}

#[test]
fn root_updates_and_installs_what_is_missing() {
    let tools = Tools::new("root", &["cargo", "apt-get"]);
    tools.stub("id", "echo 0");
    tools.stub("env", "shift; exec \"$@\"");
    let (output, calls) = tools.setup("");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let quiet = "env DEBIAN_FRONTEND=noninteractive";
    let update = "apt-get -o DPkg::Lock::Timeout=300 update";
    let install = "apt-get install -y --no-install-recommends build-essential qemu-system-x86 \
                   -o DPkg::Lock::Timeout=300";
    let expected = format!("id -u\n{quiet} {update}\n{update}\n{quiet} {install}\n{install}\n");
    assert_eq!(calls, expected);
}

#[test]
fn sudo_is_used_where_it_needs_no_password() {
    let tools = Tools::new("sudo", &["cargo", "cc", "sudo"]);
    tools.stub("id", "echo 1000");
    let (output, calls) = tools.setup("");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let install = format!("sudo -n env DEBIAN_FRONTEND=noninteractive {INSTALL} -o");
    assert!(calls.contains(&install), "{calls}");
}

#[test]
fn an_installation_that_fails_ends_with_the_line() {
    let tools = Tools::new("failing", &["cargo", "cc"]);
    tools.stub("id", "echo 0");
    tools.stub("env", "exit 100");
    let (output, _) = tools.setup("");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).trim_end().ends_with(INSTALL), "{}", said(&output));
}

#[test]
fn a_machine_without_rust_is_told_where_it_comes_from() {
    let (output, _) = Tools::new("no-rust", &["cc"]).setup("");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("rustup"), "{}", said(&output));
}
