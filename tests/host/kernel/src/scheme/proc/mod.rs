//! `proc`: contexts (threads), address spaces and file tables, as on Redox.
//!
//! The root is the authority: from it come new contexts and the current one. From a context come
//! its parts; writing to some of them takes effect when they are closed. Where Redox identifies
//! processes in user space, here the kernel numbers them: a context that enters an address space
//! without threads gets a new pid and gives the process its name. Reading and writing: [`io`].

mod io;

use syscall::error::{EBADF, EINVAL, ENOENT, EOWNERDEAD};

use crate::errno::{SysResult, fail};
use crate::files::Object;
use crate::files::table::FileTable;
use crate::kernel::Kernel;
use crate::slab::Id;
use crate::space::SpaceId;
use crate::thread::table::Entry;
use crate::thread::{Thread, ThreadId};

/// What is open of `proc`.
///
/// A context is counted in `Thread::references`, an address space and a file table in theirs, except
/// where it says otherwise.
#[derive(Clone, Copy)]
pub(crate) enum ProcFile {
    /// The root.
    Authority,
    /// A context: "addrspace", "filetable" and so on come from it.
    Context(ThreadId),
    /// An address space.
    Space(SpaceId),
    /// A file table, not counted: a table may hold this very file.
    TableOf(Id<FileTable>),
    /// A new file table.
    NewTable(Id<FileTable>),
    /// Where a context's next address space is written.
    CurrentSpace(ThreadId),
    /// An address space that the context enters when this is closed.
    AwaitingSpace { thread: ThreadId, space: SpaceId, entry: Entry },
    /// Where a context's next file table is written.
    CurrentTable(ThreadId),
    /// A file table that the context gets when this is closed.
    AwaitingTable { thread: ThreadId, table: Id<FileTable> },
    /// Base of the FS segment.
    Registers(ThreadId),
    /// CPUs that the context may run on.
    Affinity(ThreadId),
    /// A write lets it run.
    Start(ThreadId),
    /// A write by the first program protects its address space from being killed for memory.
    Protection(ThreadId),
    /// A write ends it; reads as what it is doing.
    Status(ThreadId),
    /// Name, priority and credentials.
    Attributes(ThreadId),
}

impl Kernel {
    /// Returns what `word` makes of a file of `proc`, and whether its reads have an offset.
    ///
    /// # Errors
    ///
    /// EINVAL, ENOENT for unknown words, EMFILE; a wait or a kill when memory is missing.
    pub(crate) fn dup_proc(
        &mut self,
        caller: ThreadId,
        file: ProcFile,
        word: &[u8],
    ) -> SysResult<Object> {
        let Ok(word) = core::str::from_utf8(word) else { return fail(EINVAL) };
        let made = match (file, word) {
            (ProcFile::Authority, "new-context") => self.new_context(caller)?,
            (ProcFile::Authority, "cur-context") => ProcFile::Context(caller),
            (ProcFile::Authority, _) => return fail(ENOENT),
            (ProcFile::Context(thread), _) => self.part_of_context(caller, thread, word)?,
            (ProcFile::Space(space), "empty") => {
                let owner = self.spaces[space].owner();
                return Ok(Object::Proc(ProcFile::Space(self.new_space(owner)?)));
            }
            (ProcFile::Space(space), "exclusive") => {
                return Ok(Object::Proc(ProcFile::Space(self.fork_space(space)?)));
            }
            (ProcFile::TableOf(table) | ProcFile::NewTable(table), "copy") => {
                if self.tables.get(table).is_none() {
                    return fail(EOWNERDEAD);
                }
                ProcFile::NewTable(self.copy_table(table)?)
            }
            (ProcFile::TableOf(_) | ProcFile::NewTable(_), "empty") => {
                ProcFile::NewTable(self.add_table()?)
            }
            _ => return fail(EINVAL),
        };
        self.count_proc(made);
        Ok(Object::Proc(made))
    }

    fn new_context(&mut self, caller: ThreadId) -> SysResult<ProcFile> {
        let identity = self.threads[caller].identity();
        let thread = Thread::new(identity, self.cpus.possible(), self.here);
        Ok(ProcFile::Context(self.add_thread(thread)?))
    }

    fn part_of_context(
        &mut self,
        caller: ThreadId,
        thread: ThreadId,
        word: &str,
    ) -> SysResult<ProcFile> {
        let found = &self.threads[thread];
        Ok(match word {
            "addrspace" => match found.space() {
                Some(space) => ProcFile::Space(space),
                None => return fail(ENOENT),
            },
            "filetable" => match found.table() {
                Some(table) => ProcFile::TableOf(table),
                None => return fail(ENOENT),
            },
            "current-addrspace" => ProcFile::CurrentSpace(thread),
            "current-filetable" => ProcFile::CurrentTable(thread),
            "regs/env" => ProcFile::Registers(thread),
            "sched-affinity" => ProcFile::Affinity(thread),
            "start" => ProcFile::Start(thread),
            "protection" => ProcFile::Protection(thread),
            "status" => ProcFile::Status(thread),
            _ => return self.authorised_part(caller, thread, word),
        })
    }

