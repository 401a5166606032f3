//! Frames: headers checked as their bytes come (SPEC.md, section 1), bodies read to the last byte.
//!
//! Guarantees: a header is checked before its body is awaited or allocated; a body is at most the
//! limit that Hello announced, before and after decompression.
//! Not here: sockets, and which request a frame answers.

use crate::error::{Code, Error, Provenance};
use crate::lz4;
use crate::protocol::{
    COMPRESSION_PERCENT_MAX, COMPRESSION_SAMPLED_SIZE_MIN, COMPRESSION_SAMPLE_SIZE,
    COMPRESSION_SIZE_MIN, FLAG_COMPRESSED, FLAG_DEGRADED, FLAG_MORE, HEADER_SIZE,
    HEADER_SIZE_COUNTED, KIND_GO_AWAY, PROVENANCE_MOCK, PROVENANCE_REAL, RESPONSE_BIT, VERSION,
};

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

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn refuse(code: &str, found: u64, allowed: impl std::fmt::Display) -> Error {
    Error::damage(format!("reading a frame: {}: found {}, allowed: {}", code, found, allowed))
}

/// Checks as much of a header as is there, in the order of SPEC.md; `None`: fine so far.
pub fn check_header(
    bytes: &[u8],
    body_max: usize,
    may_compress: bool,
) -> Result<Option<Header>, Error> {
    if bytes.len() < 4 {
        return Ok(None);
    }
    let length = u32_at(bytes, 0) as usize;
    if length < HEADER_SIZE_COUNTED {
        return Err(refuse("length_too_small", length as u64, HEADER_SIZE_COUNTED));
    }
    let wire_size = length - HEADER_SIZE_COUNTED;
    if wire_size > body_max {
        return Err(refuse("length_too_large", length as u64, body_max + HEADER_SIZE_COUNTED));
    }
    match bytes.get(4) {
        Some(&found) if found != VERSION => {
            return Err(refuse("version_unsupported", found.into(), VERSION));
        }
        _ => {}
    }
    if bytes.len() < HEADER_SIZE {
        return Ok(None);
    }
    let (kind, flags, provenance) = (bytes[5], bytes[6], bytes[7]);
    let mut id = [0; 8];
    id.copy_from_slice(&bytes[8..16]);
    let request_id = u64::from_le_bytes(id);
    let (status, raw_size) = (u32_at(bytes, 16), u32_at(bytes, 20) as usize);
    if u32_at(bytes, 28) != 0 {
        return Err(refuse("reserved_not_zero", u32_at(bytes, 28).into(), 0));
    }
    if kind <= RESPONSE_BIT {
        return Err(refuse("kind_out_of_range", kind.into(), "129..255"));
    }
    if flags > (FLAG_COMPRESSED | FLAG_MORE | FLAG_DEGRADED) {
        return Err(refuse("flags_unknown", flags.into(), "bits 0, 1, 2"));
    }
    let provenance = match provenance {
        PROVENANCE_REAL => Provenance::Real,
        PROVENANCE_MOCK => Provenance::Mock,
        _ => return Err(refuse("provenance_invalid", provenance.into(), "1 or 2")),
    };
    let kind = kind & !RESPONSE_BIT;
    if (request_id == 0) != (kind == KIND_GO_AWAY) {
        return Err(refuse("request_id_invalid", request_id, "0 exactly in GoAway"));
    }
    if status != 0 && flags & (FLAG_MORE | FLAG_DEGRADED) != 0 {
        return Err(refuse("flags_conflict", flags.into(), "neither more nor degraded"));
    }
    if raw_size > body_max {
        return Err(refuse("raw_size_too_large", raw_size as u64, body_max));
    }
    if flags & FLAG_COMPRESSED == 0 {
        if raw_size != wire_size {
            return Err(refuse("raw_size_mismatch", raw_size as u64, wire_size));
        }
    } else if raw_size < COMPRESSION_SIZE_MIN || wire_size == 0 || wire_size >= raw_size {
        return Err(refuse("compression_not_useful", wire_size as u64, "a useful one"));
    } else if !may_compress {
        return Err(Error::damage("reading a frame: compressed, which Hello did not agree on"));
    }
    let generation = u32_at(bytes, 24);
    Ok(Some(Header {
        wire_size,
        kind,
        flags,
        provenance,
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
    pub fn take(&mut self, mut bytes: &[u8], frames: &mut Vec<Frame>) -> Result<(), Error> {
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

fn finish(header: Header, body: Vec<u8>) -> Result<Frame, Error> {
    if header.flags & FLAG_COMPRESSED == 0 {
        return Ok(Frame { header, body });
    }
    match lz4::decode(&body, header.raw_size) {
        Some(body) => Ok(Frame { header, body }),
        None => Err(refuse(
            "compressed_body_damaged",
            body.len() as u64,
            format!("a block of exactly {} bytes", header.raw_size),
        )),
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
) -> Result<Vec<u8>, Error> {
    let block = if compress_it { compress(body) } else { None };
    let sent = block.as_deref().unwrap_or(body);
    let (length, raw_size) =
        match (u32::try_from(sent.len() + HEADER_SIZE_COUNTED), u32::try_from(body.len())) {
            (Ok(length), Ok(raw_size)) => (length, raw_size),
            _ => return Err(Error::new(Code::RequestInvalid, "sending: more than 4 GiB of body")),
        };
    let mut frame = Vec::with_capacity(HEADER_SIZE + sent.len());
    frame.extend_from_slice(&length.to_le_bytes());
    let flags = if block.is_some() { FLAG_COMPRESSED } else { 0 };
    frame.extend_from_slice(&[VERSION, kind, flags, 0]);
    frame.extend_from_slice(&request_id.to_le_bytes());
    frame.extend_from_slice(&deadline_milliseconds.to_le_bytes());
    frame.extend_from_slice(&raw_size.to_le_bytes());
    frame.extend_from_slice(&[0; 8]);
    frame.extend_from_slice(sent);
    Ok(frame)
}
