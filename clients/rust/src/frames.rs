//! Frames: headers checked as their bytes come (SPEC.md, section 1), bodies read to the last byte.
//!
//! Guarantees: a header is checked before its body is awaited or allocated; a body is at most the
//! limit that Hello announced, before and after decompression.
//! Not here: sockets, and which request a frame answers.

use crate::errors::{error, AssayError, Provenance};
use crate::lz4;
use crate::protocol::{
    COMPRESSION_PERCENT_MAX, COMPRESSION_SAMPLED_SIZE_MIN, COMPRESSION_SAMPLE_SIZE,
    COMPRESSION_SIZE_MIN, FLAG_COMPRESSED, FLAG_DEGRADED, FLAG_MORE, HEADER_SIZE,
    HEADER_SIZE_COUNTED, KIND_GO_AWAY, PROVENANCE_MOCK, PROVENANCE_REAL, RESPONSE_BIT, VERSION,
};
use std::fmt::Display;

/// What a response's header says.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    pub wire_size: usize,
    /// Kind of the request that is answered.
    pub kind: u8,
    pub flags: u8,
    pub provenance: Provenance,
    pub request_id: u64,
    pub status: u32,
    pub raw_size: usize,
    pub generation: u32,
}

impl Header {
    pub fn is_last(&self) -> bool {
        self.flags & FLAG_MORE == 0
    }

    pub fn is_degraded(&self) -> bool {
        self.flags & FLAG_DEGRADED != 0
    }
}

/// One frame, decompressed.
#[derive(Debug)]
pub struct Frame {
    pub header: Header,
    pub body: Vec<u8>,
}

/// A check: whether it fails, its code, what was found, what is allowed.
type Check<'a> = (bool, &'static str, u64, &'a dyn Display);

