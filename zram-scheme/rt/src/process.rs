//! Processes: starting a program, waiting for its end, ending this one.
//!
//! The creator makes an address space, maps the ELF's segments and a stack there, and gives the new
//! context a copy of its own file table; the program closes what it was not given (`environment`).
//! Each process has a pipe for its exit code: one byte, or the end of the pipe when it was killed.
//! Its maker may also end it, by a [`Killer`]. Relies on `context` for the kernel's side and on `image` for the ELF.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use syscall::flag::{CallFlags, FileTableVerb, O_RDWR};
use syscall::{Error, Result};
use zram_abi::PAGE_SIZE;
use zram_abi::boot::{CODE_LINE, KSTOP, RESET, UPPER, auxv, scheme_id};

use crate::context::{Context, ROOT};
use crate::fd::{self, Fd};
use crate::futex::{self, Mutex};
use crate::image::{self, Space};
use crate::{environment, fs, thread};
use zram_rt_core::again;

/// End of a first thread's stack; below the metadata of the first program, so that one constant
/// serves every address space.
const STACK_END: usize = 0x7fff_0000_0000;

/// Bytes of a first thread's stack.
const STACK_SIZE: usize = 256 * 1024;

/// Priority of a program's first thread; the middle of Redox's 0 to 39.
const PRIORITY: u32 = 20;

/// The verb by which Redox's process manager ends a process; behind it the code.
const PROCESS_EXIT: u64 = 2;

/// Descriptors of input, output and errors come first.
const STANDARD: usize = 3;

/// What a program is told in its auxiliary vector.
type Given = [(usize, Option<usize>); 7];

/// Held from making an exit pipe to closing its writing end here, so that no other child gets a
/// copy of that end, which would hide the first child's death.
static SPAWNING: Mutex<()> = Mutex::new(());

/// A program to start.
#[derive(Debug)]
pub struct Command<'a> {
    path: &'a str,
    arguments: Vec<&'a str>,
    name: Option<&'a str>,
    creation_cap: bool,
    is_protected: bool,
    user: Option<u32>,
    process: Option<usize>,
}

/// A program that was started.
#[derive(Debug)]
pub struct Child {
    exit_pipe: Fd,
    context: Context,
}

/// What ends a program from outside, while somebody else waits for its end.
#[derive(Debug)]
pub struct Killer(Fd);

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(u8),
    /// By the kernel.
    Killed,
}

