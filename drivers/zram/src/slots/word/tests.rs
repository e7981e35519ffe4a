//! The word agrees with the table in the module's header, both ways.

use super::{
    FILL_MASK, FILL_SHIFT, Fill, IllegalWord, ObjectSize, Priority, SlotState, SlotWord,
    StoredObject,
};
use crate::pool::Handle;
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

fn any_state() -> impl Strategy<Value = SlotState> {
    prop_oneof![
        Just(SlotState::Free),
        any::<u64>().prop_filter_map("not a fill", Fill::new).prop_map(SlotState::SameFilled),
        any_object().prop_map(SlotState::Stored),
    ]
}

proptest! {
    #[test]
    fn every_state_survives_the_word(state in any_state()) {
        prop_assert_eq!(SlotWord::from(state).decode(), Ok(state));
    }

    #[test]
    fn every_word_is_rejected_or_is_the_only_one_of_its_state(word in any::<u64>(), shift in 0..3) {
        // A random word is nearly always same-filled: clear its upper bits in two of three cases.
        let word = word >> (shift * 12);
        match SlotWord(word).decode() {
            Ok(state) => prop_assert_eq!(SlotWord::from(state), SlotWord(word)),
            Err(IllegalWord) => prop_assert!(word >> FILL_SHIFT == 0),
        }
    }
}

#[test]
fn words_that_no_state_has_are_rejected() {
    let stored = SlotWord::from(SlotState::Stored(StoredObject {
        handle: Handle::from_bits(5),
        size: ObjectSize(4096),
        priority: Priority::PRIMARY,
    }));
    let reserved = (46..51).map(|bit| stored.0 | 1 << bit);
    let whole_but_recompressed = (1..4).map(|priority| stored.0 | priority << 44);
    let fields_of_a_free_slot = (0..51).map(|bit| 1_u64 << bit);
    for word in reserved.chain(whole_but_recompressed).chain(fields_of_a_free_slot) {
        assert_eq!(SlotWord(word).decode(), Err(IllegalWord), "{word:#x}");
    }
}

#[test]
fn only_words_with_the_mask_on_top_do_not_fit() {
    assert_eq!(Fill::new(FILL_MASK), None);
    assert_eq!(Fill::new(FILL_MASK | 0x1234), None);
    for byte in 0..=u8::MAX {
        let word = u64::from_ne_bytes([byte; 8]);
        assert_eq!(Fill::new(word).map(Fill::word), Some(word));
    }
}

#[test]
fn sizes_are_one_to_a_page() {
    assert_eq!(ObjectSize::new(0), None);
    assert_eq!(ObjectSize::new(1).map(ObjectSize::bytes), Some(1));
    assert_eq!(ObjectSize::new(4096).map(ObjectSize::is_incompressible), Some(true));
    assert_eq!(ObjectSize::new(4097), None);
}
