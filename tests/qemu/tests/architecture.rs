//! Whether the folders import what ARCHITECTURE.md says, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use qemu::place;

/// Returns the lines of a manifest's section; its name as in `[dependencies]`.
fn section<'a>(manifest: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let header = format!("[{name}]");
    let behind = manifest.lines().skip_while(move |line| line.trim() != header).skip(1);
    behind.take_while(|line| !line.starts_with('['))
}

fn read(folder: &str) -> String {
    let path = place::root().join(folder).join("Cargo.toml");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the package that a folder's manifest names.
fn package(folder: &str) -> String {
    let manifest = read(folder);
    let name = section(&manifest, "package").find_map(|line| line.strip_prefix("name = "));
    name.expect("a package has a name").trim_matches('"').to_owned()
}

/// Returns the folders of the workspace.
fn members() -> BTreeSet<String> {
    let manifest = read("");
    let list = manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next());
    let names = list.expect("the workspace has members").split('"').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// Returns, for each folder of the map, the packages that it may import.
fn map() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(Path::new(place::root()).join("ARCHITECTURE.md"))
        .expect("ARCHITECTURE.md is there");
    let map = text.split("## The map").nth(1).expect("it has a map");
    let rows = map.lines().take_while(|line| !line.starts_with("## ")).filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, folder, _, imports, _] = cells.as_slice() else { return None };
        let folder = folder.strip_prefix('`')?.strip_suffix('`')?;
        let imports = imports.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Some((folder.to_owned(), imports))
    });
    rows.collect()
}

#[test]
fn every_folder_of_the_workspace_is_on_the_map() {
    assert_eq!(map().into_keys().collect::<BTreeSet<_>>(), members());
}

#[test]
fn every_folder_imports_what_the_map_says_and_nothing_else() {
    let own: BTreeSet<_> = members().iter().map(|folder| package(folder)).collect();
    for (folder, wanted) in map() {
        let manifest = read(&folder);
        let lines = ["dependencies", "dev-dependencies"];
        let names = lines.iter().flat_map(|name| section(&manifest, name));
        let names = names.filter_map(|line| line.split(['.', ' ']).next());
        let found: BTreeSet<_> =
            names.filter(|name| own.contains(*name)).map(str::to_owned).collect();
        assert_eq!(found, wanted, "{folder}");
    }
}

#[test]
fn the_ports_of_the_pager_import_nothing_of_it_but_the_entry() {
    let path = place::root().join("kernel-glue/pager/src/ports.rs");
    let text = fs::read_to_string(path).expect("the ports are there");
    let imports: Vec<_> = text.lines().filter(|line| line.starts_with("use crate::")).collect();
    assert!(imports.iter().all(|line| line.ends_with("::SwapEntry;")), "{imports:?}");
}

/// Returns the Rust files under a folder, with their text.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("it can be listed").path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("it is text");
            found.push((path.display().to_string(), text));
        }
    }
    found
}

#[test]
fn the_rooms_of_the_pager_import_neither_its_moves_nor_the_pager_nor_one_another() {
    let rooms = ["frames", "places", "lines", "pressure"];
    for room in rooms {
        let folder = place::root().join("kernel-glue/pager/src").join(room);
        let others = rooms.iter().filter(|other| **other != room);
        let others = others.map(|other| format!("crate::{other}"));
        let forbidden: Vec<_> =
            others.chain(["crate::moves".to_owned(), "crate::Pager".to_owned()]).collect();
        for (path, text) in sources(&folder) {
            // Documentation may name whatever it explains.
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let found: Vec<_> =
                code.filter(|line| forbidden.iter().any(|it| line.contains(it))).collect();
            assert!(found.is_empty(), "{path}: {found:?}");
        }
    }
}

#[test]
fn every_file_that_the_documents_name_from_the_root_is_there() {
    let tops = ["drivers/", "docs/", "kernel-glue/", "tests/", "zram-scheme/"];
    for document in ["ARCHITECTURE.md", "README.md"] {
        let text = fs::read_to_string(place::root().join(document)).expect("it is there");
        // Between backticks; what stands behind the path is a name in the file.
        let names =
            text.split('`').skip(1).step_by(2).filter_map(|code| code.split([':', ' ']).next());
        for name in names.filter(|name| tops.iter().any(|top| name.starts_with(top))) {
            assert!(place::root().join(name).exists(), "{document} names {name}");
        }
    }
}
