//! What a write to an attribute or control file means: one write, one command.

use super::file::{ControlFile, File};
use super::handles::{HandleId, Opened};
use super::{Fault, PendingWrite};
use crate::attributes::mistake::{Mistake, Wrong};
use crate::attributes::{Command, WRITE_MAX, command, hot_add, number, text};
use crate::daemon::Daemon;
use crate::devices::NoDevice;
use crate::errno;
use crate::platform::{Answer, Client, ClientRequest, Platform, Ports, Socket};
use crate::text::Words;
use crate::threads::{Message, ReplyTo};
use zram_lifecycle::{Refusal, Request};

/// What becomes of a write.
enum Meaning {
    /// The actor answers it.
    Lifecycle(Request),
    /// It is done; this is the answer.
    Done,
    /// The lifecycle would refuse it; no need to ask.
    Refused(Refusal),
}

/// Takes a write of a file that is text. The answer is given here, or by the actor.
pub(super) fn write<P: Ports>(
    daemon: &Daemon<P>,
    (handle, opened): (HandleId, Opened),
    client: Client<P>,
) {
    let size = client.payload_size();
    let file = opened.file;
    let mut buffer = [0; WRITE_MAX];
    let written = match copy(opened, &client, &mut buffer) {
        // As in Linux: no handler is called for a write of nothing.
        Ok([]) => return daemon.socket.answer(client, Answer::Number(0)),
        Ok(written) => written,
        Err(fault) => return refuse(daemon, file, fault, client),
    };
    match meaning(daemon, file, written) {
        Ok(Meaning::Lifecycle(request)) => {
            let write = PendingWrite { client, file, handle, size, asked: Some(request) };
            post(daemon, Message { request, reply_to: ReplyTo::Client(write) });
        }
        Ok(Meaning::Done) => {
            daemon.set_last_note(file, Words::NONE);
            daemon.socket.answer(client, Answer::Number(size));
        }
        Ok(Meaning::Refused(refusal)) => {
            let write = PendingWrite { client, file, handle, size, asked: None };
            daemon.reply(ReplyTo::Client(write), Err(refusal));
        }
        Err(Refused::Wrong(wrong)) => {
            daemon.set_last_error(file, wrong.words(file.name()));
            daemon.socket.answer(client, Answer::Error(errno::of_mistake(wrong.mistake)));
        }
        Err(Refused::Fault(fault)) => refuse(daemon, file, fault, client),
    }
}

/// Why a write means nothing.
enum Refused<'a> {
    /// What was written is no command.
    Wrong(Wrong<'a>),
    /// The file cannot do it.
    Fault(Fault),
}

impl<'a> From<Wrong<'a>> for Refused<'a> {
    fn from(wrong: Wrong<'a>) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<NoDevice> for Refused<'_> {
    fn from(NoDevice: NoDevice) -> Self {
        Self::Fault(Fault::NoDevice)
    }
}

fn copy<'a>(
    opened: Opened,
    client: &impl ClientRequest,
    buffer: &'a mut [u8; WRITE_MAX],
) -> Result<&'a [u8], Fault> {
    if !opened.is_writable {
        return Err(Fault::NoHandle);
    }
    let size = client.payload_size();
    let part = buffer.get_mut(..size).ok_or(Fault::Mistake(Mistake::TooLong))?;
    let copied = client.copy_payload(0, part);
    Ok(&part[..copied])
}

fn meaning<'a, P: Ports>(
    daemon: &Daemon<P>,
    file: File,
    written: &'a [u8],
) -> Result<Meaning, Refused<'a>> {
    let memory_bytes = daemon.platform.memory_bytes();
    match file {
        File::Attribute(name, attribute) => {
            match command(name, attribute, written, memory_bytes)? {
                Command::Lifecycle(request) => Ok(Meaning::Lifecycle(request)),
                Command::ResetHighWater => {
                    daemon.devices.inspect(name, |_, content| {
                        if let Some(content) = content {
                            content.reset_mem_used_max();
                        }
                    })?;
                    Ok(Meaning::Done)
                }
            }
        }
        File::Control(file) => Ok(control(file, written, memory_bytes)?),
        File::Root | File::ControlDirectory | File::DeviceDirectory(_) => {
            Err(Refused::Fault(Fault::IsDirectory))
        }
        File::Device(_) => Err(Refused::Fault(Fault::Unsupported)),
    }
}

fn control(file: ControlFile, written: &[u8], memory_bytes: u64) -> Result<Meaning, Wrong<'_>> {
    let in_all = |mistake| Wrong::in_all(written, mistake);
    let text = text(written).map_err(in_all)?;
    match file {
        ControlFile::HotAdd => hot_add::parse(text, memory_bytes).map(Meaning::Lifecycle),
        ControlFile::HotRemove => match number::device_id(text).map_err(in_all)? {
            Some(id) => Ok(Meaning::Lifecycle(Request::Remove(id))),
            None => Ok(Meaning::Refused(Refusal::NoDevice)),
        },
        ControlFile::Exit => {
            number::one(text).map_err(in_all).map(|()| Meaning::Lifecycle(Request::Exit))
        }
        ControlFile::LastAdded | ControlFile::LastError | ControlFile::LastNote => {
            Err(in_all(Mistake::ReadOnly))
        }
    }
}

fn post<P: Ports>(daemon: &Daemon<P>, message: Message<Client<P>>) {
    let Err((error, message)) = daemon.mailbox.post(&daemon.platform, message) else { return };
    match message.reply_to {
        ReplyTo::Client(write) => {
            refuse(daemon, write.file, Fault::Post(error), write.client);
        }
        ReplyTo::CpuEvents => unreachable!("it was a client's message"),
    }
}

fn refuse<P: Ports>(daemon: &Daemon<P>, file: File, fault: Fault, client: Client<P>) {
    if let Fault::Mistake(mistake) = fault {
        daemon.set_last_error(file, Wrong::in_all(&[], mistake).words(file.name()));
    } else {
        daemon.note_fault(file, fault);
    }
    daemon.socket.answer(client, Answer::Error(errno::of_fault(fault)));
}
