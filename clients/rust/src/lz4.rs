//! LZ4 blocks: a small codec, so that the crate needs no dependency.
//!
//! Guarantees: decoding stays within the block and makes exactly the given size, or fails. A match
//! offset of 0 is refused. Encoded blocks decode with any LZ4.
//! Not here: frames, dictionaries, levels. The encoder is greedy: each hash leads to one earlier
//! place.
//!
//! ```text
//!    token  lengths...  literals...  offset   lengths...     the last sequence ends
//!    [4|4]  [255..][n]  [........]   [lo hi]  [255..][n]     after its literals
//! ```

const MATCH_MIN: usize = 4;
/// Bytes at the end of a block that are always literals.
const LITERALS_LAST: usize = 5;
/// Smallest distance from a match's start to the end of the bytes.
const MATCH_START_LIMIT: usize = 12;
const OFFSET_MAX: usize = 65535;
const HASH_BITS: u32 = 13;

/// Decodes a block to exactly `size` bytes. `None` when the block is damaged.
pub fn decode(block: &[u8], size: usize) -> Option<Vec<u8>> {
    // A byte of a block decodes to at most 255 bytes, so a larger claim gets no room.
    let mut out = Vec::with_capacity(size.min(block.len() * 255));
    let mut rest = block;
    loop {
        let token = usize::from(take(&mut rest, 1)?[0]);
        let literals = length(&mut rest, token >> 4)?;
        out.extend_from_slice(take(&mut rest, literals)?);
        if rest.is_empty() || out.len() > size {
            return Some(out).filter(|out| out.len() == size);
        }
        let offset = take(&mut rest, 2)?;
        let offset = usize::from(offset[0]) | usize::from(offset[1]) << 8;
        let mut count = length(&mut rest, token & 15)?.checked_add(MATCH_MIN)?;
        if offset == 0 || offset > out.len() || count > size - out.len() {
            return None;
        }
        // Copies from `offset` bytes back. A match longer than `offset` repeats the bytes just
        // copied.
        let start = out.len() - offset;
        while count > 0 {
            let piece = count.min(out.len() - start);
            out.extend_from_within(start..start + piece);
            count -= piece;
        }
    }
}

/// Takes the next bytes of a block. `None` when fewer are left.
fn take<'b>(rest: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let taken = rest.get(..count)?;
    *rest = &rest[count..];
    Some(taken)
}

/// Reads a length that begins with four bits of a token.
fn length(rest: &mut &[u8], first: usize) -> Option<usize> {
    let (mut sum, mut goes_on) = (first, first == 15);
    while goes_on {
        let byte = take(rest, 1)?[0];
        sum = sum.checked_add(usize::from(byte))?;
        goes_on = byte == 255;
    }
    Some(sum)
}

/// Encodes `bytes` as a block of at most `room` bytes. `None` when the block does not fit.
pub fn encode(bytes: &[u8], room: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(room);
    let mut places = vec![0u32; 1 << HASH_BITS]; // position + 1 of the last place of a hash
    let (mut at, mut literals_from) = (0, 0);
    let last_start = bytes.len().saturating_sub(MATCH_START_LIMIT);
    let match_end = bytes.len().saturating_sub(LITERALS_LAST);
    while at < last_start && out.len() <= room {
        let word = word_at(bytes, at);
        let hash = (word.wrapping_mul(2_654_435_761) >> (32 - HASH_BITS)) as usize;
        let before = std::mem::replace(&mut places[hash], at as u32 + 1) as usize;
        if before == 0 || at + 1 - before > OFFSET_MAX || word_at(bytes, before - 1) != word {
            // The step grows while no match is found.
            at += 1 + ((at - literals_from) >> 6);
            continue;
        }
        let pairs = bytes[before - 1..].iter().zip(&bytes[at..match_end]);
        let count = pairs.take_while(|(old, new)| old == new).count();
        put_literals(&mut out, &bytes[literals_from..at], count - MATCH_MIN);
        out.extend_from_slice(&((at + 1 - before) as u16).to_le_bytes());
        put_length(&mut out, count - MATCH_MIN);
        at += count;
        literals_from = at;
    }
    put_literals(&mut out, &bytes[literals_from..], 0);
    Some(out).filter(|out| out.len() <= room)
}

fn word_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].try_into().map_or(0, u32::from_le_bytes)
}

/// Begins a sequence. `match_rest` is the match's length beyond `MATCH_MIN`, or 0 without a match.
fn put_literals(out: &mut Vec<u8>, literals: &[u8], match_rest: usize) {
    out.push((literals.len().min(15) << 4 | match_rest.min(15)) as u8);
    put_length(out, literals.len());
    out.extend_from_slice(literals);
}

/// Appends the part of a length that exceeds four bits of a token.
fn put_length(out: &mut Vec<u8>, length: usize) {
    if let Some(rest) = length.checked_sub(15) {
        out.resize(out.len() + rest / 255, 255);
        out.push((rest % 255) as u8);
    }
}
