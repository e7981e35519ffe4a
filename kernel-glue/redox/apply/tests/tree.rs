//! Hooks put into a small tree of our own, found there, and taken out again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use redox_glue_apply::hooks::{self, Hook};
use redox_glue_apply::plan::{self, Plan};
use redox_glue_apply::refusal::{Reason, Refusal};
use redox_glue_apply::tree::Tree;

const MANIFEST: &str = "[package]\nname = \"kernel\"\n\n[dependencies]\nspin = \"0.9\"\n";
const MAIN: &str = "mod memory;\nmod sync;\n\nfn main() {}\n";
const MEMORY: &str = "\
pub fn init_frame() -> Option<Frame> {
    let frame = allocate_frame()?;
    Some(frame)
}

impl Space {
    pub fn other(&self) {
        let frame = allocate_frame()?;
    }
}
";

const LIST: &str = "\
## Cargo.toml: [dependencies]
```anchor
[dependencies]
```
```after
glue = { path = \"$ZRAM/glue\" }
```
## src/main.rs: (file)
```anchor
mod sync;
```
```after
mod swap;
```
## src/memory.rs: fn init_frame
```anchor
let frame = allocate_frame()?;
```
```instead
let frame = crate::swap::frame()?;
```
";

/// A tree in a folder that goes with it.
struct Folder(PathBuf);

impl Folder {
    fn empty() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Relaxed: only the number matters.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("redox-glue-apply-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(path.join("src")).expect("the tree is our own");
        Self(path)
    }

    fn kernel() -> Self {
        let folder = Self::empty();
        folder.write("Cargo.toml", MANIFEST);
        folder.write("src/main.rs", MAIN);
        folder.write("src/memory.rs", MEMORY);
        folder
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.0.join(file), text).expect("the tree is our own");
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).expect("the tree is our own")
    }

    fn texts(&self) -> [String; 3] {
        ["Cargo.toml", "src/main.rs", "src/memory.rs"].map(|file| self.read(file))
    }

    fn tree(&self) -> Tree {
        Tree::open(&self.0).expect("the tree is our own")
    }

    fn apply(&self) -> Result<(), Vec<Refusal>> {
        match plan::apply(&self.tree(), &list())? {
            Plan::Nothing => Ok(()),
            Plan::Write(changes) => self.tree().write(&changes),
        }
    }

    fn remove(&self) -> Result<(), Vec<Refusal>> {
        match plan::remove(&self.tree())? {
            Plan::Nothing => Ok(()),
            Plan::Write(changes) => self.tree().write(&changes),
        }
    }

    fn files(&self) -> usize {
        let count = |path: &Path| fs::read_dir(path).expect("the tree is our own").count();
        count(&self.0) + count(&self.0.join("src"))
    }

    fn set_readonly(&self, file: &str, readonly: bool) {
        let path = self.0.join(file);
        let mut rights = fs::metadata(&path).expect("the tree is our own").permissions();
        rights.set_readonly(readonly);
        fs::set_permissions(&path, rights).expect("the tree is our own");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("the tree is our own");
    }
}

fn list() -> Vec<Hook> {
    hooks::parse(LIST, "/zram").expect("the list is well made")
}

fn refusal(place: &str, reason: Reason) -> Refusal {
    Refusal { place: place.to_owned(), reason }
}

/// The program itself, with the repository's own list.
fn program(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_redox-glue-apply")).args(words).output().expect("it was built")
}

#[test]
fn every_hook_is_put_into_its_file() {
    let folder = Folder::kernel();
    folder.apply().unwrap();
    let [manifest, main, memory] = folder.texts();
    assert!(
        manifest.contains("[dependencies]\nglue = { path = \"/zram/glue\" } # zram-hook\nspin")
    );
    assert!(main.contains("mod sync;\nmod swap; // zram-hook\n"));
    assert!(
        memory.contains("    let frame = crate::swap::frame()?; // zram-hook\n    Some(frame)")
    );
}

#[test]
fn a_second_time_there_is_nothing_to_do() {
    let folder = Folder::kernel();
    folder.apply().unwrap();
    assert_eq!(plan::apply(&folder.tree(), &list()), Ok(Plan::Nothing));
}

#[test]
fn removed_is_as_it_was_byte_for_byte() {
    let folder = Folder::kernel();
    folder.apply().unwrap();
    assert_ne!(folder.texts()[2], MEMORY);
    folder.remove().unwrap();
    assert_eq!(folder.texts(), [MANIFEST, MAIN, MEMORY]);
}

#[test]
fn nothing_stays_beside_the_files() {
    let folder = Folder::kernel();
    let before = folder.files();
    folder.apply().unwrap();
    assert_eq!(folder.files(), before);
}

