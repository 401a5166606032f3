//! A small random number generator for the tests, not for secrets.

use std::time::{SystemTime, UNIX_EPOCH};

/// A xorshift64* generator. The state is never 0.
pub struct Random(u64);

impl Random {
    /// Makes a generator. Equal seeds give equal numbers.
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Returns a seed that differs from run to run.
    pub fn seed_of_the_day() -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(1, |time| time.as_nanos() as u64)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }
}
