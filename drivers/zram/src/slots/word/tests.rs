//! The word agrees with the table in the module's header, both ways.

use super::{
    FILL_MASK, Fill, IllegalWord, KIND_SHIFT, ObjectSize, Priority, SlotState, SlotWord,
    StoredObject,
};
use crate::pool::Handle;
use crate::slots::Age;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

fn any_object() -> impl Strategy<Value = StoredObject> {
    let compressed = (1_u16..4096, 0_u8..4);
    let whole = Just((4096_u16, 0_u8));
    (any::<u32>(), prop_oneof![compressed, whole]).prop_map(|(handle, (size, priority))| {
        StoredObject {
            handle: Handle::from_bits(handle),
            size: ObjectSize(size),
            priority: Priority(priority),
        }
    })
}

/// Words of all kinds that fit, and hence some of each way to keep one.
fn any_fill() -> impl Strategy<Value = Fill> {
    let shapes = (any::<u64>(), 0_u32..5).prop_map(|(bits, shape)| match shape {
        0 => bits >> 17,
        1 => (bits >> 17) | !0 << 47,
        2 => (bits >> 32) << 32 | bits >> 32,
        3 => bits << 17,
        // The top bits are not 10.
        _ => bits & (bits << 1 | !0 >> 1),
    });
    shapes.prop_map(|word| Fill::new(word).expect("it fits"))
}

fn any_state() -> impl Strategy<Value = SlotState> {
    prop_oneof![
        any_fill().prop_map(SlotState::SameFilled),
        any_object().prop_map(SlotState::Stored)
    ]
}

fn any_age() -> impl Strategy<Value = Age> {
    any::<u64>().prop_map(Age::from_bits)
}

proptest! {
    #[test]
    fn every_repeated_word_is_refused_or_comes_back(bits in any::<u64>(), zeros in 0_u32..60) {
        let word = bits << zeros;
        if let Some(fill) = Fill::new(word) {
            let back = SlotWord::new(SlotState::SameFilled(fill), Age::from_bits(bits)).decode();
            prop_assert_eq!((fill.word(), back), (word, Ok(SlotState::SameFilled(fill))));
        }
    }

    #[test]
    fn every_state_and_age_survive_the_word(state in any_state(), age in any_age()) {
        let word = SlotWord::new(state, age);
        prop_assert_eq!(word.decode(), Ok(state));
        prop_assert!(word.age() == Some(age) || word.age().is_none() && word.0 >> KIND_SHIFT > 3);
    }

    #[test]
    fn every_word_is_rejected_or_is_the_only_one_of_its_state_and_age(word in any::<u64>(), kind in 0_u64..6) {
        // Words of each kind that has an age, half of them without flags, and any others.
        let flags = word >> 63 << 46 | word >> 63 << 47;
        let of_kind = word & !(15 << KIND_SHIFT) & !flags | kind << KIND_SHIFT;
        let word = SlotWord(if kind < 4 { of_kind } else { word });
        if let Ok(state) = word.decode() {
            prop_assert_eq!(SlotWord::new(state, word.age().unwrap_or_default()), word);
        }
    }

    #[test]
    fn another_age_changes_nothing_else(state in any_state(), ages in (any_age(), any_age())) {
        let word = SlotWord::new(state, ages.0);
        prop_assert_eq!(word.aged(ages.1), SlotWord::new(state, ages.1));
        prop_assert!(word.has_content_of(word.aged(ages.1)));
    }

    #[test]
    fn words_of_two_states_differ_in_their_content(one in any_state(), other in any_state(), age in any_age()) {
        let words = [one, other].map(|state| SlotWord::new(state, age));
        prop_assert_eq!(words[0].has_content_of(words[1]), one == other);
    }
}

#[test]
fn a_free_slot_is_all_zeros_and_gets_no_age() {
    let age = Age::from_bits(77);
    assert_eq!(SlotWord::new(SlotState::Free, age), SlotWord(0));
    assert_eq!(SlotWord::FREE.aged(age), SlotWord(0));
    assert_eq!(SlotWord::FREE.decode(), Ok(SlotState::Free));
}

#[test]
fn words_that_no_state_has_are_rejected() {
    let whole = StoredObject {
        handle: Handle::from_bits(5),
        size: ObjectSize(4096),
        priority: Priority::PRIMARY,
    };
    let stored = SlotWord::new(SlotState::Stored(whole), Age::default());
    let reserved = (46..48).map(|bit| stored.0 | 1 << bit);
    let whole_but_recompressed = (1..4).map(|priority| stored.0 | priority << 44);
    let free_with_anything_else = (0..KIND_SHIFT).map(|bit| 1_u64 << bit);
    // A pattern of 32 bits has 15 bits of nothing, and what fits in an earlier way takes that.
    let unused_of_a_pattern = (32..47).map(|bit| 3 << KIND_SHIFT | 1 << bit | 0x1234_5678);
    let in_another_way = [
        3 << KIND_SHIFT,
        3 << KIND_SHIFT | 1 << 47 | 5,
        1 ^ FILL_MASK,
        0x4141_4141_4141_4141 ^ FILL_MASK,
        1.5_f64.to_bits() ^ FILL_MASK,
    ];
    for word in reserved
        .chain(whole_but_recompressed)
        .chain(free_with_anything_else)
        .chain(unused_of_a_pattern)
        .chain(in_another_way)
    {
        assert_eq!(SlotWord(word).decode(), Err(IllegalWord), "{word:#x}");
    }
}

#[test]
fn numbers_addresses_patterns_and_short_fractions_fit_beside_an_age() {
    let bytes = (0..=u8::MAX).map(|byte| u64::from_ne_bytes([byte; 8]));
    let addresses = [0x7fff_ffff_f000, 0xffff_8000_0000_0000, 0xffff_ffff_8010_0000];
    let numbers = [0, 1, u64::MAX, u64::from(u32::MAX), i64::from(i32::MIN).cast_unsigned()];
    let fractions = [1.0_f64, -2.0, 0.5, 100.0, 1e6].map(f64::to_bits);
    let halves = [0x3f80_0000_3f80_0000, 0x0001_0001_0001_0001];
    for word in bytes.chain(addresses).chain(numbers).chain(fractions).chain(halves) {
        let fill = Fill::new(word).expect("a usual word");
        assert_eq!(fill.word(), word);
        let age = Age::from_bits(77);
        assert_eq!(SlotWord::new(SlotState::SameFilled(fill), age).age(), Some(age), "{word:#x}");
    }
}

#[test]
fn an_unusual_word_fits_without_an_age_unless_its_top_bits_are_10() {
    for word in [0x0123_4567_89ab_cdef, 0.1_f64.to_bits(), 0xdead_beef_cafe_babe] {
        let fill = Fill::new(word).expect("the top bits are others");
        assert_eq!(fill.word(), word);
        let word = SlotWord::new(SlotState::SameFilled(fill), Age::from_bits(77));
        assert_eq!((word.age(), word.decode()), (None, Ok(SlotState::SameFilled(fill))));
    }
    for top in 0x8..=0xb_u64 {
        assert_eq!(Fill::new(top << 60 | 0x0bcd_ef01_2345_6789), None, "{top:#x}");
    }
}

#[test]
fn sizes_are_one_to_a_page() {
    assert_eq!(ObjectSize::new(0), None);
    assert_eq!(ObjectSize::new(1).map(ObjectSize::bytes), Some(1));
    assert_eq!(ObjectSize::new(4096).map(ObjectSize::is_incompressible), Some(true));
    assert_eq!(ObjectSize::new(4097), None);
}
