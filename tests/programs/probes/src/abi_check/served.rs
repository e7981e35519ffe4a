//! A scheme of this program's own: the form of its requests, and the effect of its answers.
//!
//! The client ([`super::client`]) is this program started once more. Its requests come one after
//! the other, and each is noted before it is answered; the notes are printed at the end, when the
//! client has printed its own side.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use syscall::schemev2::Opcode;
use zram_rt::errno::{Error, InWords};
use zram_rt::println;
use zram_rt::process::{Command, End};
use zram_rt::scheme::{Opener, Request, Socket, publish_root};

use crate::{CLIENT, done};

/// The name under which the scheme is found.
pub(crate) const NAME: &str = "abicheck";

/// Handle of the root, and those that opens lead to.
const ROOT: usize = 7;
const POSITIONED: usize = 21;
const PLAIN: usize = 22;

/// Handle of a file whose requests are counted only: how many they are is the kernel's choice.
const COUNTED: usize = 23;

/// Requests after which it is no use to go on: the client makes about a third of it.
const REQUESTS_MAX: usize = 200;

/// Serves until the client has ended; prints what came.
pub(crate) fn run() -> Result<(), String> {
    let words = |what: &'static str| move |error: Error| format!("{what}: {}", InWords(error));
    let socket = Socket::create().map_err(words("create"))?;
    for line in of_the_socket(&socket) {
        println!("abi: socket: {line}");
    }
    publish_root(NAME, socket.root(ROOT).map_err(words("root"))?).map_err(words("publish"))?;
    let own_program = zram_rt::args().next().unwrap_or("/bin/zramd");
    let client = Command::new(own_program).argument(CLIENT).spawn().map_err(words("client"))?;
    let mut notes = Vec::new();
    let mut requests = Vec::new();
    let mut counted = 0;
    while notes.len() < REQUESTS_MAX && !notes.iter().any(|note: &String| note.ends_with("\"end\""))
    {
        socket.receive(&mut requests).map_err(words("receive"))?;
        for request in requests.drain(..) {
            if request.handle() == COUNTED {
                counted += usize::from(matches!(request.opcode(), Some(Opcode::Write)));
            } else {
                notes.push(seen(&request));
            }
            answer(&socket, request);
        }
    }
    // The client prints its side first.
    let end = client.wait();
    for (index, note) in notes.iter().enumerate() {
        println!("abi: request {index}: {note}");
    }
    println!("abi: socket: requests that a write of 64 whole pages became = {counted}");
    match end {
        End::Exited(0) => Ok(()),
        end => Err(format!("the client ended: {end:?}")),
    }
}

/// Facts of the socket itself, before anybody uses the scheme.
fn of_the_socket(socket: &Socket) -> Vec<String> {
    let other = Socket::create();
    let mut facts = Vec::new();
    facts.push(format!("a second scheme = {}", done(other.map(drop))));
    facts.push(format!("a root = {}", done(socket.root(ROOT).map(drop))));
    facts
}

/// Says what a request asks; addresses are left out, they differ from run to run.
fn seen(request: &Request) -> String {
    let handle = request.handle();
    let (length, words) = (request.payload_length(), [3, 4, 5].map(|index| request.word(index)));
    let text = || {
        let mut bytes = [0; 32];
        let count = request.copy_payload(0, &mut bytes).min(bytes.len());
        String::from_utf8_lossy(&bytes[..count]).to_string()
    };
    match request.opcode() {
        Some(Opcode::OpenAt) => {
            let (flags, Opener { uid, gid }) = (words[0], request.opener());
            format!(
                "OpenAt {handle} flags {flags:#x} fcntl {:#x} by ({uid}, {gid}) {:?}",
                words[1],
                text()
            )
        }
        Some(Opcode::Dup) => format!("Dup {handle} {:?}", text()),
        Some(Opcode::Read) => {
            format!("Read {handle} length {length} offset {:#x} flags {:#x}", words[0], words[1])
        }
        Some(Opcode::Write) => {
            format!("Write {handle} length {length} offset {:#x} flags {:#x}", words[0], words[1])
        }
        Some(Opcode::Call) => format!("Call {handle} length {length} words {words:?}"),
        Some(Opcode::StdFsCall) => {
            format!("StdFsCall {handle} length {length} kind {}", words[0] as u8)
        }
        Some(Opcode::Sendfd) => {
            let words = [1, 2, 3].map(|index| request.word(index));
            format!("Sendfd {handle} flags and words {words:?}")
        }
        Some(Opcode::CloseMsg) => format!("CloseMsg {handle} one-way {}", request.is_one_way()),
        Some(opcode) => format!("{opcode:?} {handle} one-way {}", request.is_one_way()),
        None => "a number that is not known".to_string(),
    }
}

fn answer(socket: &Socket, mut request: Request) {
    if request.is_one_way() {
        return;
    }
    let length = request.payload_length();
    let sent = match request.opcode() {
        Some(Opcode::OpenAt) => return answer_open(socket, request),
        Some(Opcode::Dup) => socket.send(request.answer_opened(PLAIN, false)),
        Some(Opcode::Read) => {
            let count = request.fill_payload(0, b"0123456789abcdef");
            socket.send(request.answer(Ok(count)))
        }
        // A third of what is written is taken of odd lengths, all of others.
        Some(Opcode::Write) => {
            let taken = if length % 2 == 1 { length / 3 } else { length };
            socket.send(request.answer(Ok(taken)))
        }
        Some(Opcode::Call) => {
            request.fill_payload(0, b"answered");
            let verb = request.word(3) as i32;
            let result = if verb > 0 { Err(Error::new(verb)) } else { Ok(4711) };
            socket.send(request.answer(result))
        }
        Some(Opcode::Sendfd) => {
            let obtained = socket.obtain_fd(&request);
            let again = socket.obtain_fd(&request).map(drop);
            println!("abi: socket: the descriptor that was sent = {}", done(obtained.map(drop)));
            println!("abi: socket: that descriptor once more = {}", done(again));
            socket.send(request.answer(Ok(1)))
        }
        Some(_) | None => {
            let size = 12345;
            socket.send(request.answer_stat(syscall::MODE_FILE | 0o644, size))
        }
    };
    if sent.is_err() {
        println!("abi: socket: an answer = {}", done(sent));
    }
}

/// Opens by what the path says.
fn answer_open(socket: &Socket, request: Request) {
    let mut path = [0; 32];
    let count = request.copy_payload(0, &mut path).min(path.len());
    let sent = match &path[..count] {
        b"plain" | b"end" => socket.send(request.answer_opened(PLAIN, false)),
        b"many" => socket.send(request.answer_opened(COUNTED, true)),
        b"refused" => socket.send(request.answer(Err(Error::new(syscall::EACCES)))),
        b"pipe" => match zram_rt::fs::open("/scheme/pipe", syscall::O_RDWR) {
            Ok(pipe) => socket.send_with_fd(request, pipe),
            Err(error) => socket.send(request.answer(Err(error))),
        },
        _ => socket.send(request.answer_opened(POSITIONED, true)),
    };
    if sent.is_err() {
        println!("abi: socket: an answer to an open = {}", done(sent));
    }
}
