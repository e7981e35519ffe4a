//! What a write to an attribute or control file means: one write, one command.

use super::file::{ControlFile, File};
use super::handles::{HandleId, Opened};
use super::{Fault, PendingWrite};
use crate::attributes::mistake::Mistake;
use crate::attributes::{Command, WRITE_MAX, command, hot_add, number, text};
use crate::daemon::Daemon;
use crate::errno;
use crate::platform::{Answer, ClientRequest, Platform, Socket};
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
pub(super) fn write<P: Platform, S: Socket>(
    daemon: &Daemon<P, S>,
    (handle, opened): (HandleId, Opened),
    client: S::Request,
) {
    let size = client.payload_size();
    let file = opened.file;
    let mut buffer = [0; WRITE_MAX];
    let written = match copy(opened, &client, &mut buffer) {
        // As in Linux: no handler is called for a write of nothing.
        Ok([]) => return daemon.socket.answer(client, Answer::Number(0)),
        Ok(written) => written,
        Err(fault) => return refuse(daemon, file, fault, &[], client),
    };
    match meaning(daemon, file, written) {
        Ok(Meaning::Lifecycle(request)) => {
            let wanted = request.wanted();
            let write = PendingWrite { client, file, handle, size, wanted };
            post(daemon, Message { request, reply_to: ReplyTo::Client(write) });
        }
        Ok(Meaning::Done) => daemon.socket.answer(client, Answer::Number(size)),
        Ok(Meaning::Refused(refusal)) => {
            let reply_to =
                ReplyTo::Client(PendingWrite { client, file, handle, size, wanted: None });
            daemon.reply(reply_to, Err(refusal));
        }
        Err(fault) => refuse(daemon, file, fault, written, client),
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

fn meaning<P: Platform, S: Socket>(
    daemon: &Daemon<P, S>,
    file: File,
    written: &[u8],
) -> Result<Meaning, Fault> {
    match file {
        File::Attribute(name, attribute) => {
            match command(name, attribute, written).map_err(Fault::Mistake)? {
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
        File::Control(file) => control(file, written).map_err(Fault::Mistake),
        File::Root | File::ControlDirectory | File::DeviceDirectory(_) => Err(Fault::IsDirectory),
        File::Device(_) => Err(Fault::Unsupported),
    }
}

fn control(file: ControlFile, written: &[u8]) -> Result<Meaning, Mistake> {
    let written = text(written)?;
    match file {
        ControlFile::HotAdd => hot_add::parse(written).map(Meaning::Lifecycle),
        ControlFile::HotRemove => Ok(match number::device_id(written)? {
            Some(id) => Meaning::Lifecycle(Request::Remove(id)),
            None => Meaning::Refused(Refusal::NoDevice),
        }),
        ControlFile::Exit => number::one(written).map(|()| Meaning::Lifecycle(Request::Exit)),
        ControlFile::LastAdded | ControlFile::LastError => Err(Mistake::ReadOnly),
    }
}

fn post<P: Platform, S: Socket>(daemon: &Daemon<P, S>, message: Message<S::Request>) {
    let Err((error, message)) = daemon.mailbox.post(&daemon.platform, message) else { return };
    match message.reply_to {
        ReplyTo::Client(write) => {
            daemon.socket.answer(write.client, Answer::Error(errno::of_post(error)));
        }
        ReplyTo::CpuEvents => unreachable!("it was a client's message"),
    }
}

fn refuse<P: Platform, S: Socket>(
    daemon: &Daemon<P, S>,
    file: File,
    fault: Fault,
    written: &[u8],
    client: S::Request,
) {
    if let Fault::Mistake(mistake) = fault {
        daemon.set_last_error(file, mistake.words(file.name(), written));
    }
    daemon.socket.answer(client, Answer::Error(errno::of_fault(fault)));
}
