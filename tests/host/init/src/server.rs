//! Answers the requests to the namespace, to `initfs` and to `init`: one socket, three roots, one
//! thread.
//!
//! | handle | made by | answers |
//! | --- | --- | --- |
//! | [`NAMESPACE`] | start | open `/scheme` and `/scheme/NAME`; dup for a registration |
//! | [`FILES`] | start | open of files and directories |
//! | [`INIT`] | start | open of `kill` and `start`, for uid 0, and of `last_error` |
//! | order | open | a write of a program's name, which ends or starts it |
//! | registration | dup of the namespace | takes one descriptor, the root |
//! | file, text | open | positioned reads, size |

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use syscall::flag::{MODE_DIR, MODE_FILE, O_ACCMODE, O_DIRECTORY, O_WRONLY};
use syscall::schemev2::Opcode;
use zram_rt::errno::{Error, Result};
use zram_rt::scheme::{Answer, BATCH_MAX, ISSUE_REGISTER, Opener, Request, Socket};
use zram_rt::{Fd, eprintln};

use crate::files::Files;
use crate::names::Names;
use crate::programs::Daemon;

/// Handle of the namespace's root.
pub(crate) const NAMESPACE: usize = 1;

/// Handle of the file tree's root.
pub(crate) const FILES: usize = 2;

/// Handle of the root of `init`, where this program itself is told what to do.
pub(crate) const INIT: usize = 3;

/// The files there.
const ORDERS: [(&str, Order); 2] = [("kill", Order::Kill), ("start", Order::Start)];

/// The file that says why an order was refused.
const LAST_ERROR: &str = "last_error";

/// The scheme whose root lets its holder be anybody; only root gets it, as on Redox, where a process
/// manager alone has it.
const AUTHORITY: &str = "proc";

/// What is done to a program whose name is written.
#[derive(Clone, Copy)]
enum Order {
    Kill,
    Start,
}

/// Longest path and name; the kernel's own limit.
const PATH_MAX: usize = 1024;

/// Most open handles; every process of the in-tree kernel could have sixteen.
const HANDLES_MAX: usize = 1024;

enum Handle {
    Registration(String),
    File(usize),
    Text(String),
    Order(Order),
}

/// What an open leads to.
enum Opened {
    Here(Handle),
    Elsewhere(Fd),
}

/// The serving thread's state.
pub(crate) struct Server {
    socket: Socket,
    files: Files,
    names: Arc<Names>,
    daemon: Arc<Daemon>,
    handles: BTreeMap<usize, Handle>,
    last: usize,
    /// Which order was refused last, and why; empty before the first.
    refusal: String,
}

impl Server {
    /// Returns a server for what comes through `socket`.
    pub(crate) fn new(
        socket: Socket,
        files: Files,
        names: Arc<Names>,
        daemon: Arc<Daemon>,
    ) -> Self {
        Self {
            socket,
            files,
            names,
            daemon,
            handles: BTreeMap::new(),
            last: INIT,
            refusal: String::new(),
        }
    }

    /// Serves until the socket fails, which is the end of the system.
    pub(crate) fn run(mut self) {
        let mut requests = Vec::with_capacity(BATCH_MAX);
        loop {
            if let Err(error) = self.socket.receive(&mut requests) {
                eprintln!("init: no more requests: {}", zram_rt::errno::InWords(error));
                return;
            }
            for request in requests.drain(..) {
                self.serve(request);
            }
        }
    }

