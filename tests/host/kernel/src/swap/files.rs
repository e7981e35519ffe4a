//! What programs see: the files of `swap`.
//!
//! The glue defines the files, their verbs and their texts (`swap_pager::files`); this module opens
//! them, reads them and waits.
//!
//! A text is made when it is opened, so that reading it in pieces gives one state.

use alloc::vec::Vec;

use swap_pager::files::{self, Asker, Call, File as Name, SwapOn, WRITE_MAX, params, texts};
use syscall::error::{EBADF, EINVAL, ENOTDIR, EOPNOTSUPP};

use super::{QueueId, area, pager, queue, release_all, text};
use crate::calls::call::Metadata;
use crate::calls::{Buffer, Caller};
use crate::errno::{Errno, Halt, SysResult, fail};
use crate::files::{Description, Object, Opened};
use crate::kernel::Kernel;
use crate::scheme::sys::Text;
use crate::slab::Id;
use crate::space::map::MapRequest;

/// What of `swap` a description has open.
pub(crate) struct File(Kind);

enum Kind {
    Root,
    Control,
    Text(Text),
    Parameters(Text),
    Queue(QueueId),
}

impl File {
    /// Returns the root of `swap`.
    pub(crate) const fn root() -> Self {
        Self(Kind::Root)
    }
}

fn kind(kernel: &Kernel, file: Id<Description>) -> SysResult<&Kind> {
    match &kernel.descriptions[file].object() {
        Object::Swap(File(kind)) => Ok(kind),
        _ => fail(EBADF),
    }
}

/// Opens a path relative to a file; returns what is open and whether it has an offset.
pub(crate) fn scheme_open(
    kernel: &mut Kernel,
    caller: Caller,
    directory: Id<Description>,
    path: &str,
    flags: usize,
) -> SysResult<Opened> {
    let path = path.trim_matches('/');
    let opened = match kind(kernel, directory)? {
        Kind::Root => open(kernel, caller, path)?,
        Kind::Control | Kind::Text(_) | Kind::Parameters(_) | Kind::Queue(_) => {
            return fail(ENOTDIR);
        }
    };
    let is_positioned = matches!(opened, Kind::Text(_) | Kind::Parameters(_));
    Ok(Opened { object: Object::Swap(File(opened)), offset: is_positioned.then_some(0), flags })
}

fn open(kernel: &mut Kernel, caller: Caller, path: &str) -> SysResult<Kind> {
    let file = Name::named(path)?;
    file.may_open(asker(kernel, caller))?;
    let text = match file {
        Name::Control => return Ok(Kind::Control),
        Name::Queue(queue) => {
            queue::open(kernel, caller, queue)?;
            return Ok(Kind::Queue(queue));
        }
        Name::Params => {
            let text = params::text(pager::call(kernel, |pager, _| pager.watermarks()));
            return Ok(Kind::Parameters(kernel.keep_text(text)?));
        }
        Name::Root => texts::ROOT.into(),
        Name::Areas => pager::call(kernel, |pager, _| texts::areas(pager)),
        Name::Stat => text::statistics(kernel),
        Name::Latencies => pager::call(kernel, |pager, _| texts::latencies(pager)),
        Name::LastError => kernel.swap.last_error.clone(),
        Name::Queues => texts::queues(kernel.cpus.possible().iter()),
    };
    Ok(Kind::Text(kernel.keep_text(text)?))
}

fn asker(kernel: &Kernel, caller: Caller) -> Asker {
    let uid = kernel.threads[caller.thread].identity().uid;
    Asker { uid, is_daemon: kernel.swap.daemon == Some(caller.space) }
}

impl Kind {
    /// Returns the file that is open; of a text it does not matter which.
    fn name(&self) -> Name {
        match *self {
            Self::Root | Self::Text(_) => Name::Root,
            Self::Control => Name::Control,
            Self::Parameters(_) => Name::Params,
            Self::Queue(queue) => Name::Queue(queue),
        }
    }
}

impl From<files::Errno> for Halt {
    fn from(files::Errno(errno): files::Errno) -> Self {
        Self::Fail(Errno(errno))
    }
}

/// Reads from a file at an offset.
pub(crate) fn scheme_read(
    kernel: &mut Kernel,
    caller: Caller,
    file: Id<Description>,
    buffer: Buffer,
    offset: u64,
) -> SysResult {
    match kind(kernel, file)? {
        Kind::Text(text) | Kind::Parameters(text) => {
            let bytes = text.piece(offset, buffer.size);
            kernel.write_user(caller.space, buffer.address, &bytes)?;
            Ok(bytes.len())
        }
        Kind::Root | Kind::Control | Kind::Queue(_) => fail(EBADF),
    }
}

/// Writes to a file.
pub(crate) fn scheme_write(
    kernel: &mut Kernel,
    caller: Caller,
    file: Id<Description>,
    buffer: Buffer,
) -> SysResult {
    kind(kernel, file)?.name().may_write(asker(kernel, caller), buffer.size)?;
    let mut bytes = [0; WRITE_MAX];
    let Some(words) = bytes.get_mut(..buffer.size) else { return fail(EINVAL) };
    kernel.read_user(caller.space, buffer.address, words)?;
    let Ok(words) = core::str::from_utf8(words) else { return fail(EINVAL) };
    text::set_parameters(kernel, words)?;
    Ok(buffer.size)
}

/// Calls a file with a payload and metadata.
pub(crate) fn scheme_call(
    kernel: &mut Kernel,
    caller: Caller,
    file: Id<Description>,
    payload: Buffer,
    metadata: Metadata,
) -> SysResult {
    let call = kind(kernel, file)?.name().call(asker(kernel, caller), metadata)?;
    match call {
        Call::QueueNext(queue) => queue::next(kernel, caller, queue, payload),
        Call::SwapOff { device } => area::swapoff(kernel, caller, device),
        Call::HandOff => queue::probe(kernel, caller),
        Call::Resize(resize) => area::resize(kernel, caller, resize),
    }
}

/// Takes descriptions, with one reference each, that a caller passes to a file.
pub(crate) fn scheme_take(
    kernel: &mut Kernel,
    caller: Caller,
    file: Id<Description>,
    passed: Vec<Id<Description>>,
    metadata: Metadata,
) -> SysResult {
    let asker = asker(kernel, caller);
    let wanted = kind(kernel, file).and_then(|kind| Ok(kind.name().take(asker, metadata)?));
    match wanted {
        Ok(SwapOn { priority }) => area::swapon(kernel, caller, passed, priority),
        Err(halt) => {
            release_all(kernel, passed);
            Err(halt)
        }
    }
}

/// Maps a file from an offset on into the caller's space.
pub(crate) fn scheme_map(
    kernel: &mut Kernel,
    caller: Caller,
    file: Id<Description>,
    request: MapRequest,
    offset: u64,
) -> SysResult {
    match kind(kernel, file)? {
        &Kind::Queue(queue) => queue::map(kernel, caller, queue, request, offset),
        Kind::Root | Kind::Control | Kind::Text(_) | Kind::Parameters(_) => fail(EOPNOTSUPP),
    }
}

/// The last description of a file was closed.
pub(crate) fn scheme_close(kernel: &mut Kernel, File(kind): File) {
    match kind {
        Kind::Queue(queue) => queue::close(kernel, queue),
        Kind::Text(text) | Kind::Parameters(text) => kernel.close_text(&text),
        Kind::Root | Kind::Control => {}
    }
}
