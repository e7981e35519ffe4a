//! `HOOKS.md` and the binding name the same functions.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn name(rest: &str) -> String {
    rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// What the hook lines call.
fn named() -> BTreeSet<String> {
    text("HOOKS.md").split("crate::swap::").skip(1).map(name).collect()
}

/// What the binding's module makes public: its functions, and what it hands on.
fn public() -> BTreeSet<String> {
    let module = text("binding/mod.rs");
    let functions = module.lines().filter_map(|line| line.strip_prefix("pub fn ")).map(name);
    let handed_on = module.lines().filter_map(|line| line.strip_prefix("pub use "));
    let lists = handed_on.filter_map(|line| line.split_once('{')?.1.split_once('}'));
    let lists = lists.flat_map(|(list, _)| list.split(',').map(|word| word.trim().to_owned()));
    functions.chain(lists).collect()
}

#[test]
fn every_public_function_of_the_binding_is_called_by_a_hook_line() {
    let named = named();
    let unused: Vec<_> = public().into_iter().filter(|name| !named.contains(name)).collect();
    assert!(unused.is_empty(), "public, and no hook line has it: {unused:?}");
}

#[test]
fn every_hook_line_calls_what_is_public() {
    let public = public();
    let missing: Vec<_> = named().into_iter().filter(|name| !public.contains(name)).collect();
    assert!(missing.is_empty(), "named by hook lines, and not public: {missing:?}");
}

#[test]
fn there_are_hook_lines() {
    assert!(named().len() > 10);
}

#[test]
fn a_killed_context_ends_only_where_the_stack_above_it_owns_nothing() {
    let module = text("binding/mod.rs");
    let ends = |part: &&str| part.contains("exit_this_context");
    let ending: Vec<_> = module.split("pub fn ").filter(ends).map(name).collect();
    assert_eq!(ending, ["end_if_killed"]);
    let hooks = text("HOOKS.md");
    let callers = hooks.split("\n## ").filter(|hook| hook.contains("crate::swap::end_if_killed"));
    let callers: Vec<_> = callers.filter_map(|hook| hook.lines().next()).collect();
    assert_eq!(callers, ["src/memory/mod.rs: fn page_fault_handler"]);
}
