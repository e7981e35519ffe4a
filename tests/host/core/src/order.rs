//! Pseudo-random numbers: the same seed gives the same numbers.

/// A generator of 64-bit numbers (splitmix64, Steele and others, OOPSLA 2014).
#[derive(Clone, Copy, Debug)]
pub struct Random(u64);

impl Random {
    /// Returns the generator that `seed` starts.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Returns a number below `end`, which is not 0.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Returns an index below `end`, which is not 0.
    pub const fn index(&mut self, end: usize) -> usize {
        self.below(end as u64) as usize
    }

    /// Returns true once in `times` on average; never for 0.
    pub const fn once_in(&mut self, times: usize) -> bool {
        times != 0 && self.index(times) == 0
    }

    /// Returns one of `choices`, which are not empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }
}

/// Spreads the bits of a number.
pub const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Every number below a count, once, in an order that looks random; needs no memory.
///
/// Walks the numbers below the next power of four through four rounds of a Feistel network, which
/// is a permutation, and skips those that are not below the count.
#[derive(Clone, Copy, Debug)]
pub struct Shuffled {
    count: u64,
    half_bits: u32,
    next: u64,
    key: u64,
}

impl Shuffled {
    /// Returns the order of `count` numbers that `seed` chooses.
    pub fn new(count: u64, seed: u64) -> Self {
        let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
        Self { count, half_bits: bits.div_ceil(2).max(1), next: 0, key: mix(seed) }
    }

    fn permuted(&self, number: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for round in 0..4 {
            let scrambled = mix(right ^ self.key.wrapping_add(round)) & mask;
            (left, right) = (right, left ^ scrambled);
        }
        left << self.half_bits | right
    }
}

impl Iterator for Shuffled {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        while self.next < 1 << (2 * self.half_bits) {
            let number = self.permuted(self.next);
            self.next += 1;
            if number < self.count {
                return Some(number);
            }
        }
        None
    }
}
