//! Where lines land, and which anchors are refused.

use super::*;
use crate::hooks;

const TEXT: &str = "\
fn first() {
    work(  1 );
}
fn second() {
    work(1);
    rest();
}
";

/// One section for `second`, of such blocks.
fn list(blocks: &[(&str, &str, &str)]) -> Vec<Hook> {
    let mut list = String::from("## a.rs: fn second\n");
    for (anchor, side, lines) in blocks {
        list.push_str(&format!("```anchor\n{anchor}\n```\n```{side}\n{lines}\n```\n"));
    }
    hooks::parse(&list, "/r").unwrap()
}

fn edited(text: &str, blocks: &[(&str, &str, &str)]) -> Result<String, Vec<Reason>> {
    let hooks = list(blocks);
    let result = with_hooks("a.rs", text, &hooks.iter().collect::<Vec<_>>());
    result.map_err(|refusals| refusals.into_iter().map(|refusal| refusal.reason).collect())
}

#[test]
fn lines_land_behind_their_anchor_with_its_blanks() {
    let text = edited(TEXT, &[("work(1);", "after", "if a {\n    hook();\n}")]).unwrap();
    let put = "    work(1);
    if a { // zram-hook
        hook(); // zram-hook
    } // zram-hook
    rest();
";
    assert!(text.ends_with(&format!("{put}}}\n")), "{text}");
}

#[test]
fn an_anchor_in_another_function_is_not_taken() {
    let text = edited(TEXT, &[("work(1);", "before", "hook();")]).unwrap();
    assert!(text.starts_with("fn first() {\n    work(  1 );\n}\n"), "{text}");
}

#[test]
fn blanks_of_the_anchor_do_not_count() {
    let changed = TEXT.replace("    rest();", "  \trest();  ");
    assert!(edited(&changed, &[("  rest();", "after", "hook();")]).is_ok());
}

#[test]
fn a_replaced_line_is_kept_as_a_comment() {
    let text = edited(TEXT, &[("rest();", "instead", "hook();")]).unwrap();
    assert!(
        text.contains("    // zram-hook was:    rest();\n    hook(); // zram-hook\n"),
        "{text}"
    );
}

#[test]
fn an_anchor_of_two_lines_stands_for_both() {
    let text = edited(TEXT, &[("work(1);\nrest();", "instead", "hook();")]).unwrap();
    assert_eq!(text.matches("zram-hook was:").count(), 2);
}

#[test]
fn whatever_was_put_is_taken_out_byte_for_byte() {
    let blocks = [("work(1);", "instead", "a();"), ("rest();", "after", "b();\n\nc();")];
    let crlf = TEXT.replace('\n', "\r\n");
    for text in [TEXT, &crlf] {
        let edited = edited(text, &blocks).unwrap();
        assert_ne!(edited, text);
        assert_eq!(marks::strip(&edited, Comment::Rust), text);
    }
}

#[test]
fn an_anchor_that_is_not_there_is_refused() {
    let refused = edited(TEXT, &[("other();", "after", "hook();")]);
    assert_eq!(refused, Err(vec![Reason::Anchors { first: "other();".to_owned(), count: 0 }]));
}

#[test]
fn an_anchor_that_is_there_twice_is_refused() {
    let text = TEXT.replace("rest();", "work(1);");
    let refused = edited(&text, &[("work(1);", "after", "hook();")]);
    assert_eq!(refused, Err(vec![Reason::Anchors { first: "work(1);".to_owned(), count: 2 }]));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let refused = edited(TEXT, &[("a", "after", "hook();"), ("b", "after", "hook();")]);
    assert_eq!(refused.map_err(|reasons| reasons.len()), Err(2));
}

#[test]
fn two_hooks_cannot_replace_the_same_line() {
    let blocks = [("work(1);\nrest();", "instead", "a();"), ("rest();", "instead", "b();")];
    let refused = edited(TEXT, &blocks).map_err(|reasons| reasons.len());
    assert_eq!(refused, Err(2));
}

#[test]
fn a_line_cannot_land_among_replaced_ones() {
    let blocks = [("work(1);\nrest();", "instead", "a();"), ("rest();", "before", "b();")];
    assert_eq!(edited(TEXT, &blocks), Err(vec![Reason::Overlaps("rest();".to_owned())]));
}

#[test]
fn hooks_at_one_anchor_keep_the_order_of_the_list() {
    let blocks = [("rest();", "before", "a();"), ("rest();", "before", "b();")];
    let text = edited(TEXT, &blocks).unwrap();
    assert!(text.contains("    a(); // zram-hook\n    b(); // zram-hook\n    rest();\n"), "{text}");
}

#[test]
fn lines_that_make_the_file_no_rust_are_refused() {
    let refused = edited(TEXT, &[("rest();", "after", "hook(;")]);
    assert!(matches!(refused.unwrap_err()[..], [Reason::BreaksRust(_)]));
}

#[test]
fn a_file_whose_last_line_has_no_end_is_refused() {
    let refused = edited(TEXT.trim_end(), &[("rest();", "after", "hook();")]);
    assert_eq!(refused, Err(vec![Reason::NoLineEnd]));
}
