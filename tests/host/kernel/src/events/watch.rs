//! How a watch begins: a record is written to a queue.
//!
//! The watch exists before the file's scheme is asked to report events, so that no event in between
//! is lost; it is removed again if the scheme refuses or cannot be asked. The scheme answers with
//! the events that are there already.

use host_core::events::Name;
use syscall::error::{EINVAL, EOPNOTSUPP};
use syscall::flag::EventFlags;
use syscall::schemev2::Opcode;

use super::{EVENT_SIZE, QueueId, WatchedFile};
use crate::calls::{Buffer, Caller};
use crate::errno::{Errno, Halt, SysResult, fail};
use crate::files::Object;
use crate::kernel::Kernel;
use crate::scheme::user::SchemeId;
use crate::scheme::user::request::{Enclosed, Question, Then};

/// A watch whose file's scheme was asked.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    queue: QueueId,
    scheme: SchemeId,
    number: u64,
}

impl Kernel {
    /// Watches the file of one record, or no longer; of several that are written the first.
    ///
    /// # Errors
    ///
    /// EINVAL for less than a record or unknown flags, EBADF for its descriptor, EOPNOTSUPP for a file that
    /// cannot be watched, EMFILE with too many watches, EFAULT; what the scheme answers, and then the queue does not
    /// watch that file at all.
    pub(crate) fn write_events(
        &mut self,
        caller: Caller,
        queue: QueueId,
        buffer: Buffer,
    ) -> SysResult {
        if buffer.size < EVENT_SIZE {
            return fail(EINVAL);
        }
        let [descriptor, flags, data] = self.read_words(caller.space, buffer.address)?;
        let Some(wanted) = EventFlags::from_bits(flags as usize) else { return fail(EINVAL) };
        let name = Name { descriptor: descriptor as usize, data: data as usize };
        let description = self.description(caller.thread, name.descriptor)?;
        let file = match *self.descriptions[description].object() {
            Object::User { scheme, number } => WatchedFile::User { scheme, number },
            Object::Console => WatchedFile::Console,
            _ => return fail(EOPNOTSUPP),
        };
        self.events.queues[queue].watched.watch(file, name, wanted.bits())?;
        let WatchedFile::User { scheme, number } = file else {
            self.tell_of_old_input();
            return Ok(EVENT_SIZE);
        };
        let asked = Asked { queue, scheme, number };
        let args = [number, self.wanted_of(file) as u64, 0, 0, 0, 0];
        let question = Question { opcode: Opcode::Fevent, args, then: Then::Watch(asked) };
        let halt = self.ask(scheme, question, Enclosed::nothing());
        if let Err(Halt::Fail(_)) = halt {
            self.end_watch(asked);
        }
        halt
    }

    /// Returns what anybody wants to be told of the file.
    fn wanted_of(&self, file: WatchedFile) -> usize {
        self.events.queues.iter().fold(0, |wanted, (_, queue)| wanted | queue.watched.wanted(file))
    }

    /// The scheme has answered: what is new already, or why it tells nothing.
    pub(crate) fn watch_answered(
        &mut self,
        asked: Asked,
        result: Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        let flags = result.inspect_err(|_| self.end_watch(asked))?;
        let Asked { scheme, number, .. } = asked;
        self.tell_events(scheme, number, EventFlags::from_bits_truncate(flags));
        Ok(EVENT_SIZE)
    }

    fn end_watch(&mut self, Asked { queue, scheme, number }: Asked) {
        // A queue that was closed meanwhile watches nothing.
        if let Some(found) = self.events.queues.get_mut(queue) {
            found.watched.forget(WatchedFile::User { scheme, number });
        }
    }
}