    fn serve(&mut self, request: Request) {
        if request.is_one_way() {
            if matches!(request.opcode(), Some(Opcode::CloseMsg)) {
                self.handles.remove(&request.handle());
            }
            return;
        }
        let sent = match request.opcode() {
            Some(Opcode::OpenAt) => self.serve_open(request),
            Some(Opcode::Dup) => {
                let result = self.dup(&request);
                self.socket.send(opened(request, result, false))
            }
            Some(Opcode::Sendfd) => {
                let result = self.register(&request);
                self.socket.send(request.answer(result))
            }
            Some(Opcode::Read) => {
                let answer = self.read(request);
                self.socket.send(answer)
            }
            Some(Opcode::Fstat | Opcode::Fsize | Opcode::StdFsCall) => {
                let answer = self.stat(request);
                self.socket.send(answer)
            }
            Some(Opcode::Write) => {
                let result = self.write(&request);
                self.socket.send(request.answer(result))
            }
            Some(_) | None => self.socket.send(request.answer(Err(error(syscall::EOPNOTSUPP)))),
        };
        if let Err(error) = sent {
            // The client has gone in the meantime.
            eprintln!("init: an answer was not taken: {}", zram_rt::errno::InWords(error));
        }
    }

    fn serve_open(&mut self, request: Request) -> Result<()> {
        match self.open(&request) {
            Ok(Opened::Elsewhere(root)) => self.socket.send_with_fd(request, root),
            Ok(Opened::Here(handle)) => {
                let result = self.insert(handle);
                self.socket.send(opened(request, result, true))
            }
            Err(error) => self.socket.send(request.answer(Err(error))),
        }
    }

    fn open(&self, request: &Request) -> Result<Opened> {
        let path = text(request, 0)?;
        let flags = request.word(3) as usize;
        match request.handle() {
            NAMESPACE => self.open_scheme(&path, request.opener()),
            FILES => self.open_file(path.trim_matches('/'), flags),
            INIT => self.open_init(path.trim_matches('/'), request.opener()),
            _ => Err(error(syscall::ENOTDIR)),
        }
    }

    fn open_scheme(&self, path: &str, opener: Opener) -> Result<Opened> {
        let name = path.trim_matches('/').strip_prefix("scheme").ok_or(error(syscall::ENOENT))?;
        if name.is_empty() {
            return Ok(Opened::Here(Handle::Text(self.names.list())));
        }
        let name = name.strip_prefix('/').ok_or(error(syscall::ENOENT))?;
        if name == AUTHORITY && opener.uid != 0 {
            return Err(error(syscall::EACCES));
        }
        self.names.open(name).map(Opened::Elsewhere)
    }

    fn open_file(&self, path: &str, flags: usize) -> Result<Opened> {
        if flags & O_ACCMODE & O_WRONLY != 0 {
            return Err(error(syscall::EROFS));
        }
        match self.files.find(path) {
            Some(_) if flags & O_DIRECTORY != 0 => Err(error(syscall::ENOTDIR)),
            Some(number) => Ok(Opened::Here(Handle::File(number))),
            None => {
                let names = self.files.list(path).ok_or(error(syscall::ENOENT))?;
                Ok(Opened::Here(Handle::Text(names)))
            }
        }
    }

    fn insert(&mut self, handle: Handle) -> Result<usize> {
        if self.handles.len() == HANDLES_MAX {
            return Err(error(syscall::EMFILE));
        }
        self.last += 1;
        self.handles.insert(self.last, handle);
        Ok(self.last)
    }

    fn dup(&mut self, request: &Request) -> Result<usize> {
        let mut kind = [0; size_of::<usize>()];
        let is_registration = request.copy_payload(0, &mut kind) == kind.len()
            && usize::from_ne_bytes(kind) == ISSUE_REGISTER;
        if request.handle() != NAMESPACE || !is_registration {
            return Err(error(syscall::EINVAL));
        }
        let name = text(request, kind.len())?;
        self.names.check(&name)?;
        self.insert(Handle::Registration(name))
    }

    fn register(&mut self, request: &Request) -> Result<usize> {
        let root = self.socket.obtain_fd(request)?;
        match self.handles.get(&request.handle()) {
            Some(Handle::Registration(name)) => self.names.register(name, root).map(|()| 1),
            Some(Handle::File(_) | Handle::Text(_) | Handle::Order(_)) | None => {
                Err(error(syscall::EOPNOTSUPP))
            }
        }
    }

