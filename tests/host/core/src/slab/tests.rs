//! Slabs: ids name one object for ever.

use super::{Full, Slab};

#[test]
fn an_id_never_names_the_next_object_in_its_place() {
    let mut slab = Slab::new(1);
    let first = slab.insert("first").unwrap();
    assert_eq!(slab.remove(first), Some("first"));
    let second = slab.insert("second").unwrap();
    assert_ne!(second, first);
    assert_eq!(slab.get(first), None);
    assert_eq!(slab.remove(first), None);
    assert_eq!(slab.get(second), Some(&"second"));
}

#[test]
fn a_full_table_takes_nothing_until_something_goes() {
    let mut slab = Slab::new(2);
    let first = slab.insert(1).unwrap();
    slab.insert(2).unwrap();
    assert_eq!(slab.insert(3), Err(Full));
    assert_eq!(slab.count(), 2);
    slab.remove(first);
    assert!(slab.insert(3).is_ok());
}

#[test]
fn a_tag_finds_its_object_and_no_later_one() {
    let mut slab = Slab::new(4);
    let first = slab.insert('a').unwrap();
    let other = slab.insert('b').unwrap();
    assert_eq!(slab.find_tag(other.tag()), Some(other));
    slab.remove(first);
    let second = slab.insert('c').unwrap();
    assert_eq!(slab.find_tag(first.tag()), None);
    assert_eq!(slab.find_tag(second.tag()), Some(second));
    assert_eq!(slab.find_tag(u32::MAX), None);
}
