//! The tools on a real system: files and calls are as their host tests assume.

use qemu::image::USUAL_CONFIGURATION;

use crate::fixture::{boot, boot_configured, type_at_prompt};

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

#[test]
fn a_device_is_made_listed_resized_forgotten_and_watched_by_zramctl() {
    let script = "\
zramctl --find --size 64M -a lz4 -p level=2
zramctl -f
! zramctl -s 5x zram:1
";
    let script = script.to_owned()
        + "zramctl -s 1M zram:1\n\
           pages zram:0\n\
           zramctl discard zram:0\n\
           zramctl --resize 128M zram:0\n\
           zramctl --bytes -n -o NAME,DISKSIZE,DATA zram:0\n\
           zramctl\n\
           zramctl --json -b -o NAME zram:1\n\
           ! zramctl discard zram:0 1 2\n\
           ! zramctl zram:7\n\
           zramctl top -b -n 2 -d 0.1\n\
           zramctl -r zram:0 zram:1\n";
    let run = boot(2, &script)
        .succeeds()
        .prints("zramctl --find --size 64M -a lz4 -p level=2", "zram:0")
        .prints("zramctl -f", "zram:1")
        .says("zramctl: zram:1: disksize 5x: ")
        .prints("zramctl --bytes -n -o NAME,DISKSIZE,DATA zram:0", "zram:0 134217728 0")
        .prints("zramctl --json -b -o NAME zram:1", "         \"name\": \"zram:1\"")
        .prints("! zramctl zram:7", "zramctl: zram:7: no such device");
    let list = run.output_of("zramctl");
    assert!(list.iter().any(|row| row.starts_with("total ")), "{list:?}");
    let frames = run.output_of("zramctl top -b -n 2 -d 0.1");
    let count = frames.iter().filter(|row| row.starts_with("pages a second  out 0")).count();
    assert_eq!(count, 2, "{frames:?}");
}

#[test]
fn the_screen_of_top_follows_keys_and_q_ends_it() {
    let keys = "zramctl top -d 0.2\rspq\x15echo it has ended\rexit 9\r";
    let run = type_at_prompt(1, keys).fails();
    assert_eq!(run.lines_with("it has ended").len(), 1);
    assert_eq!(run.guest_code(), Some(9));
}

#[test]
fn the_usual_image_swaps_after_its_start_without_a_command() {
    let script = "\
swapon --noheadings --show=NAME,PRIO,STATE
swapoff -a
swapon -av
memhog --size 124M
swapon --bytes
";
    let run = boot_configured(USUAL_CONFIGURATION, 2, script).succeeds();
    let run = run.prints("swapon --noheadings --show=NAME,PRIO,STATE", "zram:0 100 active");
    let areas = run.output_of("swapon --bytes");
    let size = |row: &&str| row.split_whitespace().nth(2)?.parse::<u64>().ok();
    let size = areas.iter().find_map(size).expect("a size");
    // 128 MiB without what the kernel keeps, two and a half times.
    assert!(size > 270 << 20 && size <= 320 << 20, "{size}");
}

#[test]
fn a_boot_configuration_with_a_mistake_is_told_by_line_and_column_and_nothing_of_it_is_used() {
    let conf = "[zram:0]\ndisksize = 64M\nswap-priority = 1\n[zram:1]\ndisksize = 64Q\n";
    let run = boot_configured(conf, 1, "ls zram:\nswapon --noheadings\n").succeeds();
    let run =
        run.says("zram-setup: /etc/zram.conf:5:12: hot_add: ").says("; nothing of it is in use");
    assert_eq!(run.output_of("ls zram:"), ["control"]);
    assert_eq!(run.output_of("swapon --noheadings"), Vec::<&str>::new());
    let conf = "[zram:0]\ndisksize = 64M\nnosuch = 1\n";
    let run = boot_configured(conf, 1, "ls zram:\n").succeeds();
    let run = run.says("zram-setup: /etc/zram.conf:3:1: nosuch: no such key; there are ");
    assert_eq!(run.says("init: /etc/zram.conf is not in use").output_of("ls zram:"), ["control"]);
}