    fn open_init(&self, path: &str, opener: Opener) -> Result<Opened> {
        if path.is_empty() {
            let names = ORDERS.map(|(name, _)| name.to_string() + "\n");
            return Ok(Opened::Here(Handle::Text(names.concat() + LAST_ERROR + "\n")));
        }
        if path == LAST_ERROR {
            return Ok(Opened::Here(Handle::Text(self.refusal.clone())));
        }
        let order = ORDERS.into_iter().find(|(name, _)| *name == path);
        let (_, order) = order.ok_or(error(syscall::ENOENT))?;
        if opener.uid == 0 {
            Ok(Opened::Here(Handle::Order(order)))
        } else {
            Err(error(syscall::EACCES))
        }
    }

    /// Does to a program what the file is for.
    fn write(&mut self, request: &Request) -> Result<usize> {
        let order = match self.handles.get(&request.handle()) {
            Some(Handle::Order(order)) => *order,
            Some(Handle::File(_) | Handle::Text(_) | Handle::Registration(_)) | None => {
                return Err(error(syscall::EROFS));
            }
        };
        let name = text(request, 0)?;
        match order {
            Order::Kill => {
                self.daemon.kill(name.trim())?;
                // Nobody comes to it any more, and the closing of its root wakes it, to crash.
                self.names.bury("zram");
            }
            Order::Start => {
                let started = self.daemon.start_again(name.trim(), &self.names);
                started.inspect_err(|error| self.refusal = refusal(name.trim(), *error))?;
            }
        }
        Ok(request.payload_length())
    }

    fn content(&self, handle: usize) -> Result<&[u8]> {
        match self.handles.get(&handle) {
            Some(Handle::File(number)) => Ok(self.files.content(*number)),
            Some(Handle::Text(text)) => Ok(text.as_bytes()),
            Some(Handle::Registration(_) | Handle::Order(_)) | None => Err(error(syscall::EBADF)),
        }
    }

    fn read(&self, mut request: Request) -> Answer {
        let content = match self.content(request.handle()) {
            Ok(content) => content,
            Err(error) => return request.answer(Err(error)),
        };
        let offset = usize::try_from(request.word(3)).unwrap_or(usize::MAX);
        let count = request.fill_payload(0, content.get(offset..).unwrap_or(&[]));
        request.answer(Ok(count))
    }

    fn stat(&self, request: Request) -> Answer {
        let mode = match self.handles.get(&request.handle()) {
            Some(Handle::File(_) | Handle::Order(_)) => MODE_FILE,
            Some(Handle::Text(_) | Handle::Registration(_)) | None => MODE_DIR,
        };
        let size = self.content(request.handle()).map_or(0, <[u8]>::len);
        request.answer_stat(mode | 0o444, size as u64)
    }
}

/// Returns why a program is not started.
fn refusal(name: &str, error: Error) -> String {
    let why = match error.errno {
        syscall::EBUSY => String::from("it runs already"),
        syscall::EINVAL => String::from("init starts zramd and nothing else"),
        _ => zram_rt::errno::InWords(error).to_string(),
    };
    format!("start: {name}: {why}\n")
}

fn opened(request: Request, result: Result<usize>, positioned: bool) -> Answer {
    match result {
        Ok(handle) => request.answer_opened(handle, positioned),
        Err(error) => request.answer(Err(error)),
    }
}

/// Returns the text in the payload from `offset` on.
fn text(request: &Request, offset: usize) -> Result<String> {
    let mut bytes = [0; PATH_MAX];
    if request.payload_length().saturating_sub(offset) > PATH_MAX {
        return Err(error(syscall::ENAMETOOLONG));
    }
    let length = request.copy_payload(offset, &mut bytes);
    let text = core::str::from_utf8(&bytes[..length]).map_err(|_| error(syscall::EINVAL))?;
    Ok(text.to_string())
}

fn error(errno: i32) -> Error {
    Error::new(errno)
}
