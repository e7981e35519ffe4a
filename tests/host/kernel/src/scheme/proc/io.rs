//! Reading, writing and calling files of `proc`.

use alloc::vec::Vec;

use syscall::error::{EBADF, EINVAL, ENOENT, EOPNOTSUPP, EOWNERDEAD, EPERM};
use syscall::flag::{
    ADDRSPACE_OP_MMAP, ADDRSPACE_OP_MPROTECT, ADDRSPACE_OP_MUNMAP, ContextStatus, ContextVerb,
    FileTableVerb, MapFlags,
};

use super::ProcFile;
use crate::calls::Buffer;
use crate::errno::{Halt, SysResult, fail};
use crate::files::table::FileTable;
use crate::files::{Description, Object};
use crate::kernel::Kernel;
use crate::limits::PASSED_MAX;
use crate::machine::apic;
use crate::slab::Id;
use crate::space::SpaceId;
use crate::space::grants::Span;
use crate::space::map::{MapRequest, RemotePages, rights_of};
use crate::space::user::UserBuffer;
use crate::thread::table::Entry;
use crate::thread::wake::Urgency;
use crate::thread::{Identity, PRIORITY_LAST, State, ThreadId, Wait};
use zram_abi::CpuSet;

const WORD: usize = 8;

/// Bytes of a CPU mask.
const MASK_SIZE: usize = 16;

/// Bytes of ProcSchemeAttrs: pid, euid, egid, priority (4 each), name (32).
const ATTRIBUTES_SIZE: usize = 48;

impl Kernel {
    /// Writes to a file of `proc`.
    ///
    /// # Errors
    ///
    /// EBADF for a file that takes no writes, EPERM for what only the first program may do, EINVAL for what it does not understand, EFAULT; a wait
    /// or a kill when memory is missing.
    pub(crate) fn write_proc(
        &mut self,
        caller: ThreadId,
        description: Id<Description>,
        file: ProcFile,
        UserBuffer { space, buffer }: UserBuffer,
    ) -> SysResult {
        match file {
            ProcFile::Space(target) => {
                self.change_space(caller, target, UserBuffer { space, buffer })
            }
            ProcFile::CurrentSpace(thread) => {
                let (target, entry) = self.read_entry(caller, UserBuffer { space, buffer })?;
                let awaiting = ProcFile::AwaitingSpace { thread, space: target, entry };
                self.await_close(description, awaiting);
                Ok(buffer.size)
            }
            ProcFile::CurrentTable(thread) => {
                let [descriptor] = self.read_args(space, buffer)?;
                let table = match self.proc_file(caller, descriptor as usize)? {
                    ProcFile::TableOf(table) | ProcFile::NewTable(table) => table,
                    _ => return fail(EBADF),
                };
                if self.tables.get(table).is_none() {
                    return fail(EOWNERDEAD);
                }
                self.await_close(description, ProcFile::AwaitingTable { thread, table });
                Ok(WORD)
            }
            ProcFile::Registers(thread) => {
                self.write_registers(thread, UserBuffer { space, buffer })
            }
            ProcFile::Affinity(thread) => self.write_affinity(thread, UserBuffer { space, buffer }),
            ProcFile::Start(thread) => self.start(thread, buffer),
            ProcFile::Protection(thread) => self.protect_space_of(caller, thread, buffer),
            ProcFile::Status(thread) => {
                self.write_status(caller, thread, UserBuffer { space, buffer })
            }
            ProcFile::Attributes(thread) => {
                self.write_attributes(thread, UserBuffer { space, buffer })
            }
            ProcFile::Authority
            | ProcFile::Context(_)
            | ProcFile::TableOf(_)
            | ProcFile::NewTable(_)
            | ProcFile::AwaitingSpace { .. }
            | ProcFile::AwaitingTable { .. } => fail(EBADF),
        }
    }

    /// Returns the first words of a buffer that is at least as long.
    fn read_args<const N: usize>(&mut self, space: SpaceId, buffer: Buffer) -> SysResult<[u64; N]> {
        if buffer.size < N * WORD {
            return fail(EINVAL);
        }
        self.read_words(space, buffer.address)
    }

    /// Turns an open file into one that does something when it is closed.
    fn await_close(&mut self, description: Id<Description>, awaiting: ProcFile) {
        self.count_proc(awaiting);
        if let Object::Proc(before) = self.exchange_object(description, Object::Proc(awaiting)) {
            self.close_proc(before);
        }
    }

