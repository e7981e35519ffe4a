//! One life of the daemon: memory is filled and checked over `zram:0`, then it is asked to end.

use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;

use syscall::flag::{O_RDONLY, O_RDWR};
use zram_abi::verb::{SWAPOFF, SWAPON};
use zram_rt::errno::Error;
use zram_rt::futex::Mutex;
use zram_rt::process::{Command, End};
use zram_rt::{fs, println, thread, time};

use crate::finding::{Finding, Storm, retry};

/// The device that memhog's pages go to.
const DEVICE: &str = "zram:0";
const NUMBER: u64 = 0;

const EXIT: &str = "zram:control/exit";

/// Between two tries to end the daemon while it is used.
const ASK_NS: u64 = 20_000_000;

/// Starts the daemon and waits until its files are there.
pub(crate) fn start() -> Result<(), Finding> {
    let started = retry("start", &[syscall::EBUSY], || fs::write("/scheme/init/start", b"zramd"))?;
    started.map_err(|error| Finding::of("start", error))?;
    let absent = [syscall::ENOENT, syscall::ENODEV];
    let opened = retry("open", &absent, || fs::open("zram:control/last_added", O_RDONLY))?;
    opened.map(drop).map_err(|error| Finding::of("open", error))
}

/// Mounts the device and runs memhog on it, while the daemon is asked to end in vain.
pub(crate) fn serve(storm: &Storm, size_bytes: u64, seed: u64) -> Result<(), Finding> {
    mount()?;
    let (size, seed) = (size_bytes.to_string(), seed.to_string());
    let arguments = ["--size", &size, "--threads", "2", "--seed", &seed];
    let command = arguments.into_iter().fold(Command::new("/bin/memhog"), Command::argument);
    let memhog = command.spawn().map_err(|error| Finding::of("memhog", error))?;
    let end = Arc::new(Mutex::new(None));
    let its_end = Arc::clone(&end);
    let waiter = thread::Builder::new("memhog").spawn(move || {
        let how = memhog.wait();
        *its_end.lock() = Some(how);
    });
    let waiter = waiter.map_err(|error| Finding::of("start a thread", error))?;
    loop {
        let ended = *end.lock();
        match ended {
            Some(End::Exited(0)) => break,
            Some(End::Exited(code)) => {
                return Err(Finding::new(format!("memhog ended with code {code}")));
            }
            Some(End::Killed) => return Err(Finding::new("memhog was killed".to_string())),
            None => refuse_exit(storm)?,
        }
        time::sleep_ns(ASK_NS);
    }
    waiter.join();
    unmount()
}

fn refuse_exit(storm: &Storm) -> Result<(), Finding> {
    match fs::write(EXIT, b"1\n") {
        Err(Error { errno: syscall::EBUSY }) => {
            storm.exits_refused.add_one();
            Ok(())
        }
        // Other requests wait already.
        Err(Error { errno: syscall::EAGAIN }) => Ok(()),
        Err(error) => Err(Finding::of("exit while a device is mounted", error)),
        Ok(()) => Err(Finding::new("the daemon ends while a device is mounted".to_string())),
    }
}

fn mount() -> Result<(), Finding> {
    let step = |step| move |error| Finding::of(step, error);
    let add = b"id=0 disksize=512M\n";
    fs::write("zram:control/hot_add", add).map_err(step("hot_add of zram:0"))?;
    let control = fs::open("/scheme/swap/control", O_RDONLY).map_err(step("open swap:control"))?;
    let mounted = retry("swapon of zram:0", &[syscall::EBUSY, syscall::ENOMEM], || {
        control.call_with_fd(fs::open(DEVICE, O_RDWR)?, &[SWAPON, 0])
    })?;
    mounted.map(drop).map_err(step("swapon of zram:0"))
}

fn unmount() -> Result<(), Finding> {
    let step = |error| Finding::of("swapoff of zram:0", error);
    let control = fs::open("/scheme/swap/control", O_RDONLY).map_err(step)?;
    let unmounted = retry("swapoff of zram:0", &[syscall::EBUSY, syscall::ENOMEM], || {
        control.call(&mut [], &[SWAPOFF, NUMBER])
    })?;
    unmounted.map_err(step)?;
    println!("storm: zram:0 is unmounted");
    Ok(())
}

/// Asks the daemon to end until no client has a device open, and waits until it has.
pub(crate) fn end(storm: &Storm) -> Result<(), Finding> {
    let accepted = retry("exit", &[syscall::EBUSY, syscall::EAGAIN], || {
        fs::write(EXIT, b"1\n").inspect_err(|_| storm.exits_refused.add_one())
    })?;
    accepted.map_err(|error| Finding::of("exit", error))?;
    storm.exits_accepted.add_one();
    wait_for_its_end()
}

/// Waits until the daemon's name is gone, and so the daemon, its last words said.
fn wait_for_its_end() -> Result<(), Finding> {
    let gone = retry("end", &[syscall::EBUSY], || {
        let names = fs::list("/scheme")?;
        let is_there = names.iter().any(|name| name == "zram");
        // It ends, and answers nobody.
        if is_there { Err(Error::new(syscall::EBUSY)) } else { Ok(()) }
    })?;
    gone.map_err(|error| Finding::of("end", error))
}
