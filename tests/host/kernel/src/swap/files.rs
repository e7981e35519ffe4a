//! What programs see: the files of `swap`.
//!
//! ```text
//! swap/control        SYS_CALL: SWAPON with a device file, SWAPOFF (uid 0); HAND_OFF
//! swap/areas          the table of /proc/swaps
//! swap/stat           counts, times and sizes, one `name value` a line; `closed` has a word
//! swap/params         the watermarks, one `name=value` a line; uid 0 writes some of them
//! swap/last_error     why the last write to params was refused; empty after one that was not
//! swap/pager/N/in     the daemon's queues: fmap gives the window, SYS_CALL QUEUE_NEXT the
//! swap/pager/N/out    records; uid 0
//! ```
//!
//! A text is made when it is opened, so that reading it in pieces gives one state.

use alloc::vec::Vec;

use syscall::error::{EBADF, EINVAL, ENOENT, ENOTDIR, EOPNOTSUPP};
use zram_abi::verb::{HAND_OFF, QUEUE_NEXT, SWAPOFF, SWAPON};

use super::{QueueId, area, queue, release_all, text};
use crate::calls::call::Metadata;
use crate::calls::{Buffer, Caller};
use crate::errno::{SysResult, fail};
use crate::files::{Description, Object};
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

/// Most bytes of a text that is written.
const WRITE_MAX: usize = 256;

impl File {
    /// Returns the root of `swap`.
    pub(crate) const fn root() -> Self {
        Self(Kind::Root)
    }
}

fn kind(kernel: &Kernel, file: Id<Description>) -> SysResult<&Kind> {
    match &kernel.descriptions[file].object {
        Object::Swap(File(kind)) => Ok(kind),
        _ => fail(EBADF),
    }
}

/// Opens a path relative to a file; returns what is open and whether it has an offset.
pub(crate) fn scheme_open(
    kernel: &mut Kernel,
    caller: Caller,
    directory: Id<Description>,
    (path, _flags): (&str, usize),
) -> SysResult<(Object, bool)> {
    let path = path.trim_matches('/');
    let opened = match kind(kernel, directory)? {
        Kind::Root => open(kernel, caller, path)?,
        Kind::Control | Kind::Text(_) | Kind::Parameters(_) | Kind::Queue(_) => {
            return fail(ENOTDIR);
        }
    };
    let is_positioned = matches!(opened, Kind::Text(_) | Kind::Parameters(_));
    Ok((Object::Swap(File(opened)), is_positioned))
}

fn open(kernel: &mut Kernel, caller: Caller, path: &str) -> SysResult<Kind> {
    let text = match path {
        "" => "areas\ncontrol\nlast_error\npager\nparams\nstat\n".into(),
        "areas" => text::areas(kernel),
        "stat" => text::statistics(kernel),
        "last_error" => kernel.swap.last_error.clone(),
        "pager" => text::pagers(kernel),
        "params" => {
            let text = text::parameters(kernel);
            return Ok(Kind::Parameters(kernel.keep_text(text)?));
        }
        "control" => return Ok(Kind::Control),
        _ => {
            let Some(rest) = path.strip_prefix("pager/") else { return fail(ENOENT) };
            let queue = queue::named(kernel, rest)?;
            kernel.expect_root_user(caller)?;
            queue::open(kernel, caller, queue)?;
            return Ok(Kind::Queue(queue));
        }
    };
    Ok(Kind::Text(kernel.keep_text(text)?))
}

/// Reads from a file at an offset.
pub(crate) fn scheme_read(
    kernel: &mut Kernel,
    caller: Caller,
    file: Id<Description>,
    (buffer, offset): (Buffer, u64),
) -> SysResult {
    match kind(kernel, file)? {
        Kind::Text(text) | Kind::Parameters(text) => {
            let bytes: Vec<u8> = text.from(offset).iter().copied().take(buffer.size).collect();
            kernel.write_user(caller.space, buffer.address, &bytes)?;
            Ok(bytes.len())
        }
        Kind::Root | Kind::Control | Kind::Queue(_) => fail(EBADF),
    }
}

/// Writes to a file at an offset.
pub(crate) fn scheme_write(
    kernel: &mut Kernel,
    caller: Caller,
    file: Id<Description>,
    (buffer, _offset): (Buffer, u64),
) -> SysResult {
    match kind(kernel, file)? {
        Kind::Parameters(_) => {
            kernel.expect_root_user(caller)?;
            let mut bytes = [0; WRITE_MAX];
            let Some(words) = bytes.get_mut(..buffer.size) else { return fail(EINVAL) };
            kernel.read_user(caller.space, buffer.address, words)?;
            let Ok(words) = core::str::from_utf8(words) else { return fail(EINVAL) };
            text::set_parameters(kernel, words)?;
            Ok(buffer.size)
        }
        Kind::Root | Kind::Control | Kind::Text(_) | Kind::Queue(_) => fail(EBADF),
    }
}

/// Calls a file with a payload and metadata.
pub(crate) fn scheme_call(
    kernel: &mut Kernel,
    caller: Caller,
    file: Id<Description>,
    (payload, [verb, word, _]): (Buffer, Metadata),
) -> SysResult {
    match kind(kernel, file)? {
        &Kind::Queue(queue) if verb == QUEUE_NEXT => queue::next(kernel, caller, queue, payload),
        Kind::Control if verb == SWAPOFF => {
            kernel.expect_root_user(caller)?;
            area::swapoff(kernel, caller, word)
        }
        Kind::Control if verb == HAND_OFF => queue::probe(kernel, caller),
        Kind::Root | Kind::Control | Kind::Text(_) | Kind::Parameters(_) | Kind::Queue(_) => {
            fail(EOPNOTSUPP)
        }
    }
}

/// Takes descriptions, with one reference each, that a caller passes to a file.
pub(crate) fn scheme_take(
    kernel: &mut Kernel,
    caller: Caller,
    file: Id<Description>,
    (passed, [verb, priority, _]): (Vec<Id<Description>>, Metadata),
) -> SysResult {
    let is_swapon = matches!(kind(kernel, file)?, Kind::Control) && verb == SWAPON;
    let allowed = if is_swapon { kernel.expect_root_user(caller) } else { fail(EOPNOTSUPP) };
    match allowed {
        Ok(()) => area::swapon(kernel, caller, passed, priority.cast_signed()),
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
    (request, offset): (MapRequest, u64),
) -> SysResult {
    match kind(kernel, file)? {
        &Kind::Queue(queue) => queue::map(kernel, caller, queue, (request, offset)),
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
