//! The shell and the programs it runs: what they say of themselves is right.

use crate::fixture::boot;

#[test]
fn the_code_of_the_shell_is_told_as_it_is() {
    for code in [16, 126, 127, 200, 255] {
        let run = boot(1, &format!("exit {code}\n")).fails();
        assert_eq!(run.guest_code(), Some(code));
    }
}

#[test]
fn progress_of_memhog_counts_from_its_own_start() {
    let script =
        format!("{}memhog --size 150M\nmemhog --size 150M --seed 2\n", crate::fixture::SWAP);
    let run = boot(2, &script).succeeds();
    let of_second = run.output_of("memhog --size 150M --seed 2");
    let pages_out =
        |line: &&str| line.split_once(" %, pages out ")?.1.split(' ').next()?.parse().ok();
    let shown: Vec<u64> = of_second.iter().filter_map(pages_out).collect();
    let all = run.figure("pages_out");
    assert!(!shown.is_empty(), "no progress was shown");
    assert!(shown.iter().all(|shown| *shown <= all), "{shown:?} of {all}");
}
