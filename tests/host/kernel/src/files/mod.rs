//! Open descriptions: what a descriptor leads to, with its offset and flags.
//!
//! A description names one [`Object`], whose variant says what is open and owns the state for it.
//! Descriptions are counted: one reference for each descriptor in a table, and for each message or
//! area that holds one. The last [`Kernel::release`] closes the object; nothing is closed anywhere
//! else.

pub(crate) mod descriptions;
pub(crate) mod table;

use table::FileTable;

use crate::cpus;
use syscall::error::EOWNERDEAD;

use crate::errno::{Errno, SysResult, fail};
use crate::events::QueueId;
use crate::kernel::Kernel;
use crate::scheme::pipe::{End, Pipe};
use crate::scheme::proc::ProcFile;
use crate::scheme::sys::Text;
use crate::scheme::user::UserScheme;
use crate::slab::Id;
use crate::swap;
use crate::thread::ThreadId;

/// An open description.
pub(crate) struct Description {
    /// What is open.
    object: Object,
    /// Where the next plain read or write goes; counts only if `is_positioned`.
    offset: u64,
    /// The kernel keeps the offset.
    is_positioned: bool,
    /// `O_*` flags.
    flags: usize,
    references: u32,
}

impl Description {
    /// Returns what is open.
    pub(crate) fn object(&self) -> &Object {
        &self.object
    }

    /// Returns where the next plain read or write goes, which counts only if it is positioned.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns whether the kernel keeps the offset.
    pub(crate) fn is_positioned(&self) -> bool {
        self.is_positioned
    }

    /// Returns its `O_*` flags.
    pub(crate) fn flags(&self) -> usize {
        self.flags
    }
}

/// What a description is made of.
pub(crate) struct Opened {
    /// What is open.
    pub(crate) object: Object,
    /// Where the first plain read or write goes, if the kernel keeps the offset.
    pub(crate) offset: Option<u64>,
    /// `O_*` flags.
    pub(crate) flags: usize,
}

impl Opened {
    /// Something whose offset the kernel does not keep.
    pub(crate) const fn without_offset(object: Object, flags: usize) -> Self {
        Self { object, offset: None, flags }
    }
}

/// What is open.
pub(crate) enum Object {
    /// `debug`: the console, and its root.
    Console,
    /// `memory`: statistics, and its root.
    Memory,
    /// `time`: this clock.
    Clock(usize),
    /// `time`: the root.
    TimeRoot,
    /// `event`: the root.
    EventRoot,
    /// `event`: a queue.
    Events(QueueId),
    /// `pipe`: the root.
    PipeRoot,
    /// `pipe`: one end.
    Pipe(Id<Pipe>, End),
    /// `sys`: the root.
    SysRoot,
    /// `sys`: a text made at opening.
    SysText(Text),
    /// `sys:kstop`.
    PowerSwitch,
    /// `proc`: everything there.
    Proc(ProcFile),
    /// The right to create schemes.
    SchemeCreation,
    /// A user scheme's own end.
    Socket(Id<UserScheme>),
    /// A file of a user scheme, by the scheme's own number.
    User { scheme: Id<UserScheme>, number: u64 },
    /// `swap`: a file of the pager.
    Swap(swap::File),
    /// `cpu`: a file of CPU hotplug.
    Cpus(cpus::File),
}

impl Kernel {
    /// Makes a description of what was opened, with one reference.
    ///
    /// # Errors
    ///
    /// EMFILE when there are too many; the object is closed.
    pub(crate) fn describe(&mut self, opened: Opened) -> Result<Id<Description>, Errno> {
        let Opened { object, offset, flags } = opened;
        if self.descriptions.count() >= crate::limits::DESCRIPTIONS_MAX {
            self.close_object(object);
            return Err(Errno(syscall::error::EMFILE));
        }
        let is_positioned = offset.is_some();
        let offset = offset.unwrap_or(0);
        let description = Description { object, offset, is_positioned, flags, references: 1 };
        Ok(self.descriptions.table.insert(description)?)
    }

    /// Adds a reference.
    pub(crate) fn retain(&mut self, description: Id<Description>) {
        self.descriptions.table[description].references += 1;
    }

    /// Returns whether there is exactly one reference.
    pub(crate) fn is_sole(&self, description: Id<Description>) -> bool {
        self.descriptions[description].references == 1
    }

    /// Takes a reference away; the last one closes what is open.
    pub(crate) fn release(&mut self, description: Id<Description>) {
        let found = &mut self.descriptions.table[description];
        found.references -= 1;
        if found.references == 0 {
            let closed = self.descriptions.table.remove(description).expect("it was just found");
            self.close_object(closed.object);
        }
    }

    /// Closes what a description that is gone had open.
    fn close_object(&mut self, object: Object) {
        match object {
            Object::Console
            | Object::Memory
            | Object::Clock(_)
            | Object::TimeRoot
            | Object::EventRoot
            | Object::PipeRoot
            | Object::SysRoot
            | Object::PowerSwitch
            | Object::SchemeCreation => {}
            Object::SysText(text) => self.close_text(&text),
            Object::Events(queue) => self.close_event_queue(queue),
            Object::Pipe(pipe, end) => self.close_pipe(pipe, end),
            Object::Proc(file) => self.close_proc(file),
            Object::Socket(scheme) => self.close_socket(scheme),
            Object::User { scheme, number } => self.close_user_file(scheme, number),
            Object::Swap(file) => swap::scheme_close(self, file),
            Object::Cpus(file) => cpus::scheme_close(self, file),
        }
    }

