//! CPU events: what `/scheme/cpu/events` delivers and what a subscriber answers.
//!
//! Opening the file delivers one event of sequence 0 and stage online for each CPU that is up;
//! these need no answer. After that there is one transition at a time: a subscriber reads an
//! [`Event`] and writes an [`Answer`] with the same sequence. On the way up an errno, a closed file
//! or a time-out refuses the CPU, and the subscribers that had agreed get [`Stage::UpAborted`]; on
//! the way down all of these count as agreement. An answer for another sequence gets ESTALE.

use crate::{CpuId, Stage};

/// Bytes of an encoded event or answer.
pub const EVENT_SIZE: usize = 16;

/// Linux's number for what makes no sense, which Redox has too.
const EINVAL: u32 = 22;

/// One step of one CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Number of the event; 0 for the CPUs that were up when the file was opened.
    pub sequence: u64,
    /// The CPU.
    pub cpu: CpuId,
    /// The step.
    pub stage: Stage,
}

/// A subscriber's answer to the event of the same sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Sequence of the event answered.
    pub sequence: u64,
    /// 0 agrees; an errno refuses, which counts on the way up only.
    pub errno: u32,
}

impl Event {
    /// Returns the bytes: sequence (8), cpu (4), stage (4).
    pub fn encode(self) -> [u8; EVENT_SIZE] {
        let stage = match self.stage {
            Stage::Prepare => 0,
            Stage::Online => 1,
            Stage::UpAborted => 2,
            Stage::Dying => 3,
            Stage::Dead => 4,
        };
        pack(Words { long: self.sequence, first: self.cpu.number(), second: stage })
    }

    /// Returns the event in `bytes`, or nothing if there is no such stage or CPU.
    pub fn decode(bytes: [u8; EVENT_SIZE]) -> Option<Self> {
        let Words { long: sequence, first: cpu, second: stage } = unpack(bytes);
        let stage = match stage {
            0 => Stage::Prepare,
            1 => Stage::Online,
            2 => Stage::UpAborted,
            3 => Stage::Dying,
            4 => Stage::Dead,
            _ => return None,
        };
        Some(Self { sequence, cpu: CpuId::new(cpu)?, stage })
    }
}

impl Answer {
    /// Returns the answer that refuses, with EINVAL, the event of these bytes, which has no meaning
    /// for us.
    pub fn refusing(event: [u8; EVENT_SIZE]) -> Self {
        let Words { long: sequence, .. } = unpack(event);
        Self { sequence, errno: EINVAL }
    }

    /// Returns the bytes: sequence (8), errno (4), zero (4).
    pub fn encode(self) -> [u8; EVENT_SIZE] {
        pack(Words { long: self.sequence, first: self.errno, second: 0 })
    }

    /// Returns the answer in `bytes`, or nothing if the last word is not zero.
    pub fn decode(bytes: [u8; EVENT_SIZE]) -> Option<Self> {
        let Words { long: sequence, first: errno, second: zero } = unpack(bytes);
        (zero == 0).then_some(Self { sequence, errno })
    }
}

/// The words that an event and its answer consist of, in their order.
struct Words {
    long: u64,
    first: u32,
    second: u32,
}

fn pack(Words { long, first, second }: Words) -> [u8; EVENT_SIZE] {
    let mut bytes = [0; EVENT_SIZE];
    bytes[..8].copy_from_slice(&long.to_le_bytes());
    bytes[8..12].copy_from_slice(&first.to_le_bytes());
    bytes[12..].copy_from_slice(&second.to_le_bytes());
    bytes
}

fn unpack(bytes: [u8; EVENT_SIZE]) -> Words {
    let number = u128::from_le_bytes(bytes);
    Words { long: number as u64, first: (number >> 64) as u32, second: (number >> 96) as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_these_golden_bytes() {
        let event = Event { sequence: 0x0102, cpu: CpuId::new(3).unwrap(), stage: Stage::Dying };
        let bytes = [2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0];
        assert_eq!(event.encode(), bytes);
        assert_eq!(Event::decode(bytes), Some(event));
    }

    #[test]
    fn an_answer_has_these_golden_bytes() {
        let answer = Answer { sequence: 9, errno: 12 };
        let bytes = [9, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(answer.encode(), bytes);
        assert_eq!(Answer::decode(bytes), Some(answer));
    }

    #[test]
    fn an_event_of_a_cpu_that_cannot_be_is_refused() {
        let mut bytes = [0; EVENT_SIZE];
        bytes[8] = 128;
        bytes[0] = 7;
        assert_eq!(Event::decode(bytes), None);
        assert_eq!(Answer::refusing(bytes), Answer { sequence: 7, errno: 22 });
    }

    #[test]
    fn an_unknown_stage_or_a_dirty_answer_is_refused() {
        let mut bytes = [0; EVENT_SIZE];
        bytes[12] = 5;
        assert_eq!(Event::decode(bytes), None);
        assert_eq!(Answer::decode(bytes), None);
    }
}
