//! The scheme's socket, over `zram_rt::scheme`.

use alloc::vec::Vec;

use syscall::schemev2::Opcode;
use zram_rt::futex::Mutex;
use zram_rt::scheme::{self, BATCH_MAX, Request, Socket};
use zram_rt::{Error, Fd, Result};
use zramd::platform::{self, Answer, ClientRequest, Closed};
use zramd::scheme::HandleId;

/// The socket of `zram:`.
pub(crate) struct MachineSocket {
    socket: Socket,
    /// Room for a batch, so that receiving allocates nothing.
    batch: Mutex<Vec<Request>>,
}

impl MachineSocket {
    pub(crate) fn create() -> Result<Self> {
        let batch = Mutex::new(Vec::with_capacity(BATCH_MAX));
        Ok(Self { socket: Socket::create()?, batch })
    }

    pub(crate) fn root(&self, handle: HandleId) -> Result<Fd> {
        self.socket.root(handle.0)
    }
}

impl platform::Socket for MachineSocket {
    type Request = Client;

    fn receive(&self, requests: &mut Vec<Client>) -> core::result::Result<(), Closed> {
        // Only the scheme's thread receives, so nobody waits for this lock.
        let mut batch = self.batch.lock();
        self.socket.receive(&mut batch).map_err(|_| Closed)?;
        requests.extend(batch.drain(..).map(Client));
        Ok(())
    }

    fn answer(&self, Client(request): Client, answer: Answer) {
        let answer = match answer {
            Answer::Number(number) => request.answer(Ok(number)),
            Answer::Opened { handle, positioned } => request.answer_opened(handle, positioned),
            Answer::Error(errno) => request.answer(Err(Error::new(errno))),
        };
        // A client that is gone takes no answer, which is fine.
        let _ = self.socket.send(answer);
    }

    fn notify(&self, handle: usize) {
        // Whoever watched may be gone, which is fine.
        let _ = self.socket.send(scheme::Answer::something_to_read(handle));
    }
}

/// A request of a client.
#[derive(Debug)]
pub(crate) struct Client(Request);

impl ClientRequest for Client {
    fn opcode(&self) -> Option<Opcode> {
        self.0.opcode()
    }

    fn is_one_way(&self) -> bool {
        self.0.is_one_way()
    }

    fn handle(&self) -> usize {
        self.0.handle()
    }

    fn word(&self, index: usize) -> u64 {
        self.0.word(index)
    }

    fn opener_uid(&self) -> u32 {
        self.0.opener().uid
    }

    fn payload_size(&self) -> usize {
        self.0.payload_length()
    }

    fn copy_payload(&self, offset: usize, buffer: &mut [u8]) -> usize {
        self.0.copy_payload(offset, buffer)
    }

    fn fill_payload(&mut self, offset: usize, bytes: &[u8]) -> usize {
        self.0.fill_payload(offset, bytes)
    }
}
