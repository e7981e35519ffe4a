//! The client of the scheme that [`super::served`] serves: the results of calls on this side.

use alloc::format;
use alloc::string::String;
use alloc::vec;

use syscall::{O_RDONLY, O_RDWR};
use zram_rt::errno::Result;
use zram_rt::memory::Mapping;
use zram_rt::{Fd, fs, println};

use crate::served::NAME;
use crate::{done, number};

const PAGE: usize = 4096;

/// Makes every request once; the last is an open of `end`.
pub(crate) fn run() -> u8 {
    let ended = ask();
    // Whatever went wrong, the server is to hear the end.
    let end = open("end", O_RDONLY).map(drop);
    told("the end", done(end));
    u8::from(ended.is_err())
}

fn told(fact: &str, answer: String) {
    println!("abi: client: {fact} = {answer}");
}

fn open(path: &str, flags: usize) -> Result<Fd> {
    fs::open(&format!("/scheme/{NAME}/{path}"), flags)
}

fn ask() -> Result<()> {
    told("an open that is refused", done(open("refused", O_RDWR)));
    told("an open of the root itself", done(open("", O_RDONLY)));
    let file = open("a/b", O_RDWR)?;
    reads_and_writes(&file);
    whole_pages(&file)?;
    others(&file);
    let clone = file.dup(b"");
    told("a clone of a file", done(clone.map(drop)));
    told("a file made of a file", done(file.dup(b"part").map(drop)));
    drop(file);
    let plain = open("plain", O_RDWR)?;
    told("a read of a file without a position", number(plain.read(&mut [0; 4])));
    told("a read at an offset of it", number(plain.read_at(&mut [0; 4], 77)));
    told("a write of it", number(plain.write(b"12")));
    drop(plain);
    descriptors()
}

fn reads_and_writes(file: &Fd) {
    let mut bytes = [0; 10];
    told("a read", number(file.read(&mut bytes)));
    told("its first bytes", format!("{:?}", &bytes[..4]));
    told("the next read", number(file.read(&mut [0; 32])));
    told("a read at an offset", number(file.read_at(&mut [0; 5], 1000)));
    told("a read at the position, after that", number(file.read(&mut [0; 3])));
    told("a read of nothing", number(file.read(&mut [])));
    told("a write", number(file.write(b"abcd")));
    told("a write of which a third is taken", number(file.write(&[1; 9])));
    told("a write at an offset", number(file.write_at(b"ab", 5000)));
    told("a write of nothing", number(file.write(&[])));
}

/// Buffers of whole pages, which are lent, and such that begin or end within one.
fn whole_pages(file: &Fd) -> Result<()> {
    let mut memory = Mapping::anonymous(64 * PAGE)?;
    for pages in [1, 2, 16, 32] {
        let lent = &memory.bytes()[..pages * PAGE];
        told(&format!("a write of {pages} whole pages"), number(file.write_at(lent, 0)));
    }
    let within = &memory.bytes()[100..100 + 3 * PAGE];
    told("a write of three pages that begin within one", number(file.write_at(within, 0)));
    let cut = &memory.bytes()[..2 * PAGE + 10];
    told("a write of two pages and ten bytes", number(file.write_at(cut, 0)));
    told("a write of 64 whole pages", number(open("many", O_RDWR)?.write_at(memory.bytes(), 0)));
    let target = &mut memory.bytes_mut()[PAGE..2 * PAGE];
    told("a read of a whole page", number(file.read_at(target, 0)));
    told("its bytes", format!("{:?}", &target[..4]));
    told("what is behind them", format!("{:?}", &target[16..20]));
    let target = &mut memory.bytes_mut()[PAGE - 8..PAGE + 8];
    told("a read into two pages", number(file.read_at(target, 0)));
    told("its bytes of the second page", format!("{:?}", &target[8..12]));
    Ok(())
}

fn others(file: &Fd) {
    let mut payload = vec![0; 16];
    told("a call", number(file.call(&mut payload, &[0, 0, 8])));
    told("its payload", format!("{:?}", String::from_utf8_lossy(&payload[..8])));
    told("a call that is refused", number(file.call(&mut payload, &[16, 2])));
    told("a call without a payload", number(file.call(&mut [], &[0])));
    told("a call with three words", number(file.call(&mut payload, &[0, 2, 3])));
    told("a size", done(file.size()));
    told("totals", done(file.totals().map(drop)));
}

/// Descriptors that go to the scheme and come from it.
fn descriptors() -> Result<()> {
    let file = open("takes", O_RDWR)?;
    let sent = Fd::dup_of(1, b"")?;
    told("a call with a descriptor", number(file.call_with_fd(sent, &[5])));
    told("an open that is answered with a pipe", {
        number(open("pipe", O_RDWR).and_then(|pipe| {
            let writer = pipe.dup(b"write")?;
            writer.write(b"abc")?;
            pipe.read(&mut [0; 8])
        }))
    });
    Ok(())
}
