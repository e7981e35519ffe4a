//! A swap queue as its thread in the daemon has it.

use swap_pager::ports::QueueId;
use zram_abi::record::{RECORD_SIZE, Record};
use zramd::platform::{Closed, SwapQueue};

use super::platform::Ground;
use crate::coroutine::{self, Rest};
use crate::kernel::windows::{View, blank};
use crate::machine::{Seat, lock};

/// The open file and its window.
pub(crate) struct Queue {
    ground: Ground,
    id: QueueId,
    window: Box<View>,
}

impl Queue {
    /// Returns the queue, which is open.
    pub(crate) fn new(ground: Ground, id: QueueId) -> Self {
        Self { ground, id, window: blank() }
    }

    fn record(&mut self, completed: &Record) -> Result<Record, Closed> {
        let own = Seat { life: self.ground.life, queue: self.id };
        loop {
            let next = {
                let mut machine = lock(&self.ground.machine);
                machine.queue_next(own, completed, &mut self.window)?
            };
            if let Some(record) = next {
                return Ok(record);
            }
            coroutine::rest(Rest::Sleep);
            let posted = lock(&self.ground.machine).queue_take(own, &mut self.window);
            if let Some(record) = posted {
                return Ok(record);
            }
        }
    }
}

impl SwapQueue for Queue {
    fn next(&mut self, bytes: &mut [u8; RECORD_SIZE]) -> Result<(), Closed> {
        let completed = Record::decode(bytes).expect("the daemon completes records");
        lock(&self.ground.machine).ledger.worked(self.id);
        coroutine::rest(Rest::Pause);
        *bytes = self.record(&completed)?.encode();
        coroutine::rest(Rest::Pause);
        lock(&self.ground.machine).ledger.begins(self.id);
        Ok(())
    }

    fn window(&mut self) -> &mut View {
        &mut self.window
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let Ok(mut machine) = self.ground.machine.try_lock() else { return };
        if machine.life == self.ground.life {
            machine.queue_closed(self.id);
        }
    }
}