    /// Returns what a descriptor of this thread leads to.
    ///
    /// # Errors
    ///
    /// EBADF if it means nothing.
    pub(crate) fn description(
        &self,
        thread: ThreadId,
        descriptor: usize,
    ) -> SysResult<Id<Description>> {
        Ok(self.table_of(thread).get(descriptor)?)
    }

    /// Returns the file table of a thread that runs.
    pub(crate) fn table_of(&self, thread: ThreadId) -> &FileTable {
        let table = self.threads[thread].table().expect("a thread that runs has a file table");
        &self.tables[table]
    }

    /// Returns the file table of a thread that runs.
    fn table_of_mut(&mut self, thread: ThreadId) -> &mut FileTable {
        let table = self.threads[thread].table().expect("a thread that runs has a file table");
        &mut self.tables.all[table]
    }

    /// Takes what a descriptor of this thread means away, with its reference.
    ///
    /// # Errors
    ///
    /// EBADF if it means nothing.
    pub(crate) fn take_descriptor(
        &mut self,
        thread: ThreadId,
        descriptor: usize,
    ) -> Result<Id<Description>, Errno> {
        self.table_of_mut(thread).remove(descriptor)
    }

    /// Gives what was opened to a thread, as `descriptor`.
    ///
    /// # Errors
    ///
    /// EEXIST, EMFILE; the object is closed again.
    pub(crate) fn open_as(
        &mut self,
        thread: ThreadId,
        descriptor: usize,
        opened: Opened,
    ) -> SysResult {
        let description = self.describe(opened)?;
        self.install(thread, descriptor, description)
    }

    /// Gives a reference to a description to a thread, as `descriptor`.
    ///
    /// # Errors
    ///
    /// EEXIST, EMFILE; the reference is released.
    pub(crate) fn install(
        &mut self,
        thread: ThreadId,
        descriptor: usize,
        description: Id<Description>,
    ) -> SysResult {
        match self.table_of_mut(thread).insert(descriptor, description) {
            Ok(()) => Ok(descriptor),
            Err(errno) => {
                self.release(description);
                Err(errno.into())
            }
        }
    }

    /// Gives a reference to a description to a thread, as `descriptor`, closing what that was.
    ///
    /// # Errors
    ///
    /// EMFILE; the reference is released.
    pub(crate) fn replace(
        &mut self,
        thread: ThreadId,
        descriptor: usize,
        description: Id<Description>,
    ) -> SysResult {
        if let Ok(old) = self.take_descriptor(thread, descriptor) {
            self.release(old);
        }
        self.install(thread, descriptor, description)
    }

    /// Returns a new table with another reference to everything in `table`; the new one has no references yet.
    ///
    /// # Errors
    ///
    /// EMFILE when there are too many tables.
    pub(crate) fn copy_table(&mut self, table: Id<FileTable>) -> Result<Id<FileTable>, Errno> {
        let copy = self.add_table()?;
        for (descriptor, description) in self.tables[table].all() {
            self.retain(description);
            let inserted = self.tables.all[copy].insert(descriptor, description);
            inserted.expect("a descriptor of one table fits into an empty one");
        }
        Ok(copy)
    }

    /// Returns a new empty table; it has no references yet.
    ///
    /// # Errors
    ///
    /// EMFILE when there are too many tables.
    pub(crate) fn add_table(&mut self) -> Result<Id<FileTable>, Errno> {
        Ok(self.tables.all.insert(FileTable::default())?)
    }

    /// Adds a reference to a table.
    pub(crate) fn retain_table(&mut self, table: Id<FileTable>) {
        self.tables.all[table].references += 1;
    }

    /// Closes a descriptor of a table.
    ///
    /// # Errors
    ///
    /// EOWNERDEAD if the table is gone, EBADF if the descriptor means nothing.
    pub(crate) fn close_in_table(
        &mut self,
        table: Id<FileTable>,
        descriptor: usize,
    ) -> Result<(), Errno> {
        let found = self.tables.all.get_mut(table).ok_or(Errno(EOWNERDEAD))?;
        let description = found.remove(descriptor)?;
        self.release(description);
        Ok(())
    }

    /// Puts a description into a file table as `descriptor`, closing what that was.
    ///
    /// # Errors
    ///
    /// EOWNERDEAD, EMFILE; the reference is released.
    pub(crate) fn place_in_table(
        &mut self,
        table: Id<FileTable>,
        descriptor: usize,
        description: Id<Description>,
    ) -> SysResult {
        let Some(found) = self.tables.all.get_mut(table) else {
            self.release(description);
            return fail(EOWNERDEAD);
        };
        let old = found.remove(descriptor).ok();
        let inserted = found.insert(descriptor, description);
        if let Some(old) = old {
            self.release(old);
        }
        if let Err(errno) = inserted {
            self.release(description);
            return Err(errno.into());
        }
        Ok(0)
    }

    /// Takes a reference to a table away; the last one closes its descriptors.
    ///
    /// A table that has itself among its descriptors, or a context that it belongs to, is never freed:
    /// references are counted and nobody looks for circles. There are [`crate::limits::TABLES_MAX`] of them,
    /// so what that costs is bounded, and whoever makes them all takes from others the making of programs.
    pub(crate) fn release_table(&mut self, table: Id<FileTable>) {
        let found = &mut self.tables.all[table];
        found.references -= 1;
        if found.references == 0 {
            let mut closed = self.tables.all.remove(table).expect("it was just found");
            for description in closed.remove_all() {
                self.release(description);
            }
        }
    }
}