    fn read_entry(
        &mut self,
        caller: ThreadId,
        UserBuffer { space, buffer }: UserBuffer,
    ) -> SysResult<(SpaceId, Entry)> {
        let [descriptor, stack, instruction] = self.read_args(space, buffer)?;
        let argument = match buffer.size {
            32.. => self.read_args::<4>(space, buffer)?[3],
            _ => 0,
        };
        match self.proc_file(caller, descriptor as usize)? {
            ProcFile::Space(target) => Ok((target, Entry { stack, instruction, argument })),
            _ => fail(EBADF),
        }
    }

    /// Maps, unmaps or changes rights in an address space, for a holder of a description of it.
    fn change_space(
        &mut self,
        caller: ThreadId,
        target: SpaceId,
        UserBuffer { space, buffer }: UserBuffer,
    ) -> SysResult {
        let [operation] = self.read_args(space, buffer)?;
        match operation as usize {
            ADDRSPACE_OP_MMAP => {
                let [_, descriptor, offset, address, size, flags] =
                    self.read_args(space, buffer)?;
                let Some(flags) = MapFlags::from_bits(flags as usize) else { return fail(EINVAL) };
                let request = MapRequest { address, size, flags };
                if descriptor == u64::MAX {
                    return self.map_anonymous(target, request);
                }
                match self.proc_file(caller, descriptor as usize)? {
                    ProcFile::Space(source) => self.map_remote(
                        RemotePages { space: source, address: offset },
                        target,
                        request,
                    ),
                    _ => fail(EOPNOTSUPP),
                }
            }
            ADDRSPACE_OP_MUNMAP => {
                let [_, address, size] = self.read_args(space, buffer)?;
                let Some(span) = Span::of_bytes(address, size) else { return fail(EINVAL) };
                self.unmap(target, span)?;
                Ok(3 * WORD)
            }
            ADDRSPACE_OP_MPROTECT => {
                let [_, address, size, flags] = self.read_args(space, buffer)?;
                let Some(span) = Span::of_bytes(address, size) else { return fail(EINVAL) };
                let flags = MapFlags::from_bits_truncate(flags as usize);
                self.protect(target, span, rights_of(flags))?;
                Ok(4 * WORD)
            }
            _ => fail(EINVAL),
        }
    }

    fn write_registers(
        &mut self,
        thread: ThreadId,
        UserBuffer { space, buffer }: UserBuffer,
    ) -> SysResult {
        let [fs_base, _gs_base] = self.read_args(space, buffer)?;
        if !self.is_at_rest(thread) || !self.set_fs_base(thread, fs_base) {
            return fail(EINVAL);
        }
        Ok(2 * WORD)
    }

    fn write_affinity(
        &mut self,
        thread: ThreadId,
        UserBuffer { space, buffer }: UserBuffer,
    ) -> SysResult {
        let [low, high] = self.read_args(space, buffer)?;
        let wanted = CpuSet::from_bits(u128::from(low) | u128::from(high) << u64::BITS);
        let affinity = wanted.intersection(self.cpus.possible());
        if affinity.is_empty() {
            return fail(EINVAL);
        }
        self.set_affinity(thread, affinity);
        if let State::Running(cpu) = self.threads[thread].state()
            && cpu != self.here
        {
            apic::send_reschedule(cpu);
        }
        Ok(MASK_SIZE)
    }

    fn start(&mut self, thread: ThreadId, buffer: Buffer) -> SysResult {
        let found = &self.threads[thread];
        let is_ready = found.space().is_some() && found.table().is_some();
        if found.state() != State::NotStarted || !is_ready {
            return fail(EINVAL);
        }
        self.make_ready(thread, Urgency::Anywhere);
        Ok(buffer.size)
    }

    /// Protects a context's address space. Names are chosen by programs, so they tell nothing; the pid
    /// of the caller is the kernel's.
    fn protect_space_of(
        &mut self,
        caller: ThreadId,
        thread: ThreadId,
        buffer: Buffer,
    ) -> SysResult {
        if self.threads[caller].identity().pid != Identity::FIRST_PID {
            return fail(EPERM);
        }
        let Some(space) = self.threads[thread].space() else { return fail(ENOENT) };
        self.protect_space(space);
        Ok(buffer.size)
    }

