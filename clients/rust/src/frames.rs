//! Frames: headers checked as their bytes come (SPEC.md, section 1), bodies read to the last byte.
//!
//! Guarantees: a header is checked before its body is awaited or allocated; a body is at most the
//! limit that Hello announced, before and after decompression.
//! Not here: sockets, and which request a frame answers.

use crate::errors::{error, Result};
use crate::lz4;
use crate::protocol::{
    Header, Provenance, COMPRESSION_PERCENT_MAX, COMPRESSION_SAMPLED_SIZE_MIN,
    COMPRESSION_SAMPLE_SIZE, COMPRESSION_SIZE_MIN, FLAG_COMPRESSED, FLAG_DEGRADED, FLAG_MORE,
    HEADER_SIZE, HEADER_SIZE_COUNTED, KIND_GO_AWAY, RESPONSE_BIT, VERSION,
};
use std::fmt::Display;

/// One frame of an answer, whose header was checked, decompressed.
#[derive(Debug)]
pub struct Frame {
    pub(crate) header: Header,
    pub provenance: Provenance,
    pub body: Vec<u8>,
}

impl Frame {
    pub fn is_last(&self) -> bool {
        self.header.flags & FLAG_MORE == 0
    }

    pub fn is_degraded(&self) -> bool {
        self.header.flags & FLAG_DEGRADED != 0
    }
}

/// A check: whether it fails, its code, what was found, what is allowed.
type Check<'a> = (bool, &'static str, u64, &'a dyn Display);

fn first_failure(checks: &[Check]) -> Result<()> {
    match checks.iter().find(|check| check.0) {
        None => Ok(()),
        Some((_, code, found, allowed)) => {
            Err(error!(ProtocolError, "reading a frame: {code}: found {found}, allowed: {allowed}"))
        }
    }
}

/// Checks as much of a header as is there, in the order of SPEC.md; `None`: fine so far.
pub(crate) fn check_header(
    bytes: &[u8],
    body_max: usize,
    may_compress: bool,
) -> Result<Option<(Header, Provenance)>> {
    let have = bytes.len().min(HEADER_SIZE);
    let mut padded = [0; HEADER_SIZE];
    padded[..have].copy_from_slice(&bytes[..have]);
    let header = Header::parse(&padded);
    let Header { version, kind, flags, request_id, reserved, .. } = header;
    let (length, raw_size) = (header.length as usize, header.raw_size as usize);
    let length_max = body_max + HEADER_SIZE_COUNTED;
    let found = length as u64;
    first_failure(&[
        (
            have >= 4 && length < HEADER_SIZE_COUNTED,
            "length_too_small",
            found,
            &HEADER_SIZE_COUNTED,
        ),
        (have >= 4 && length > length_max, "length_too_large", found, &length_max),
        (have >= 5 && version != VERSION, "version_unsupported", version.into(), &VERSION),
    ])?;
    if have < HEADER_SIZE {
        return Ok(None);
    }
    let wire_size = length - HEADER_SIZE_COUNTED;
    let provenance = Provenance::from_number(header.provenance);
    let is_go_away = kind == RESPONSE_BIT | KIND_GO_AWAY;
    let is_compressed = flags & FLAG_COMPRESSED != 0;
    let all_flags = FLAG_COMPRESSED | FLAG_MORE | FLAG_DEGRADED;
    let contradicts = header.status != 0 && flags & (FLAG_MORE | FLAG_DEGRADED) != 0;
    let is_useful = raw_size >= COMPRESSION_SIZE_MIN && (1..raw_size).contains(&wire_size);
    let (found_flags, sizes) = (flags.into(), (raw_size as u64, wire_size as u64));
    first_failure(&[
        (reserved != 0, "reserved_not_zero", reserved.into(), &0),
        (kind <= RESPONSE_BIT, "kind_out_of_range", kind.into(), &"129..255"),
        (flags > all_flags, "flags_unknown", found_flags, &"bits 0, 1, 2"),
        (provenance.is_none(), "provenance_invalid", header.provenance.into(), &"1 or 2"),
        ((request_id == 0) != is_go_away, "request_id_invalid", request_id, &"0 in GoAway only"),
        (contradicts, "flags_conflict", found_flags, &"neither more nor degraded"),
        (raw_size > body_max, "raw_size_too_large", sizes.0, &body_max),
        (!is_compressed && raw_size != wire_size, "raw_size_mismatch", sizes.0, &wire_size),
        (is_compressed && !is_useful, "compression_not_useful", sizes.1, &"a useful one"),
        (is_compressed && !may_compress, "compressed", sizes.1, &"what Hello agreed on"),
    ])?;
    Ok(provenance.map(|provenance| (header, provenance)))
}

/// Cuts a stream of bytes into frames. A plain value: no socket in it.
pub struct FrameReader {
    pub body_max: usize,
    pub may_compress: bool,
    /// Bytes of a header that is not whole.
    rest: Vec<u8>,
    /// A frame whose body is not whole.
    partial: Option<Frame>,
}

impl FrameReader {
    pub fn new(body_max: usize) -> Self {
        FrameReader { body_max, may_compress: false, rest: Vec::new(), partial: None }
    }

    /// Takes bytes as they came, appends the frames they complete.
    pub fn take(&mut self, mut bytes: &[u8], frames: &mut Vec<Frame>) -> Result<()> {
        loop {
            if let Some(mut frame) = self.partial.take() {
                let size = frame.header.length as usize - HEADER_SIZE_COUNTED - frame.body.len();
                let (more, after) = bytes.split_at(size.min(bytes.len()));
                frame.body.extend_from_slice(more);
                bytes = after;
                if more.len() < size {
                    self.partial = Some(frame);
                    return Ok(());
                }
                frames.push(decompressed(frame)?);
            }
            let size = bytes.len().min(HEADER_SIZE - self.rest.len());
            self.rest.extend_from_slice(&bytes[..size]);
            bytes = &bytes[size..];
            match check_header(&self.rest, self.body_max, self.may_compress)? {
                None => return Ok(()),
                Some((header, provenance)) => {
                    self.rest.clear();
                    let body = Vec::with_capacity(header.length as usize - HEADER_SIZE_COUNTED);
                    self.partial = Some(Frame { header, provenance, body });
                }
            }
        }
    }
}

fn decompressed(mut frame: Frame) -> Result<Frame> {
    if frame.header.flags & FLAG_COMPRESSED != 0 {
        let (size, found) = (frame.header.raw_size as usize, frame.body.len());
        frame.body = lz4::decode(&frame.body, size).ok_or_else(|| {
            let words = format!("found {found}, allowed: a block of exactly {size} bytes");
            error!(ProtocolError, "reading a frame: compressed_body_damaged: {words}")
        })?;
    }
    Ok(frame)
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
) -> Result<Vec<u8>> {
    let block = if compress_it { compress(body) } else { None };
    let sent = block.as_deref().unwrap_or(body);
    let too_large = |_| error!(RequestInvalid, "sending: more than 4 GiB of body");
    let length = u32::try_from(sent.len() + HEADER_SIZE_COUNTED).map_err(too_large)?;
    let raw_size = u32::try_from(body.len()).map_err(too_large)?;
    let flags = if block.is_some() { FLAG_COMPRESSED } else { 0 };
    let header = Header {
        length,
        version: VERSION,
        kind,
        flags,
        request_id,
        status: deadline_milliseconds,
        raw_size,
        ..Header::default()
    };
    Ok([&header.bytes(), sent].concat())
}