#[test]
fn lines_of_a_list_that_is_forgotten_are_taken_out_too() {
    let folder = Folder::kernel();
    folder.write("src/other.rs", "fn a() {}\nfn b() {} // zram-hook\n");
    folder.remove().unwrap();
    assert_eq!(folder.read("src/other.rs"), "fn a() {}\n");
}

#[test]
fn one_changed_function_refuses_the_whole() {
    let folder = Folder::kernel();
    let changed = MEMORY.replacen("allocate_frame", "take_frame", 1);
    folder.write("src/memory.rs", &changed);
    let reason = Reason::Anchors { first: "let frame = allocate_frame()?;".to_owned(), count: 0 };
    assert_eq!(folder.apply(), Err(vec![refusal("src/memory.rs: fn init_frame", reason)]));
    assert_eq!(folder.texts(), [MANIFEST, MAIN, &changed]);
}

#[test]
fn a_missing_file_refuses_the_whole() {
    let folder = Folder::kernel();
    fs::remove_file(folder.0.join("src/memory.rs")).unwrap();
    let refusals = folder.apply().unwrap_err();
    assert!(
        matches!(&refusals[..], [Refusal { place, reason: Reason::Io(_) }] if place == "src/memory.rs")
    );
    assert_eq!(folder.read("src/main.rs"), MAIN);
}

#[test]
fn a_half_applied_tree_is_refused_and_can_be_removed() {
    let folder = Folder::kernel();
    folder.apply().unwrap();
    folder.write("src/main.rs", MAIN);
    assert_eq!(folder.apply(), Err(vec![refusal("src/main.rs", Reason::HalfApplied)]));
    folder.remove().unwrap();
    assert_eq!(folder.texts(), [MANIFEST, MAIN, MEMORY]);
}

#[test]
fn lines_of_another_list_are_refused_until_removed() {
    let folder = Folder::kernel();
    folder.write("src/main.rs", "mod memory;\nmod sync;\nmod old; // zram-hook\n");
    let refused = vec![refusal("src/main.rs", Reason::OtherLines)];
    assert_eq!(folder.apply(), Err(refused));
}

#[test]
fn a_file_that_may_not_be_written_refuses_the_whole() {
    let folder = Folder::kernel();
    folder.set_readonly("src/memory.rs", true);
    assert_eq!(folder.apply(), Err(vec![refusal("src/memory.rs", Reason::ReadOnly)]));
    assert_eq!(folder.texts(), [MANIFEST, MAIN, MEMORY]);
}

#[test]
fn a_write_that_fails_half_way_is_taken_back() {
    let folder = Folder::kernel();
    let Plan::Write(changes) = plan::apply(&folder.tree(), &list()).unwrap() else {
        panic!("there is something to write");
    };
    // A folder of that name cannot be replaced by a file.
    fs::remove_file(folder.0.join("src/memory.rs")).unwrap();
    fs::create_dir(folder.0.join("src/memory.rs")).unwrap();
    assert!(folder.tree().write(&changes).is_err());
    assert_eq!(folder.read("Cargo.toml"), MANIFEST);
    assert_eq!(folder.read("src/main.rs"), MAIN);
}

#[test]
fn a_link_is_not_written_through() {
    let folder = Folder::kernel();
    fs::rename(folder.0.join("src/memory.rs"), folder.0.join("real.rs")).unwrap();
    std::os::unix::fs::symlink("../real.rs", folder.0.join("src/memory.rs")).unwrap();
    assert_eq!(folder.apply(), Err(vec![refusal("src/memory.rs", Reason::NotPlain)]));
}

#[test]
fn another_package_is_no_kernel() {
    let folder = Folder::kernel();
    folder.write("Cargo.toml", &MANIFEST.replace("kernel", "relibc"));
    let refused = Tree::open(&folder.0).unwrap_err();
    assert_eq!(refused.reason, Reason::NoKernel);
}

#[test]
fn the_program_refuses_a_tree_that_is_not_there() {
    let output = program(&["/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.ends_with("/nowhere/at/all: nothing was changed\n"), "{words}");
}

#[test]
fn the_program_refuses_a_kernel_that_it_does_not_know() {
    let folder = Folder::kernel();
    let output = program(&[&folder.0.display().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(folder.texts(), [MANIFEST, MAIN, MEMORY]);
}

#[test]
fn the_program_says_how_it_is_used() {
    assert_eq!(program(&[]).status.code(), Some(2));
    assert_eq!(program(&["a", "b"]).status.code(), Some(2));
    assert_eq!(program(&["--help"]).status.code(), Some(0));
}

#[test]
fn the_list_of_this_repository_is_understood() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../HOOKS.md");
    let list = fs::read_to_string(path).unwrap();
    let hooks = hooks::parse(&list, "/zram").unwrap();
    assert_eq!(hooks.len(), list.lines().filter(|line| line.starts_with("## ")).count());
}
