use super::{Fields, InUse, OpenError, OpenWord, Release};
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

fn fields() -> impl Strategy<Value = Fields> {
    (any::<bool>(), any::<u16>(), any::<u32>()).prop_map(|(claimed, generation, opens)| Fields {
        claimed,
        generation,
        opens,
    })
}

#[derive(Clone, Debug)]
enum Operation {
    Open(Option<u16>),
    Close,
    Claim,
    Release(Release),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        prop_oneof![Just(None), (0..4_u16).prop_map(Some)].prop_map(Operation::Open),
        Just(Operation::Close),
        Just(Operation::Claim),
        prop_oneof![Just(Release::Unchanged), Just(Release::Emptied)].prop_map(Operation::Release),
    ]
}

use proptest::prelude::Just;

proptest! {
    #[test]
    fn the_fields_survive_the_word(fields in fields()) {
        prop_assert_eq!(Fields::unpack(fields.pack()), fields);
    }

    #[test]
    fn a_device_is_never_open_and_claimed(operations in proptest::collection::vec(operation(), 0..64)) {
        let word = OpenWord::absent();
        let (mut claimed, mut generation, mut opens) = (true, 0_u16, 0_u32);
        for operation in operations {
            match operation {
                Operation::Open(wanted) => {
                    let expected = if claimed {
                        Err(OpenError::Claimed)
                    } else if wanted.is_some_and(|wanted| wanted != generation) {
                        Err(OpenError::OtherGeneration)
                    } else {
                        opens += 1;
                        Ok(())
                    };
                    prop_assert_eq!(word.open(wanted), expected);
                }
                Operation::Close if opens > 0 => {
                    opens -= 1;
                    word.close();
                }
                Operation::Claim => {
                    let expected = if claimed || opens > 0 { Err(InUse) } else { Ok(()) };
                    claimed |= expected.is_ok();
                    prop_assert_eq!(word.claim(), expected);
                }
                Operation::Release(release) if claimed => {
                    claimed = false;
                    generation += u16::from(release == Release::Emptied);
                    word.release(release);
                }
                Operation::Close | Operation::Release(_) => {}
            }
            prop_assert_eq!(word.fields(), Fields { claimed, generation, opens });
            prop_assert!(!claimed || opens == 0);
        }
    }
}

#[test]
fn of_opens_and_a_claim_at_once_only_one_side_wins() {
    for _ in 0..200 {
        let word = OpenWord::absent();
        word.release(Release::Unchanged);
        let (opened, claimed) = std::thread::scope(|scope| {
            let opener = scope.spawn(|| word.open(None).is_ok());
            let claimer = scope.spawn(|| word.claim().is_ok());
            (opener.join().unwrap(), claimer.join().unwrap())
        });
        assert!(opened != claimed, "opened {opened}, claimed {claimed}");
    }
}

#[test]
#[should_panic(expected = "each close has its open")]
fn a_close_without_open_is_a_bug() {
    OpenWord::absent().close();
}
