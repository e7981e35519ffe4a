//! The tools on a real system: that files and calls are those that their host tests assume.

use crate::fixture::boot;

#[test]
fn areas_are_mounted_listed_and_unmounted_as_people_type_it() {
    let script = "\
echo id=0 disksize=32M > zram:control/hot_add
echo id=1 disksize=8K > zram:control/hot_add
! swapon zram0
! swapon -p 32768 zram:0
! swapon zram:7
swapon zram:0 -p5
swapon -v zram:1
! swapon zram:0
swapon
! swapoff zram:7
! swapoff zram:65536
swapoff -av
! swapoff zram:0
swapon --noheadings
";
    let run = boot(2, script)
        .succeeds()
        .prints("! swapon zram0", "swapon: zram0: no device is called so; the name here is zram:0")
        .says("swapon: priority 32768: it is 0 to 32767")
        .prints("! swapon zram:7", "swapon: zram:7: no such device")
        .prints("swapon -v zram:1", "swapon zram:1: 8 KiB, priority -1")
        .says("swapon: zram:1: mounted, but 8192 bytes are room for 2 pages only")
        .prints("! swapon zram:0", "swapon: zram:0: it is already mounted as swap")
        .prints("swapon", "zram:0 partition  32M   0B    5 active")
        .prints("swapon", "zram:1 partition   8K   0B   -1 active")
        .prints("! swapoff zram:7", "swapoff: zram:7: no such device")
        .says("swapoff: zram:65536: no such device; the numbers end at 65535")
        .prints("swapoff -av", "swapoff zram:1")
        .prints("! swapoff zram:0", "swapoff: zram:0: it is not mounted as swap");
    assert_eq!(run.output_of("swapon --noheadings"), Vec::<&str>::new());
}
