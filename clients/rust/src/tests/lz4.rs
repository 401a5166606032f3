//! Tests of LZ4 blocks: round trips, damage.

use super::random::Random;
use crate::lz4::*;

/// "abc", then nine bytes from three back, then five literals.
const BLOCK: [u8; 12] = [0x35, b'a', b'b', b'c', 3, 0, 0x50, b'1', b'2', b'3', b'4', b'5'];

#[test]
fn decodes_literals_and_an_overlapping_match() {
    assert_eq!(decode(&BLOCK, 17).as_deref(), Some(&b"abcabcabcabc12345"[..]));
}

#[test]
fn refuses_damage() {
    assert_eq!(decode(&BLOCK, 16), None, "one byte less");
    assert_eq!(decode(&BLOCK, 18), None, "one byte more");
    for end in 0..BLOCK.len() {
        assert_eq!(decode(&BLOCK[..end], 17), None, "cut at {}", end);
    }
    for (offset, what) in [(0, "a match that points at itself"), (4, "from before the start")] {
        let mut block = BLOCK;
        block[4] = offset;
        assert_eq!(decode(&block, 17), None, "{}", what);
    }
    assert_eq!(decode(&[0x10, b'a'], usize::MAX), None, "a size that is a lie");
}

#[test]
fn what_is_encoded_decodes_to_itself() {
    let mut random = Random::seeded();
    for round in 0..2000 {
        let size = random.below(if round % 50 == 0 { 100_000 } else { 600 }) as usize;
        let letters = 1 + random.below(5);
        let bytes: Vec<u8> = (0..size)
            .map(|_| match random.below(40) {
                0 => random.next() as u8,
                _ => random.below(letters) as u8,
            })
            .collect();
        let room = size + size / 200 + 32;
        let block = encode(&bytes, room).expect("room for everything");
        assert_eq!(decode(&block, size), Some(bytes), "round {}", round);
    }
}

#[test]
fn damaged_blocks_never_panic() {
    let mut random = Random::seeded();
    let bytes: Vec<u8> = (0..3000u32).map(|at| (at / 7 % 11) as u8).collect();
    let block = encode(&bytes, 4000).expect("compresses");
    for _ in 0..20_000 {
        let mut broken = block.clone();
        for _ in 0..=random.below(3) {
            random.damage(&mut broken);
        }
        broken.truncate(1 + random.below(broken.len() as u64) as usize);
        if let Some(out) = decode(&broken, bytes.len()) {
            assert_eq!(out.len(), bytes.len());
        }
    }
}

#[test]
fn gives_up_when_there_is_no_room() {
    let mut random = Random::new(7);
    let noise: Vec<u8> = (0..2000).map(|_| random.next() as u8).collect();
    assert_eq!(encode(&noise, 1800), None);
    assert!(encode(&[0; 2000], 1800).expect("zeros").len() < 100);
}
