//! `help [NAME]`: lists the commands, or shows the list's entry of a command, or the short form of
//! a section of the guide.

use alloc::format;
use alloc::string::String;

use host_core::guide;

use super::Failure;
use crate::output::Output;

/// The guide itself, so that the short forms cannot differ from it.
const GUIDE: &str = include_str!("../../../../../docs/guide.md");

const TEXT: &str = "\
help [NAME]               this list, what it says of a command, or a section of the guide
ls [PATH]                 names at a path: ls zram:  ls zram:0  ls /scheme  ls /bin
cat FILE ...              shows files: cat zram:0/mm_stat
echo [-n] TEXT [> FILE]   shows text or writes it: echo 384M > zram:0/disksize
free [-b|-k|-m|-g|-h]     memory and swap, in KiB or another unit
zramctl [OPTIONS]         devices: lists, makes, configures, resets, watches them
swapon, swapoff           use devices as swap, and no more; alone, swapon lists them
zram-setup [FILE]         makes and mounts the devices of /etc/zram.conf
memhog --size SIZE [--passes N] [--threads N] [--dirty PERCENT]
                          fills memory with real pages and checks every byte
report                    areas, statistics, latencies and the memory budget
pages zram:N              writes and reads a device directly, and checks
bench                     times the parts of a page's journey
attributes, platform      try every attribute; threads, files and processes
events                    tries event queues, and ends the daemon
hostile WHAT              misbehaves in one way; alone, lists them
storm --seconds N --size SIZE
                          adds, mounts and removes devices, CPUs and the daemon at once
kill zramd                ends the daemon without warning
echo zramd > init:start   starts it again once it has ended
sleep MS                  waits
until NAME NUMBER         waits for a line of swap:stat: until pages_out 1000
NAME ... &                runs a program in the background
wait                      waits for those
A ; B                     runs both; ! A must fail (in scripts)
exit [CODE]               powers off
zramctl, swapon, swapoff, zram-setup and free have --help.

help NAME, from docs/guide.md:
";

pub(super) fn run(words: &[&str], output: &mut Output) -> Result<(), Failure> {
    let name = match words {
        [] => {
            output.text(TEXT)?;
            return guide::sections(GUIDE)
                .try_for_each(|(name, title)| output.text(&format!("  {name:10} {title}\n")));
        }
        [name] => name,
        [_, more, ..] => return Err(Failure::unknown(more)),
    };
    let names = || guide::sections(GUIDE).map(|(name, _)| name).collect::<alloc::vec::Vec<_>>();
    let none = || {
        let sections = names().join(", ");
        Failure::words(format!("{name}: no such command or section; sections are {sections}"))
    };
    let short = guide::short(GUIDE, name).or_else(|| guide::entry(TEXT, name));
    let text: String = short.ok_or_else(none)?;
    output.text(&text)
}
