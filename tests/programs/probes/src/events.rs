//! `events`: checks the kernel's event queues over files of `zram:`, from inside the machine.
//!
//! Each check is a function named after the fact that it proves, and prints a line; the exit code
//! is 1 if one fails. It makes and removes device 9, and ends the daemon at last. With an argument
//! it is its own child, which leaves a queue open.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use host_core::order::Random;
use syscall::flag::{EventFlags, O_NONBLOCK, O_RDONLY, O_RDWR};
use syscall::{EAGAIN, EBADF, EINVAL, EMFILE, ENODEV, EOPNOTSUPP, Event};
use zram_abi::PAGE_SIZE;
use zram_rt::errno::{Error, InWords};
use zram_rt::events::Queue;
use zram_rt::memory::Mapping;
use zram_rt::process::{Command, End};
use zram_rt::thread::Builder;
use zram_rt::{Fd, fs, println, time};

zram_rt::entry!(main);

type Check = (&'static str, fn() -> Result<(), String>);

const CHECKS: &[Check] = &[
    ("a size and a reset are told, once each", size_and_reset_are_told),
    ("the watermark is told when the pool comes to it", watermark_is_told),
    ("devices that come and go are told", devices_are_told),
    ("who waits is woken", waiter_is_woken),
    ("a file that is closed is told of no more", closed_file_is_silent),
    ("what cannot be watched is refused", odd_watches_are_refused),
    ("watches have a most", watches_are_bounded),
    ("queues have a most, and end with their program", queues_are_bounded),
    ("who watches a file of a daemon that dies is told", death_is_told),
];

/// Most watches of a queue, and most queues: the kernel's own limits.
const WATCHES_MAX: usize = host_core::limits::WATCHES_MAX;
const QUEUES_MAX: usize = host_core::limits::EVENT_QUEUES_MAX;

/// Long enough for a thread to come to its wait.
const WAITING_NS: u64 = 50_000_000;

/// So often is looked, [`WAITING_NS`] apart, whether a program has ended whose exit code has come.
const ENDING_TRIES: usize = 100;

const SCHEME: &str = "/scheme/event";

fn main() -> u8 {
    if zram_rt::args().nth(1).is_some() {
        return u8::from(Queue::open().map(core::mem::forget).is_err());
    }
    let mut wrong = 0_u8;
    for (fact, check) in CHECKS {
        match check() {
            Ok(()) => println!("ok    {fact}"),
            Err(why) => {
                println!("WRONG {fact}: {why}");
                wrong += 1;
            }
        }
    }
    println!("events: {wrong} wrong");
    u8::from(wrong != 0)
}

fn told(what: &str) -> impl Fn(Error) -> String {
    move |error| format!("{what}: {}", InWords(error))
}

fn ensure(holds: bool, why: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why.to_string()) }
}

fn write(path: &str, text: &str) -> Result<(), String> {
    fs::write(path, text.as_bytes()).map_err(told(path))
}

/// A queue that does not wait, so that it can say that there is nothing.
struct Looker(Fd);

impl Looker {
    fn open() -> Result<Self, String> {
        fs::open(SCHEME, O_RDWR | O_NONBLOCK).map(Self).map_err(told("a queue"))
    }

    fn watch(&self, file: &Fd, data: usize) -> Result<(), Error> {
        let event = Event { id: file.raw(), flags: EventFlags::EVENT_READ, data };
        self.0.write(&event).map(drop)
    }

    /// Returns the words of all news that there are.
    fn news(&self) -> Result<Vec<usize>, String> {
        let mut words = Vec::new();
        loop {
            let mut event = Event::default();
            match self.0.read(&mut event) {
                Ok(_) if event.flags == EventFlags::EVENT_READ => words.push(event.data),
                Ok(_) => return Err(format!("flags {:?}", event.flags)),
                Err(error) if error.errno == EAGAIN => return Ok(words),
                Err(error) => return Err(told("the news")(error)),
            }
        }
    }

    fn expect(&self, words: &[usize], when: &str) -> Result<(), String> {
        let found = self.news()?;
        if found == words { Ok(()) } else { Err(format!("{when}: {found:?} instead of {words:?}")) }
    }
}

/// Makes device 9 with these keys, and opens one of its files.
fn device(keys: &str, file: &str) -> Result<Fd, String> {
    write("zram:control/hot_add", &format!("id=9 {keys}"))?;
    fs::open(&format!("zram:9/{file}"), O_RDONLY).map_err(told(file))
}

fn remove() -> Result<(), String> {
    write("zram:control/hot_remove", "9")
}

fn size_and_reset_are_told() -> Result<(), String> {
    let file = device("", "disksize")?;
    let queue = Looker::open()?;
    queue.watch(&file, 7).map_err(told("watch"))?;
    queue.expect(&[], "nothing is new yet")?;
    write("zram:9/disksize", "64K")?;
    write("zram:9/resize", "128K")?;
    queue.expect(&[7], "two changes that nobody took")?;
    write("zram:9/mem_limit", "64M")?;
    queue.expect(&[], "a limit is no state")?;
    write("zram:9/reset", "1")?;
    queue.expect(&[7], "a reset")?;
    remove()?;
    queue.expect(&[7], "the end of the device")
}

