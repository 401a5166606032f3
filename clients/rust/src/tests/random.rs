//! A small random number generator for the tests, not for secrets.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// A xorshift64* generator. The state is never 0.
pub struct Random(u64);

impl Random {
    /// Makes a generator. Equal seeds give equal numbers.
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Makes a generator from `ASSAY_SEED`, or else from a seed that differs from run to run, and
    /// prints the seed.
    pub fn seeded() -> Self {
        let given = std::env::var("ASSAY_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        println!("seed {} (ASSAY_SEED)", seed);
        Random::new(seed)
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

    /// Replaces a byte.
    pub fn damage(&mut self, bytes: &mut [u8]) {
        let at = self.below(bytes.len() as u64) as usize;
        bytes[at] = self.next() as u8;
    }
}
