//! What SYS_CALL does on a device: the verbs of `zram_abi::verb`.

use zram::Worker;
use zram_abi::verb::{Cookie, DISCARD, SWAP_ATTACH};

use super::Fault;
use super::file::File;
use super::handles::{HandleId, OpenHandle};
use crate::daemon::Daemon;
use crate::devices::traffic::Way;
use crate::platform::{Client, ClientRequest, Platform, Ports};
use zram_lifecycle::DeviceName;

/// Performs a Call; its words from 3 on are the verb and two arguments.
///
/// # Errors
///
/// [`Fault::Unsupported`] for files and verbs without; [`Fault::NotInitialised`],
/// [`Fault::BadRange`], [`Fault::NoHandle`]; [`Fault::Shared`] to attach what others have open.
pub(super) fn call<P: Ports>(
    daemon: &Daemon<P>,
    OpenHandle { id, opened }: OpenHandle,
    worker: &Worker,
    client: &Client<P>,
) -> Result<usize, Fault> {
    let File::Device(name) = opened.file else { return Err(Fault::Unsupported) };
    match client.word(3) {
        SWAP_ATTACH if opened.is_readable && opened.is_writable => attach(daemon, id, name),
        DISCARD if opened.is_writable => {
            discard(daemon, name, worker, client.word(4), client.word(5))
        }
        SWAP_ATTACH | DISCARD => Err(Fault::NoHandle),
        _ => Err(Fault::Unsupported),
    }
}

fn attach<P: Ports>(daemon: &Daemon<P>, id: HandleId, name: DeviceName) -> Result<usize, Fault> {
    let pages = daemon.devices.named(name)?.pages.ok_or(Fault::NotInitialised)?;
    {
        // Under the lock, so that who closes another one at the same time has not the last word.
        let mut handles = daemon.handles.lock();
        handles.attach(id, name.id)?;
        daemon.platform.swap_is_used(true);
    }
    let cookie = Cookie {
        device: name.id.index() as u16,
        generation: daemon.devices.generation(name.id),
        pages: pages.count(),
    };
    let word = cookie.pack().expect("Pages::MAX is what a cookie can say");
    Ok(word as usize)
}

fn discard<P: Ports>(
    daemon: &Daemon<P>,
    name: DeviceName,
    worker: &Worker,
    first: u64,
    count: u64,
) -> Result<usize, Fault> {
    // The size that is shown: the content may be growing already.
    let pages = daemon.devices.named(name)?.pages.ok_or(Fault::NotInitialised)?;
    let content = daemon.devices.content(name.id).ok_or(Fault::NotInitialised)?;
    let end = u64::from(pages.count());
    let is_inside = first.checked_add(count).is_some_and(|last| last <= end);
    if !is_inside {
        return Err(Fault::BadRange);
    }
    let now_ns = || daemon.platform.now_ns();
    let passage = content.traffic().begin(Way::Discard, now_ns);
    content.discard(worker, first as u32, count as u32);
    passage.end(count, now_ns);
    Ok(0)
}
