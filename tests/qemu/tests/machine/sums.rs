//! Statistics that add up, whenever a person reads them.

use crate::fixture::{Run, SWAP, area_line, boot};

/// Asserts that used and free are the total, in each line that `free` printed with this name.
#[track_caller]
fn add_up(run: &Run, name: &str, count: usize) {
    let lines = run.lines_with(name);
    assert_eq!(lines.len(), count, "{lines:?}");
    for line in lines {
        let numbers = line.split_whitespace().skip(1).map(str::parse);
        let numbers: Vec<u64> = numbers.collect::<Result<_, _>>().expect("numbers");
        let [total, used, free] = numbers[..] else { panic!("{line}") };
        // Ten digits are more than any machine of ours has of bytes.
        assert!(used + free == total && total < 10_000_000_000, "{line}");
    }
}

#[test]
fn used_and_free_are_the_total_under_pressure_and_through_the_daemons_death() {
    let look = "free -b\n".repeat(10);
    let script = format!(
        "{SWAP}memhog --size 150M --passes 3 --threads 2 &\n\
         until pages_out 2000\n\
         {look}wait\n\
         memhog --size 80M --until-swapoff &\n\
         until resident_bytes {full}\n\
         memhog --size 56M\n\
         swapoff zram:0 &\n\
         {look}wait\n\
         swapon zram:0\n\
         memhog --size 150M --passes 100 &\n\
         until pages_in 4000\n\
         kill zramd\n\
         {look}! wait\n\
         sleep 1000\n\
         echo zramd > init:start\n\
         {look}",
        full = 80 << 20
    );
    let run = boot(2, &script).succeeds();
    add_up(&run, "Mem:", 40);
    add_up(&run, "Swap:", 40);
}

#[test]
fn what_an_area_has_in_use_is_what_its_device_holds_once_nothing_is_in_flight() {
    let script = format!(
        "{SWAP}memhog --size 80M --until-swapoff &\n\
         until resident_bytes {full}\n\
         memhog --size 56M\n\
         sleep 3000\n\
         swapon --bytes --noheadings\n\
         zramctl --bytes --noheadings -o DATA\n\
         swapoff zram:0\n\
         wait\n\
         sleep 1000\n\
         cat zram:0/io_stat\n\
         report --figures\n\
         zramctl --noheadings --bytes -o DATA,TOTAL,COMP-RATIO zram:0\n",
        full = 80 << 20
    );
    let run = boot(2, &script).succeeds();
    let used = area_line(&run, "swapon --bytes --noheadings")[3].clone();
    let data = run.output_of("zramctl --bytes --noheadings -o DATA");
    assert!(data.iter().any(|line| line.trim() == used), "{used} in use, and the device {data:?}");
    let left = run.output_of("zramctl --noheadings --bytes -o DATA,TOTAL,COMP-RATIO zram:0");
    assert!(left.iter().any(|line| line.trim().starts_with("0 ")), "{left:?}");
}

#[test]
fn a_device_that_holds_nothing_has_no_ratio_and_breaks_no_table() {
    let script =
        format!("{SWAP}report\nzramctl --output-all\nzramctl top -b -n 2 -d 0.1\nfree -h\n");
    let run = boot(1, &script).succeeds();
    for word in ["NaN", "inf"] {
        assert!(!run.log().contains(&format!(" {word}")), "{word} in\n{}", run.log());
    }
}
