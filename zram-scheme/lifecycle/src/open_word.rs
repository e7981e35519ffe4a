//! The users of a device: {claimed, generation, opens} in one atomic word.
//!
//! An open is a compare-and-swap that fails while the device is claimed; the actor claims only at
//! zero opens. So no open ever reaches the device's content, which the claim guards, while the
//! content goes away. The generation counts contents: it changes when one was thrown away, so that
//! an older cookie of `SWAP_ATTACH` never reaches another content (I-10). A device that does not
//! exist is claimed.
//!
//! | field | bits |
//! | --- | --- |
//! | claimed | 63 |
//! | generation | 32 to 47 |
//! | opens | 0 to 31 |
//!
//! Neighbour: `table.rs` has one for each device.

use crate::sync::{AtomicU64, Ordering};

/// The word's fields; the transitions below are pure, so that the model checker runs them too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fields {
    /// The actor has the device to itself.
    pub claimed: bool,
    /// Counts contents, and wraps.
    pub generation: u16,
    /// How often the device is open.
    pub opens: u32,
}

/// Why an open was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The actor has the device to itself.
    Claimed,
    /// The content asked for is gone.
    OtherGeneration,
}

/// A claim was refused: the device is open, or claimed already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InUse;

/// What a claimed device is let go as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// It has the content it had.
    Unchanged,
    /// It has lost its content.
    Emptied,
}

const CLAIMED: u64 = 1 << 63;
const GENERATION_SHIFT: u32 = 32;

impl Fields {
    /// Of a device that does not exist.
    pub const ABSENT: Self = Self { claimed: true, generation: 0, opens: 0 };

    /// Returns the word with these fields.
    pub(crate) const fn pack(self) -> u64 {
        let claimed = if self.claimed { CLAIMED } else { 0 };
        claimed | (self.generation as u64) << GENERATION_SHIFT | self.opens as u64
    }

    /// Returns the fields of the word.
    pub(crate) const fn unpack(word: u64) -> Self {
        Self {
            claimed: word & CLAIMED != 0,
            generation: (word >> GENERATION_SHIFT) as u16,
            opens: word as u32,
        }
    }

    /// Returns the fields after an open, of that generation if one is given.
    ///
    /// # Errors
    ///
    /// Any [`OpenError`].
    ///
    /// # Panics
    ///
    /// At 2^32 opens; handles and queue threads are far fewer.
    pub fn opened(self, generation: Option<u16>) -> Result<Self, OpenError> {
        if self.claimed {
            return Err(OpenError::Claimed);
        }
        if generation.is_some_and(|wanted| wanted != self.generation) {
            return Err(OpenError::OtherGeneration);
        }
        let opens = self.opens.checked_add(1).expect("opens are bounded by handles and threads");
        Ok(Self { opens, ..self })
    }

    /// Returns the fields after a close.
    ///
    /// # Panics
    ///
    /// If the device is not open.
    pub fn closed(self) -> Self {
        let opens = self.opens.checked_sub(1).expect("each close has its open");
        Self { opens, ..self }
    }

    /// Returns the fields after a claim.
    ///
    /// # Errors
    ///
    /// [`InUse`].
    pub const fn claim(self) -> Result<Self, InUse> {
        if self.claimed || self.opens > 0 {
            return Err(InUse);
        }
        Ok(Self { claimed: true, ..self })
    }

    /// Returns the fields after the claim was given up.
    ///
    /// # Panics
    ///
    /// If the device is not claimed.
    pub fn released(self, release: Release) -> Self {
        assert!(self.claimed, "only a claimed device is released");
        let generation = match release {
            Release::Unchanged => self.generation,
            Release::Emptied => self.generation.wrapping_add(1),
        };
        Self { claimed: false, generation, ..self }
    }
}

/// The word of one device.
#[derive(Debug)]
pub struct OpenWord(AtomicU64);

impl OpenWord {
    /// Returns the word of a device that does not exist.
    pub fn absent() -> Self {
        Self(AtomicU64::new(Fields::ABSENT.pack()))
    }

    /// Returns the fields as they were a moment ago.
    pub fn fields(&self) -> Fields {
        // Relaxed: who decides by this reads under the lock that the deciding change is made under.
        Fields::unpack(self.0.load(Ordering::Relaxed))
    }

    /// Counts one more open, of that generation if one is given.
    ///
    /// # Errors
    ///
    /// Any [`OpenError`].
    pub fn open(&self, generation: Option<u16>) -> Result<(), OpenError> {
        self.change(|fields| fields.opened(generation))
    }

    /// Counts one open less.
    ///
    /// # Panics
    ///
    /// If the device is not open.
    pub fn close(&self) {
        let Ok(()) = self.change(|fields| Ok::<_, core::convert::Infallible>(fields.closed()));
    }

    /// Keeps opens out.
    ///
    /// # Errors
    ///
    /// [`InUse`].
    pub fn claim(&self) -> Result<(), InUse> {
        self.change(Fields::claim)
    }

    /// Lets opens in again.
    ///
    /// # Panics
    ///
    /// If the device is not claimed.
    pub fn release(&self, release: Release) {
        let Ok(()) =
            self.change(|fields| Ok::<_, core::convert::Infallible>(fields.released(release)));
    }

    fn change<E>(&self, change: impl Fn(Fields) -> Result<Fields, E>) -> Result<(), E> {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let next = change(Fields::unpack(word))?.pack();
            // AcqRel: what was done with the content before a close or release happens before what
            // a later claim or open does with it. Relaxed on failure: the loop looks again.
            let swapped =
                self.0.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Relaxed);
            match swapped {
                Ok(_) => return Ok(()),
                Err(found) => word = found,
            }
        }
    }
}

#[cfg(test)]
mod tests;
