//! Where a function of a file is, by its name.
//!
//! Lines move from commit to commit, names seldom do. An anchor counts only within the place that
//! its hook names, so the same line in another function does not match.

use std::ops::Range;

use crate::hooks::Place;
use crate::refusal::Reason;

/// A function of a file.
struct Found {
    owner: Option<String>,
    name: String,
    lines: Range<usize>,
}

/// Lines from that of the word `fn` to that of the closing brace, from 0.
fn extent(signature: &syn::Signature, block: &syn::Block) -> Range<usize> {
    let first = signature.fn_token.span.start().line;
    let last = block.brace_token.span.close().end().line;
    first - 1..last
}

fn owner(item: &syn::ItemImpl) -> Option<String> {
    match &*item.self_ty {
        syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}

fn collect(items: &[syn::Item], found: &mut Vec<Found>) {
    for item in items {
        match item {
            syn::Item::Fn(function) => found.push(Found {
                owner: None,
                name: function.sig.ident.to_string(),
                lines: extent(&function.sig, &function.block),
            }),
            syn::Item::Impl(item) => found.extend(item.items.iter().filter_map(|inner| {
                let syn::ImplItem::Fn(function) = inner else { return None };
                let name = function.sig.ident.to_string();
                let lines = extent(&function.sig, &function.block);
                Some(Found { owner: Some(owner(item)?), name, lines })
            })),
            syn::Item::Trait(item) => found.extend(item.items.iter().filter_map(|inner| {
                let syn::TraitItem::Fn(function) = inner else { return None };
                let lines = extent(&function.sig, function.default.as_ref()?);
                let owner = Some(item.ident.to_string());
                Some(Found { owner, name: function.sig.ident.to_string(), lines })
            })),
            syn::Item::Mod(module) => {
                if let Some((_, inner)) = &module.content {
                    collect(inner, found);
                }
            }
            // Nothing else has functions that a hook could name.
            _ => {}
        }
    }
}

/// Reads a text as Rust.
///
/// # Errors
///
/// Where it is not, in words.
pub fn read(text: &str) -> Result<syn::File, String> {
    syn::parse_file(text).map_err(|error| format!("line {}: {error}", error.span().start().line))
}

fn table(text: &str, name: &str) -> Vec<Range<usize>> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let header = format!("[{name}]");
    let starts = (0..lines.len()).filter(|index| lines[*index] == header);
    let end = |start: usize| {
        let next = lines[start + 1..].iter().position(|line| line.starts_with('['));
        next.map_or(lines.len(), |count| start + 1 + count)
    };
    starts.map(|start| start..end(start)).collect()
}

/// Returns what of `lines` lies in none of the functions.
fn outside(count: usize, functions: &[Found]) -> Vec<Range<usize>> {
    let mut inside = vec![false; count];
    for function in functions {
        inside[function.lines.clone()].fill(true);
    }
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for index in (0..count).filter(|index| !inside[*index]) {
        match ranges.last_mut() {
            Some(last) if last.end == index => last.end += 1,
            _ => ranges.push(index..index + 1),
        }
    }
    ranges
}

/// Returns the lines of a place, from 0: one range, or for [`Place::File`] those between its functions.
///
/// # Errors
///
/// [`Reason::NotRust`], or [`Reason::Functions`] where there is not exactly one of the name.
pub fn lines_of(text: &str, place: &Place) -> Result<Vec<Range<usize>>, Reason> {
    if let Place::Table(name) = place {
        let found = table(text, name);
        return if found.len() == 1 { Ok(found) } else { Err(Reason::Functions(found.len())) };
    }
    let file = read(text).map_err(Reason::NotRust)?;
    let mut functions = Vec::new();
    collect(&file.items, &mut functions);
    let (owner, name) = match place {
        Place::Function(name) => (None, name),
        Place::Method { owner, name } => (Some(owner), name),
        Place::File | Place::Table(_) => return Ok(outside(text.lines().count(), &functions)),
    };
    let wanted = functions.iter().filter(|it| it.owner.as_ref() == owner && it.name == *name);
    let found: Vec<_> = wanted.map(|function| function.lines.clone()).collect();
    if found.len() == 1 { Ok(found) } else { Err(Reason::Functions(found.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
struct A<T>(T);
impl<T> A<T> {
    fn make() {
        let text = \"} fn make() {\"; // }
    }
}
impl Drop for A<u8> {
    fn drop(&mut self) {}
}
fn make() {
    /* { */
}
";

    fn only(range: Range<usize>) -> Result<Vec<Range<usize>>, Reason> {
        Ok(std::iter::once(range).collect())
    }

    fn method(owner: &str, name: &str) -> Place {
        Place::Method { owner: owner.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn braces_in_strings_and_comments_do_not_end_a_function() {
        assert_eq!(lines_of(TEXT, &method("A", "make")), only(2..5));
        assert_eq!(lines_of(TEXT, &Place::Function("make".to_owned())), only(9..12));
    }

    #[test]
    fn a_function_of_a_trait_belongs_to_the_type() {
        assert_eq!(lines_of(TEXT, &method("A", "drop")), only(7..8));
    }

    #[test]
    fn what_is_in_no_function_is_the_file() {
        assert_eq!(lines_of(TEXT, &Place::File), Ok(vec![0..2, 5..7, 8..9]));
    }

    #[test]
    fn a_name_that_is_not_there_or_there_twice_is_refused() {
        let nothing = Place::Function("other".to_owned());
        assert_eq!(lines_of(TEXT, &nothing), Err(Reason::Functions(0)));
        let twice = "#[cfg(a)]\nfn a() {}\n#[cfg(b)]\nfn a() {}\n";
        let place = Place::Function("a".to_owned());
        assert_eq!(lines_of(twice, &place), Err(Reason::Functions(2)));
    }

    #[test]
    fn a_table_of_a_manifest_ends_at_the_next() {
        let text = "[package]\na = 1\n[dependencies]\nb = 2\n\n[dependencies.c]\nd = 3\n";
        assert_eq!(lines_of(text, &Place::Table("dependencies".to_owned())), only(2..5));
    }

    #[test]
    fn a_file_that_is_not_rust_says_at_which_line() {
        let refused = lines_of("fn a() {\n", &Place::File);
        assert!(matches!(refused, Err(Reason::NotRust(words)) if words.starts_with("line ")));
    }
}
