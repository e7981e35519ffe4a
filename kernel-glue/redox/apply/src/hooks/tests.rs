//! What the list may contain, and the error for anything else.

use super::*;

const LIST: &str = "\
# Hooks

Words.

## src/a.rs: fn work

Why.

```anchor
let x = 1;
```

```after
    hook(\"$ZRAM/b\");
```
";

fn refused(list: &str) -> usize {
    match parse(list, "/r").map_err(|refusal| refusal.reason) {
        Err(Reason::List { line, .. }) => line,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_section_names_file_place_anchor_and_lines() {
    let edit = Edit {
        anchor: vec!["let x = 1;".to_owned()],
        side: Side::After,
        lines: vec!["    hook(\"/r/b\");".to_owned()],
    };
    let place = Place::Function("work".to_owned());
    let hook = Hook { file: "src/a.rs".to_owned(), place, edits: vec![edit] };
    assert_eq!(parse(LIST, "/r"), Ok(vec![hook]));
}

#[test]
fn every_kind_of_place_is_read_as_it_is_written() {
    for words in ["(file)", "fn a", "impl A::b", "[dependencies]"] {
        assert_eq!(place(words).map(|place| place.to_string()).as_deref(), Some(words));
    }
}

#[test]
fn a_heading_that_is_not_understood_is_refused_with_its_line() {
    assert_eq!(refused("\n## src/a.rs\n"), 2);
    assert_eq!(refused("## src/a.rs: struct A\n"), 1);
}

#[test]
fn a_path_out_of_the_tree_is_refused() {
    assert_eq!(refused("## ../a.rs: (file)\n"), 1);
    assert_eq!(refused("## /a.rs: (file)\n"), 1);
}

#[test]
fn a_block_of_another_kind_is_refused() {
    assert_eq!(refused("## a.rs: (file)\n```rust\nx\n```\n"), 2);
}

#[test]
fn a_block_above_all_headings_is_refused() {
    assert_eq!(refused("```anchor\nx\n```\n"), 1);
}

#[test]
fn an_anchor_without_lines_to_put_is_refused() {
    assert_eq!(refused("## a.rs: (file)\n```anchor\nx\n```\n"), 4);
    assert_eq!(refused("## a.rs: (file)\n```anchor\nx\n```\n## b.rs: (file)\n"), 5);
}

#[test]
fn lines_to_put_without_an_anchor_are_refused() {
    assert_eq!(refused("## a.rs: (file)\n```after\nx\n```\n"), 2);
}

#[test]
fn a_section_without_lines_to_put_is_refused() {
    assert_eq!(refused("## a.rs: (file)\n\nWhy.\n"), 3);
}

#[test]
fn a_block_without_an_end_is_refused() {
    assert_eq!(refused("## a.rs: (file)\n```anchor\nx\n"), 2);
}

#[test]
fn a_repository_whose_path_would_end_a_string_is_refused() {
    let refusal = parse(LIST, "/a\"b").map_err(|refusal| refusal.reason);
    assert_eq!(refusal, Err(Reason::Repository));
}