    /// Ends a context; one that ends itself may have its stack unmapped.
    fn write_status(
        &mut self,
        caller: ThreadId,
        thread: ThreadId,
        UserBuffer { space, buffer }: UserBuffer,
    ) -> SysResult {
        let [verb] = self.read_args(space, buffer)?;
        if ContextVerb::try_from_raw(verb as usize) != Some(ContextVerb::ForceKill) {
            return fail(EINVAL);
        }
        if thread != caller {
            self.end_thread(thread);
            return Ok(WORD);
        }
        if buffer.size >= 3 * WORD {
            let [_, base, size] = self.read_args(space, buffer)?;
            if let Some(span) = Span::of_bytes(base, size)
                && let Err(Halt::Again) = self.unmap(space, span)
            {
                return Err(Halt::Again);
            }
        }
        self.end_thread(thread);
        Err(Halt::Gone)
    }

    fn write_attributes(
        &mut self,
        thread: ThreadId,
        UserBuffer { space, buffer }: UserBuffer,
    ) -> SysResult {
        if buffer.size < ATTRIBUTES_SIZE {
            return fail(EINVAL);
        }
        let [pid_and_uid, gid_priority] = self.read_args(space, buffer)?;
        let mut name = [0; 32];
        self.read_user(space, buffer.address + 16, &mut name)?;
        let uid = (pid_and_uid >> 32) as u32;
        let pid = self.threads[thread].identity().pid;
        let priority = (gid_priority >> 32).min(u64::from(PRIORITY_LAST)) as u8;
        self.set_identity(thread, Identity::new(pid, uid, gid_priority as u32, name), priority);
        Ok(ATTRIBUTES_SIZE)
    }

    /// Reads a file of `proc`.
    ///
    /// # Errors
    ///
    /// EBADF for a file that cannot be read, EINVAL for a buffer that is too small, EFAULT.
    pub(crate) fn read_proc(
        &mut self,
        file: ProcFile,
        UserBuffer { space, buffer }: UserBuffer,
    ) -> SysResult {
        let bytes = match file {
            ProcFile::Affinity(thread) => {
                self.threads[thread].affinity().bits().to_le_bytes().to_vec()
            }
            ProcFile::Status(thread) => {
                (self.status(thread) as usize as u64).to_le_bytes().to_vec()
            }
            ProcFile::Attributes(thread) => self.attributes(thread),
            _ => return fail(EBADF),
        };
        if buffer.size < bytes.len() {
            return fail(EINVAL);
        }
        self.write_user(space, buffer.address, &bytes)?;
        Ok(bytes.len())
    }

    fn status(&self, thread: ThreadId) -> ContextStatus {
        match self.threads[thread].state() {
            State::NotStarted => ContextStatus::NotYetStarted,
            State::Ready(_) | State::Running(_) => ContextStatus::Runnable,
            State::Waiting(Wait::Swap(_) | Wait::Cpus(_) | Wait::Shootdown) => ContextStatus::Other,
            State::Waiting(_) => ContextStatus::Blocked,
            State::Dead => ContextStatus::Dead,
        }
    }

    fn attributes(&self, thread: ThreadId) -> Vec<u8> {
        let found = &self.threads[thread];
        let Identity { pid, uid, gid, .. } = found.identity();
        let words = [pid, uid, gid, u32::from(found.priority())];
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        bytes.extend(found.identity().name_bytes());
        bytes
    }

    /// Closes descriptors of a file table (verb Close); the payload names them.
    ///
    /// # Errors
    ///
    /// EOPNOTSUPP for other verbs, EINVAL for too many, EBADF, EFAULT.
    pub(crate) fn call_table(
        &mut self,
        table: Id<FileTable>,
        UserBuffer { space, buffer }: UserBuffer,
        verb: u64,
    ) -> SysResult {
        if verb != FileTableVerb::Close as u64 {
            return fail(EOPNOTSUPP);
        }
        let descriptors = self.read_descriptors(space, buffer)?;
        for &descriptor in &descriptors {
            self.close_in_table(table, descriptor)?;
        }
        Ok(descriptors.len())
    }

    /// Returns the descriptors that a payload names.
    ///
    /// # Errors
    ///
    /// EINVAL for too many or part of one, EFAULT.
    pub(crate) fn read_descriptors(
        &mut self,
        space: SpaceId,
        buffer: Buffer,
    ) -> SysResult<Vec<usize>> {
        let count = buffer.size / WORD;
        if count > PASSED_MAX || !buffer.size.is_multiple_of(WORD) {
            return fail(EINVAL);
        }
        let words: [u64; PASSED_MAX] = {
            let mut words = [0; PASSED_MAX];
            for (index, word) in words[..count].iter_mut().enumerate() {
                let at = buffer.address + (index * WORD) as u64;
                [*word] = self.read_words(space, at)?;
            }
            words
        };
        Ok(words[..count].iter().map(|&word| word as usize).collect())
    }
}