impl<'a> Command<'a> {
    /// Returns the program at `path`, with its path as the only argument.
    pub fn new(path: &'a str) -> Self {
        let arguments = alloc::vec![path];
        Self {
            path,
            arguments,
            name: None,
            creation_cap: false,
            is_protected: false,
            user: None,
            process: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: &'a str) -> Self {
        self.arguments.push(argument);
        self
    }

    /// Hands the scheme-creation capability on.
    #[must_use]
    pub fn may_create_schemes(mut self) -> Self {
        self.creation_cap = true;
        self
    }

    /// Gives it another name than its file's.
    #[must_use]
    pub fn named(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// Has it protected from being killed for memory, which only the first program may ask for.
    #[must_use]
    pub fn protected(mut self) -> Self {
        self.is_protected = true;
        self
    }

    /// Runs it as another user, for good: it is given neither the root of `proc`, with which a context
    /// says who it is, nor any other file of this program. So it can start neither threads nor programs.
    #[must_use]
    pub fn as_user(mut self, uid: u32) -> Self {
        self.user = Some(uid);
        self
    }

    /// Starts it as Redox's process manager does: it is told of its process, which is `process`, and of nothing
    /// that only programs of this repository tell each other. So its end has no code.
    #[must_use]
    pub fn made_by(mut self, process: &Fd) -> Self {
        self.process = Some(process.raw());
        self
    }

    /// Starts the program.
    ///
    /// # Errors
    ///
    /// ENOENT and others of opening it, ENOEXEC if it is no static ELF for this machine, E2BIG for
    /// arguments over a page, EPERM for protection that is not this program's to give, ENOMEM, EMFILE; ENOSYS
    /// on Redox's own user space, whose process manager makes processes in a way that is not written here.
    pub fn spawn(self) -> Result<Child> {
        if environment::process().is_some() {
            return Err(Error::new(syscall::ENOSYS));
        }
        let file = fs::open(self.path, syscall::O_RDONLY)?;
        let own = Context::current()?;
        let space = Space::new(&own)?;
        let entry = image::load(&file, &space)?;
        drop(file);
        let context = Context::new()?;
        let file_name = self.path.rsplit('/').next().unwrap_or(self.path);
        let name = self.name.unwrap_or(file_name);
        context.set_attributes(name, PRIORITY, self.user.unwrap_or(ROOT))?;
        let _spawning = SPAWNING.lock();
        let Pipe { reader, writer } = Pipe::new()?;
        // The copy comes first: other threads go on opening files, and the child closes what is below
        // the limit that it is told.
        let table = own.dup(b"filetable")?.dup(b"copy")?;
        let given = self.given(&context, &writer);
        let stack = self.fill_stack(&space, &given)?;
        if self.user.is_some() {
            keep_only(&table, &given)?;
        }
        context.set_entry(space.fd(), stack, entry, 0)?;
        context.set_file_table(&table)?;
        if self.is_protected {
            context.protect()?;
        }
        context.start()?;
        Ok(Child { exit_pipe: reader, context })
    }

    /// Lays arguments and auxiliary vector out; returns the stack pointer.
    fn fill_stack(&self, space: &Space, given: &Given) -> Result<usize> {
        space.map_stack(STACK_END, STACK_SIZE)?;
        let mut strings = Vec::new();
        let mut offsets = Vec::new();
        for argument in &self.arguments {
            offsets.push(strings.len());
            strings.extend_from_slice(argument.as_bytes());
            strings.push(0);
        }
        let strings_at = (STACK_END - strings.len()) & !15;
        let mut words = alloc::vec![self.arguments.len()];
        words.extend(offsets.iter().map(|offset| strings_at + offset));
        words.extend([0, 0]);
        for (key, value) in given {
            if let Some(value) = value {
                words.extend([*key, *value]);
            }
        }
        words.extend([auxv::NULL, 0]);
        let words_at = (strings_at - words.len() * size_of::<usize>()) & !15;
        if STACK_END - words_at > PAGE_SIZE {
            return Err(Error::new(syscall::E2BIG));
        }
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        bytes.resize(strings_at - words_at, 0);
        bytes.extend_from_slice(&strings);
        space.fill(words_at, &bytes)?;
        Ok(words_at)
    }

    fn given(&self, context: &Context, exit_pipe: &Fd) -> Given {
        if self.process.is_some() {
            let namespace = environment::namespace();
            let mut given = [(auxv::NULL, None); 7];
            given[0] = (auxv::PROC_FD, self.process);
            given[1] = (auxv::THREAD_FD, Some(context.fd().raw()));
            given[2] = (auxv::NAMESPACE_FD, namespace);
            return given;
        }
        let cap = environment::scheme_creation_cap().filter(|_| self.creation_cap);
        [
            (auxv::PROC_FD, environment::proc_root().filter(|_| self.user.is_none())),
            (auxv::THREAD_FD, Some(context.fd().raw())),
            (auxv::NAMESPACE_FD, environment::namespace()),
            (auxv::SCHEME_CREATION_CAP, cap),
            (auxv::EXIT_PIPE_FD, Some(exit_pipe.raw())),
            (auxv::FD_LIMIT, Some(fd::limit())),
            (auxv::STATUS_LIMIT, Some(thread::status_limit())),
        ]
    }
}

impl Child {
    /// Waits for the program's end.
    pub fn wait(self) -> End {
        let mut code = [0];
        match self.exit_pipe.read(&mut code) {
            Ok(1) => End::Exited(code[0]),
            Ok(_) | Err(_) => End::Killed,
        }
    }

    /// Returns what ends the program without asking it.
    ///
    /// # Errors
    ///
    /// EMFILE.
    pub fn killer(&self) -> Result<Killer> {
        self.context.fd().dup(b"").map(Killer)
    }
}

impl Killer {
    /// Ends the program's threads, wherever they are.
    ///
    /// One after the other, from outside: a kernel such as Redox's, where a crash ends one thread only,
    /// leaves the others of a crashed program for ever. Threads that it makes meanwhile may stay.
    ///
    /// # Errors
    ///
    /// An error of the kernel's if the program has ended; those of starting a thread here.
    pub fn kill(&self) -> Result<()> {
        let table = self.0.dup(b"filetable")?;
        let first = Context::status_of(self.0.raw())?;
        thread::end_those_of(&table)?;
        first.write(&usize::MAX.to_ne_bytes()).map(drop)
    }
}

/// Closes every descriptor of a file table but the standard ones and those that are given. A program
/// closes the others itself, but one that runs as another user is not asked.
fn keep_only(table: &Fd, given: &Given) -> Result<()> {
    let lower = STANDARD..fd::limit();
    let upper = (0..environment::UPPER_MAX).map(|id| UPPER | id);
    for descriptor in lower.chain(upper) {
        let is_given =
            given.iter().any(|(key, value)| *key != auxv::FD_LIMIT && *value == Some(descriptor));
        if !is_given {
            // One that is not open needs no closing.
            match table.call(&mut descriptor.to_ne_bytes(), &[FileTableVerb::Close as u64]) {
                Ok(_) | Err(Error { errno: syscall::EBADF }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// The ends of a pipe.
struct Pipe {
    reader: Fd,
    writer: Fd,
}

impl Pipe {
    fn new() -> Result<Self> {
        let reader = fs::open("/scheme/pipe", O_RDWR)?;
        let writer = reader.dup(b"write")?;
        Ok(Self { reader, writer })
    }
}

/// Whether a thread has begun to end this program.
///
/// Relaxed: only who came first matters, and the kernel orders what the others see of it.
static EXITING: AtomicU32 = AtomicU32::new(0);

/// Ends this program with all its threads.
///
/// The first program's end is the machine's: it powers off with `code`. Of several threads that
/// call it at once the first one's code counts: it ends the others, which else would end it, and
/// nobody would be left to tell the code.
pub fn exit(code: u8) -> ! {
    while EXITING.swap(1, Ordering::Relaxed) != 0 {
        // Without a deadline there is no error; nobody wakes the word.
        let _ = futex::wait(&EXITING, 1, None);
    }
    if let Some(process) = environment::process() {
        leave(process, code);
    }
    let own = thread::end_others();
    let Some(first) = environment::first_context() else { power_off(code) };
    if let Some(pipe) = environment::exit_pipe() {
        // Without a reader there is nobody to tell.
        let _ = fd::write_to(pipe, &[code]);
    }
    if let Some(own) = own {
        if let Ok(status) = Context::status_of(first) {
            // The first thread is the only other one left.
            let _ = status.write(&usize::MAX.to_ne_bytes());
        }
        own.end();
    }
    match Fd::dup_of(first, b"status") {
        Ok(status) => {
            let status = status.into_raw();
            thread::End { status, base: STACK_END - STACK_SIZE, length: STACK_SIZE }.end()
        }
        // Without a handle the kernel's last word is a forbidden instruction.
        Err(_) => crash(),
    }
}

/// Ends this program by way of Redox's process manager, which ends all of its threads.
fn leave(process: usize, code: u8) -> ! {
    // The manager asks for patience while it is at work on another call of this process.
    let mut answer = Err(Error::new(syscall::EAGAIN));
    while answer == Err(Error::new(syscall::EAGAIN)) {
        let words = [PROCESS_EXIT, u64::from(code)];
        answer = again(|| syscall::call_rw(process, &mut [], CallFlags::empty(), &words));
    }
    // It does not answer a program that it ends.
    crash()
}

/// Powers the machine off with `code`; 0 says that all went well.
///
/// A kernel that takes no code, as Redox, resets the machine, and the code is said on the console before.
/// Only the first program can rely on it: others need the right to write `sys:kstop`.
pub fn power_off(code: u8) -> ! {
    let root = UPPER | usize::from(scheme_id::SYS);
    let kstop = match Fd::open_at(root, KSTOP, O_RDWR) {
        Ok(kstop) => Ok(kstop),
        Err(_) => fs::open("/scheme/sys/kstop", O_RDWR),
    };
    if let Ok(kstop) = kstop {
        let taken = kstop.write(alloc::format!("shutdown {code}").as_bytes());
        if taken.is_err() {
            crate::eprintln!("{CODE_LINE}{code}");
        }
        // When this fails, the crash below still ends the first program, and with it the machine.
        let _ = kstop.write(RESET);
    }
    crash()
}

fn crash() -> ! {
    // SAFETY: ud2 has no effect but an exception, which ends the program.
    unsafe { core::arch::asm!("ud2", options(noreturn)) }
}