fn watermark_is_told() -> Result<(), String> {
    let file = device("disksize=1M mem_watermark=8K", "mm_stat")?;
    let queue = Looker::open()?;
    queue.watch(&file, 8).map_err(told("watch"))?;
    let device = fs::open("zram:9", O_RDWR).map_err(told("open"))?;
    let mut page = Mapping::anonymous(PAGE_SIZE).map_err(told("map"))?;
    let mut words = Vec::new();
    for slot in 0..4 {
        noise(slot, page.bytes_mut());
        device.write_at(page.bytes(), slot * PAGE_SIZE as u64).map_err(told("write"))?;
        words.push(queue.news()?.len());
    }
    ensure(words == [0, 1, 0, 0], &format!("{words:?} news, a page of noise each"))?;
    drop(device);
    remove()
}

/// Fills a page with bytes that do not compress.
fn noise(seed: u64, page: &mut [u8]) {
    let mut random = Random::new(seed);
    page.fill_with(|| random.next() as u8);
}

fn devices_are_told() -> Result<(), String> {
    let root = fs::open("/scheme/zram", O_RDONLY).map_err(told("open"))?;
    let queue = Looker::open()?;
    queue.watch(&root, 9).map_err(told("watch"))?;
    write("zram:control/hot_add", "id=9")?;
    queue.expect(&[9], "a new device")?;
    remove()?;
    queue.expect(&[9], "one that goes")
}

fn waiter_is_woken() -> Result<(), String> {
    let file = device("", "disksize")?;
    let queue = Queue::open().map_err(told("a queue"))?;
    queue.watch(&file, 5).map_err(told("watch"))?;
    let writer = Builder::new("writer").spawn(|| {
        // So that the other thread waits by then, nearly always; it holds either way.
        time::sleep_ns(WAITING_NS);
        // Were it refused, nothing would be told, and the harness would end the run.
        let _ = fs::write("zram:9/disksize", b"64K");
    });
    let word = queue.next().map_err(told("the news"))?;
    writer.map_err(told("a thread"))?.join();
    ensure(word == 5, "another word")?;
    remove()
}

fn closed_file_is_silent() -> Result<(), String> {
    let file = device("", "disksize")?;
    let kept = fs::open("zram:9/disksize", O_RDONLY).map_err(told("open"))?;
    let queue = Looker::open()?;
    queue.watch(&file, 1).map_err(told("watch"))?;
    queue.watch(&kept, 2).map_err(told("watch"))?;
    drop(file);
    write("zram:9/disksize", "64K")?;
    queue.expect(&[2], "one of two is closed")?;
    remove()
}

fn odd_watches_are_refused() -> Result<(), String> {
    let queue = Looker::open()?;
    let errno = |result: Result<(), Error>| result.err().map(|error| error.errno);
    let pipe = fs::open("/scheme/pipe", O_RDWR).map_err(told("pipe"))?;
    ensure(errno(queue.watch(&pipe, 0)) == Some(EOPNOTSUPP), "a pipe was watched")?;
    let closed = Event { id: 999, flags: EventFlags::EVENT_READ, data: 0 };
    ensure(errno(queue.0.write(&closed).map(drop)) == Some(EBADF), "no descriptor")?;
    ensure(errno(queue.0.write(&closed[..23]).map(drop)) == Some(EINVAL), "a part of a record")?;
    ensure(errno(queue.0.read(&mut [0; 23]).map(drop)) == Some(EINVAL), "a small buffer")?;
    // A file of init, which knows no events.
    let other = fs::open("/bin/sh", O_RDONLY).map_err(told("open"))?;
    ensure(errno(queue.watch(&other, 0)) == Some(EOPNOTSUPP), "init told events")?;
    queue.expect(&[], "none of them was watched")
}

fn watches_are_bounded() -> Result<(), String> {
    let file = device("", "disksize")?;
    let queue = Looker::open()?;
    for word in 0..WATCHES_MAX {
        queue.watch(&file, word).map_err(told("watch"))?;
    }
    let more = queue.watch(&file, WATCHES_MAX);
    ensure(more == Err(Error::new(EMFILE)), "one watch more was taken")?;
    write("zram:9/disksize", "64K")?;
    queue.expect(&(0..WATCHES_MAX).collect::<Vec<_>>(), "each watch has its news")?;
    remove()
}

fn queues_are_bounded() -> Result<(), String> {
    for _ in 0..2 * QUEUES_MAX {
        let child = Command::new("/bin/events").argument("child").spawn();
        let end = child.map_err(told("a child"))?.wait();
        ensure(end == End::Exited(0), "a child got no queue")?;
    }
    // A child's exit code comes before its end, so the queue of the last one may be there for a moment.
    let mut count = all_queues();
    for _ in 0..ENDING_TRIES {
        if count >= QUEUES_MAX {
            break;
        }
        time::sleep_ns(WAITING_NS);
        count = all_queues();
    }
    ensure(count == QUEUES_MAX, &format!("{count} queues"))?;
    Queue::open().map(drop).map_err(told("another queue"))
}

/// Opens as many queues as there can be, closes them, and returns how many that were.
fn all_queues() -> usize {
    let queues: Vec<_> = core::iter::from_fn(|| Queue::open().ok()).take(1000).collect();
    queues.len()
}

fn death_is_told() -> Result<(), String> {
    let file = device("", "disksize")?;
    let queue = Queue::open().map_err(told("a queue"))?;
    queue.watch(&file, 3).map_err(told("watch"))?;
    write("init:kill", "zramd")?;
    let word = queue.next().map_err(told("the news"))?;
    ensure(word == 3, "another word")?;
    let read = file.read_at(&mut [0; 16], 0);
    ensure(read == Err(Error::new(ENODEV)), "the file can be read")
}
