//! The pool gives memory back by itself once a program that had pages in it has ended.

use crate::fixture::{Run, SWAP, boot};

/// Returns the pool's bytes and the pages that compaction has given back, of an `mm_stat` that the command
/// printed.
#[track_caller]
fn pool(run: &Run, command: &str) -> (u64, u64) {
    let lines = run.output_of(command);
    let numbers = lines.iter().find(|line| line.split_whitespace().count() == 9);
    let number = |column| numbers?.split_whitespace().nth(column)?.parse().ok();
    let both = number(2).zip(number(6));
    both.unwrap_or_else(|| panic!("{command}: {lines:?}"))
}

#[test]
fn the_pool_of_a_program_that_has_ended_is_within_a_hundredth_of_compacted() {
    // Two programs fill the pool at once, page beside page; the one that ends leaves gaps everywhere, also
    // where a compaction has been that goes on meanwhile. The other one touches nothing until the end. It has
    // most of its memory before the second begins: alone each of them has room, and on a busy host one was
    // over before the other had begun. The daemon rests four times as long as it compacts; there, twelve
    // seconds were too few.
    let most_bytes = 52 << 20;
    let script = format!(
        "{SWAP}memhog --size 80M --until-swapoff &\n\
         until resident_bytes {most_bytes}\n\
         memhog --size 80M --seed 2\n\
         sleep 25000\n\
         cat zram:0/mm_stat\n\
         echo 1 > zram:0/compact\n\
         cat /scheme/zram/0/mm_stat\n\
         swapoff zram:0\n\
         wait\n"
    );
    let run = boot(2, &script).succeeds().says("memhog has ended with code 0");
    let (by_itself, moved) = pool(&run, "cat zram:0/mm_stat");
    let (compacted, _) = pool(&run, "cat /scheme/zram/0/mm_stat");
    println!("pool {by_itself}, compacted {compacted}, {moved} pages given back before");
    assert!(by_itself > 4 << 20, "{by_itself}: there is hardly a pool");
    assert!(moved > 0, "nothing was compacted");
    assert!(by_itself - compacted <= by_itself / 100, "{by_itself}, compacted {compacted}");
}