    /// Opens "auth-FD-attrs" or "auth-FD-status", where FD must be the caller's authority.
    fn authorised_part(
        &self,
        caller: ThreadId,
        thread: ThreadId,
        word: &str,
    ) -> SysResult<ProcFile> {
        let parts = word.strip_prefix("auth-").and_then(|rest| rest.split_once('-'));
        let Some((descriptor, part)) = parts else { return fail(EINVAL) };
        let Ok(descriptor) = descriptor.parse() else { return fail(ENOENT) };
        let authority = self.description(caller, descriptor)?;
        match *self.descriptions[authority].object() {
            Object::Proc(ProcFile::Authority) => {}
            Object::Proc(_) => return fail(ENOENT),
            _ => return fail(EBADF),
        }
        match part {
            "attrs" => Ok(ProcFile::Attributes(thread)),
            "status" => Ok(ProcFile::Status(thread)),
            _ => fail(ENOENT),
        }
    }

    /// Counts what a new file names.
    fn count_proc(&mut self, file: ProcFile) {
        match file {
            ProcFile::Authority | ProcFile::TableOf(_) => {}
            ProcFile::Context(thread)
            | ProcFile::CurrentSpace(thread)
            | ProcFile::CurrentTable(thread)
            | ProcFile::Registers(thread)
            | ProcFile::Affinity(thread)
            | ProcFile::Start(thread)
            | ProcFile::Protection(thread)
            | ProcFile::Status(thread)
            | ProcFile::Attributes(thread) => self.retain_thread(thread),
            ProcFile::AwaitingSpace { thread, space, .. } => {
                self.retain_thread(thread);
                self.retain_space(space);
            }
            ProcFile::AwaitingTable { thread, table } => {
                self.retain_thread(thread);
                self.retain_table(table);
            }
            ProcFile::Space(space) => self.retain_space(space),
            ProcFile::NewTable(table) => self.retain_table(table),
        }
    }

    /// Closes a file of `proc`; what waited for that takes effect.
    pub(crate) fn close_proc(&mut self, file: ProcFile) {
        match file {
            ProcFile::Authority | ProcFile::TableOf(_) => {}
            ProcFile::Context(thread)
            | ProcFile::CurrentSpace(thread)
            | ProcFile::CurrentTable(thread)
            | ProcFile::Registers(thread)
            | ProcFile::Affinity(thread)
            | ProcFile::Start(thread)
            | ProcFile::Protection(thread)
            | ProcFile::Status(thread)
            | ProcFile::Attributes(thread) => self.release_thread(thread),
            ProcFile::AwaitingSpace { thread, space, entry } => {
                self.enter_space(thread, space, entry);
                self.release_space(space);
                self.release_thread(thread);
            }
            ProcFile::AwaitingTable { thread, table } => {
                self.take_table(thread, table);
                self.release_table(table);
                self.release_thread(thread);
            }
            ProcFile::Space(space) => self.release_space(space),
            ProcFile::NewTable(table) => self.release_table(table),
        }
    }

    /// Puts a context into an address space; one that another CPU runs stays where it is.
    pub(crate) fn enter_space(&mut self, thread: ThreadId, space: SpaceId, entry: Entry) {
        if !self.is_at_rest(thread) {
            return;
        }
        if self.spaces[space].threads() == 0 {
            let pid = self.spaces.new_pid();
            let owner = self.threads[thread].identity().with_pid(pid);
            self.set_owner(space, owner);
        }
        self.join_space(space);
        let pid = self.spaces[space].owner().pid;
        if let Some(old) = self.move_thread(thread, space, pid, entry) {
            self.leave_space(old);
        }
    }

    /// Gives a context a file table; one that another CPU runs keeps its own.
    pub(crate) fn take_table(&mut self, thread: ThreadId, table: Id<FileTable>) {
        if !self.is_at_rest(thread) {
            return;
        }
        self.retain_table(table);
        if let Some(old) = self.exchange_table(thread, table) {
            self.release_table(old);
        }
    }

    /// Returns which file of `proc` a descriptor leads to.
    ///
    /// # Errors
    ///
    /// EBADF if it leads elsewhere.
    pub(crate) fn proc_file(&self, caller: ThreadId, descriptor: usize) -> SysResult<ProcFile> {
        let description = self.description(caller, descriptor)?;
        match *self.descriptions[description].object() {
            Object::Proc(file) => Ok(file),
            _ => fail(EBADF),
        }
    }
}
