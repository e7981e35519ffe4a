//! The scheme's socket and the requests that clients send through it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use syscall::schemev2::Opcode;
use zramd::platform::{Answer, ClientRequest, Closed, Socket};

use crate::coroutine::{self, Rest};

/// A request on its way, or answered.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) number: u64,
    pub(crate) opcode: Opcode,
    pub(crate) handle: usize,
    /// The arguments from the third on.
    pub(crate) words: [u64; 3],
    pub(crate) payload: Vec<u8>,
}

impl ClientRequest for Call {
    fn opcode(&self) -> Option<Opcode> {
        Some(self.opcode)
    }

    fn is_one_way(&self) -> bool {
        matches!(self.opcode, Opcode::CloseMsg)
    }

    fn handle(&self) -> usize {
        self.handle
    }

    fn word(&self, index: usize) -> u64 {
        index.checked_sub(3).and_then(|at| self.words.get(at)).copied().unwrap_or(0)
    }

    fn opener_uid(&self) -> u32 {
        0
    }

    fn payload_size(&self) -> usize {
        self.payload.len()
    }

    fn copy_payload(&self, offset: usize, buffer: &mut [u8]) -> usize {
        let rest = self.payload.get(offset..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        count
    }

    fn fill_payload(&mut self, offset: usize, bytes: &[u8]) -> usize {
        let rest = self.payload.get_mut(offset..).unwrap_or_default();
        let count = rest.len().min(bytes.len());
        rest[..count].copy_from_slice(&bytes[..count]);
        count
    }
}

/// Requests in order of arrival, and answers by number.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    pub(crate) requests: VecDeque<Call>,
    pub(crate) answers: BTreeMap<u64, (Answer, Vec<u8>)>,
}

/// The daemon's end of the wire.
pub(crate) struct End {
    pub(crate) wire: Arc<Mutex<Wire>>,
    pub(crate) stir: Arc<AtomicBool>,
}

impl Socket for End {
    type Request = Call;

    fn receive(&self, requests: &mut Vec<Call>) -> Result<(), Closed> {
        loop {
            let request = self.wire.lock().expect("nobody panics here").requests.pop_front();
            if let Some(request) = request {
                requests.push(request);
                return Ok(());
            }
            coroutine::rest(Rest::Sleep);
        }
    }

    fn answer(&self, request: Call, answer: Answer) {
        let mut wire = self.wire.lock().expect("nobody panics here");
        let before = wire.answers.insert(request.number, (answer, request.payload));
        assert!(before.is_none(), "request {} is answered twice", request.number);
        self.stir.store(true, Ordering::SeqCst);
    }
}