fn first_failure(checks: &[Check]) -> Result<(), AssayError> {
    match checks.iter().find(|check| check.0) {
        None => Ok(()),
        Some((_, code, found, allowed)) => {
            Err(error!(ProtocolError, "reading a frame: {code}: found {found}, allowed: {allowed}"))
        }
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Checks as much of a header as is there, in the order of SPEC.md; `None`: fine so far.
pub fn check_header(
    bytes: &[u8],
    body_max: usize,
    may_compress: bool,
) -> Result<Option<Header>, AssayError> {
    if bytes.len() < 4 {
        return Ok(None);
    }
    let length = u32_at(bytes, 0) as usize;
    let length_max = body_max + HEADER_SIZE_COUNTED;
    let version = bytes.get(4).copied().unwrap_or(VERSION);
    first_failure(&[
        (length < HEADER_SIZE_COUNTED, "length_too_small", length as u64, &HEADER_SIZE_COUNTED),
        (length > length_max, "length_too_large", length as u64, &length_max),
        (version != VERSION, "version_unsupported", version.into(), &VERSION),
    ])?;
    if bytes.len() < HEADER_SIZE {
        return Ok(None);
    }
    let wire_size = length - HEADER_SIZE_COUNTED;
    let (kind, flags, provenance) = (bytes[5], bytes[6], bytes[7]);
    let request_id = u64::from(u32_at(bytes, 12)) << 32 | u64::from(u32_at(bytes, 8));
    let (status, raw_size) = (u32_at(bytes, 16), u32_at(bytes, 20) as usize);
    let (generation, reserved) = (u32_at(bytes, 24), u32_at(bytes, 28));
    let is_go_away = kind == RESPONSE_BIT | KIND_GO_AWAY;
    let is_known = matches!(provenance, PROVENANCE_REAL | PROVENANCE_MOCK);
    let is_compressed = flags & FLAG_COMPRESSED != 0;
    let all_flags = FLAG_COMPRESSED | FLAG_MORE | FLAG_DEGRADED;
    let contradicts = status != 0 && flags & (FLAG_MORE | FLAG_DEGRADED) != 0;
    let is_useful = raw_size >= COMPRESSION_SIZE_MIN && (1..raw_size).contains(&wire_size);
    let (found_flags, sizes) = (flags.into(), (raw_size as u64, wire_size as u64));
    first_failure(&[
        (reserved != 0, "reserved_not_zero", reserved.into(), &0),
        (kind <= RESPONSE_BIT, "kind_out_of_range", kind.into(), &"129..255"),
        (flags > all_flags, "flags_unknown", found_flags, &"bits 0, 1, 2"),
        (!is_known, "provenance_invalid", provenance.into(), &"1 or 2"),
        ((request_id == 0) != is_go_away, "request_id_invalid", request_id, &"0 in GoAway only"),
        (contradicts, "flags_conflict", found_flags, &"neither more nor degraded"),
        (raw_size > body_max, "raw_size_too_large", sizes.0, &body_max),
        (!is_compressed && raw_size != wire_size, "raw_size_mismatch", sizes.0, &wire_size),
        (is_compressed && !is_useful, "compression_not_useful", sizes.1, &"a useful one"),
        (is_compressed && !may_compress, "compressed", sizes.1, &"what Hello agreed on"),
    ])?;
    let is_mock = provenance == PROVENANCE_MOCK;
    Ok(Some(Header {
        wire_size,
        kind: kind & !RESPONSE_BIT,
        flags,
        provenance: if is_mock { Provenance::Mock } else { Provenance::Real },
        request_id,
        status,
        raw_size,
        generation,
    }))
}

/// Cuts a stream of bytes into frames. A plain value: no socket in it.
pub struct FrameReader {
    pub body_max: usize,
    pub may_compress: bool,
    /// Bytes of a header that is not whole.
    rest: Vec<u8>,
    partial: Option<(Header, Vec<u8>)>,
}

impl FrameReader {
    pub fn new(body_max: usize) -> Self {
        FrameReader { body_max, may_compress: false, rest: Vec::new(), partial: None }
    }

    /// Takes bytes as they came, appends the frames they complete.
    pub fn take(&mut self, mut bytes: &[u8], frames: &mut Vec<Frame>) -> Result<(), AssayError> {
        loop {
            if let Some((header, mut body)) = self.partial.take() {
                let size = bytes.len().min(header.wire_size - body.len());
                body.extend_from_slice(&bytes[..size]);
                bytes = &bytes[size..];
                if body.len() < header.wire_size {
                    self.partial = Some((header, body));
                    return Ok(());
                }
                frames.push(finish(header, body)?);
            }
            if bytes.is_empty() {
                return Ok(());
            }
            let size = bytes.len().min(HEADER_SIZE - self.rest.len());
            self.rest.extend_from_slice(&bytes[..size]);
            bytes = &bytes[size..];
            match check_header(&self.rest, self.body_max, self.may_compress)? {
                Some(header) => {
                    self.rest.clear();
                    self.partial = Some((header, Vec::with_capacity(header.wire_size)));
                }
                None => return Ok(()),
            }
        }
    }
}

fn finish(header: Header, body: Vec<u8>) -> Result<Frame, AssayError> {
    if header.flags & FLAG_COMPRESSED == 0 {
        return Ok(Frame { header, body });
    }
    match lz4::decode(&body, header.raw_size) {
        Some(body) => Ok(Frame { header, body }),
        None => {
            let allowed = format!("a block of exactly {} bytes", header.raw_size);
            let found = format!("reading a frame: compressed_body_damaged: found {}", body.len());
            Err(error!(ProtocolError, "{found}, allowed: {allowed}"))
        }
    }
}

/// The block to send for a body; `None`: it does not pay.
pub fn compress(body: &[u8]) -> Option<Vec<u8>> {
    let room = |size: usize| size * COMPRESSION_PERCENT_MAX / 100;
    if body.len() < COMPRESSION_SIZE_MIN {
        return None;
    }
    if body.len() >= COMPRESSION_SAMPLED_SIZE_MIN {
        let start = (body.len() - COMPRESSION_SAMPLE_SIZE) / 2;
        let middle = &body[start..start + COMPRESSION_SAMPLE_SIZE];
        lz4::encode(middle, room(middle.len()))?;
    }
    lz4::encode(body, room(body.len()))
}

/// Header and body of a request, ready to be written at once.
pub fn request_frame(
    kind: u8,
    request_id: u64,
    deadline_milliseconds: u32,
    body: &[u8],
    compress_it: bool,
) -> Result<Vec<u8>, AssayError> {
    let block = if compress_it { compress(body) } else { None };
    let sent = block.as_deref().unwrap_or(body);
    let too_large = |_| error!(RequestInvalid, "sending: more than 4 GiB of body");
    let length = u32::try_from(sent.len() + HEADER_SIZE_COUNTED).map_err(too_large)?;
    let raw_size = u32::try_from(body.len()).map_err(too_large)?;
    let flags = if block.is_some() { FLAG_COMPRESSED } else { 0 };
    let mut frame = Vec::with_capacity(HEADER_SIZE + sent.len());
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&[VERSION, kind, flags, 0]);
    frame.extend_from_slice(&request_id.to_le_bytes());
    frame.extend_from_slice(&deadline_milliseconds.to_le_bytes());
    frame.extend_from_slice(&raw_size.to_le_bytes());
    frame.extend_from_slice(&[0; 8]);
    frame.extend_from_slice(sent);
    Ok(frame)
}
