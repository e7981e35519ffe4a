//! `help`: lists what there is.

use super::Failure;
use crate::output::Output;

const TEXT: &str = "\
help                      this list
ls [PATH]                 names at a path: ls zram:  ls zram:0  ls /scheme  ls /bin
cat FILE ...              shows files: cat zram:0/mm_stat
echo [-n] TEXT [> FILE]   shows text or writes it: echo 384M > zram:0/disksize
free [-b|-k|-m|-g|-h]     memory and swap, in KiB or another unit
zramctl [-p LIST zram:N]  lists the devices; or sets parameters: -p level=8 zram:0
swapon [-p N] zram:N      uses a device as swap; alone, lists the areas
swapoff zram:N            brings its pages back and stops using it
memhog --size SIZE [--passes N] [--threads N] [--dirty PERCENT]
                          fills memory with real pages and checks every byte
report                    areas, statistics, latencies and the memory budget
pages zram:N              writes and reads a device directly, and checks
bench                     times the parts of a page's journey
attributes                tries good and bad writes of every attribute
platform                  checks threads, files and processes from inside
hostile WHAT              misbehaves in one way; alone, lists them
storm --seconds N --size SIZE
                          adds, mounts and removes devices, CPUs and the daemon at once
kill zramd                ends the daemon without warning
echo zramd > init:start   starts it again once it has ended
sleep MS                  waits
until NAME NUMBER         waits for a line of swap:stat: until pages_out 1000
NAME ... &                runs a program in the background
wait                      waits for those
exit [CODE]               powers off

A new device and swap on it:
  echo > zram:control/hot_add
  echo 384M > zram:0/disksize
  swapon zram:0
";

pub(super) fn run(_: &[&str], output: &mut Output) -> Result<(), Failure> {
    output.text(TEXT)
}
