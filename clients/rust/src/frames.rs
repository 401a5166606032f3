//! Frames: headers checked as soon as their bytes arrive (SPEC.md, section 1), and whole bodies.
//!
//! Guarantees: a header is checked before its body is awaited. At most the received bytes of one
//! frame are kept. A body is at most the limit from Hello, before and after decompression.
//! Not here: sockets, and the match of frames and requests.

use crate::errors::{error, Result};
use crate::lz4;
use crate::protocol::*;
use std::fmt::Display;

/// Buffer capacity kept after a whole frame, bytes.
const ROOM_KEPT: usize = 64 << 10;

/// One frame of an answer, with a checked header and a decompressed body.
#[derive(Debug)]
pub struct Frame {
    pub(crate) header: Header,
    pub provenance: Provenance,
    pub body: Vec<u8>,
}

/// A check: bytes needed, true on failure, code, value found, value allowed.
type Check<'a> = (usize, bool, &'static str, &'a dyn Display, &'a dyn Display);

/// Cuts a stream of bytes into frames, without a socket.
#[derive(Default)]
pub struct FrameReader {
    pub body_max: usize,
    pub may_compress: bool,
    /// Bytes of a frame that is not whole.
    pub rest: Vec<u8>,
}

impl FrameReader {
    /// Checks the bytes of a header that are present, in the order of SPEC.md. `None` for a part of
    /// a header without faults.
    pub fn check_header(&self, bytes: &[u8]) -> Result<Option<(Header, Provenance)>> {
        let have = bytes.len().min(HEADER_SIZE);
        let mut padded = [0; HEADER_SIZE];
        padded[..have].copy_from_slice(&bytes[..have]);
        let header = Header::parse(&padded);
        let Header { version, kind, flags, request_id, reserved, .. } = header;
        let (length, raw_size) = (header.length as usize, header.raw_size as usize);
        let length_max = self.body_max + HEADER_SIZE_COUNTED;
        let size = length.saturating_sub(HEADER_SIZE_COUNTED);
        let provenance = Provenance::from_number(header.provenance);
        let is_id_wrong = (request_id == 0) != (kind == RESPONSE_BIT | KIND_GO_AWAY);
        let is_compressed = header.is_compressed();
        let is_unagreed = is_compressed && !self.may_compress;
        let all_flags = FLAG_COMPRESSED | FLAG_MORE | FLAG_DEGRADED;
        let contradicts = header.status != 0 && (header.is_more() || header.is_degraded());
        let is_useful = raw_size >= COMPRESSION_SIZE_MIN && (1..raw_size).contains(&size);
        #[rustfmt::skip] // a table
        let checks: [Check; 13] = [
            (4, length < HEADER_SIZE_COUNTED, "length_too_small", &length, &HEADER_SIZE_COUNTED),
            (4, length > length_max, "length_too_large", &length, &length_max),
            (5, version != VERSION, "version_unsupported", &version, &VERSION),
            (32, reserved != 0, "reserved_not_zero", &reserved, &0),
            (32, kind <= RESPONSE_BIT, "kind_out_of_range", &kind, &"129..255"),
            (32, flags > all_flags, "flags_unknown", &flags, &"bits 0, 1, 2"),
            (32, provenance.is_none(), "provenance_invalid", &header.provenance, &"1 or 2"),
            (32, is_id_wrong, "request_id_invalid", &request_id, &"0 in GoAway"),
            (32, contradicts, "flags_conflict", &flags, &"neither more nor degraded"),
            (32, is_unagreed, "compression_not_agreed", &flags, &"plain bodies, see Hello"),
            (32, raw_size > self.body_max, "raw_size_too_large", &raw_size, &self.body_max),
            (32, !is_compressed && raw_size != size, "raw_size_mismatch", &raw_size, &size),
            (32, is_compressed && !is_useful, "compression_not_useful", &size, &"a useful one"),
        ];
        if let Some((_, _, code, found, allowed)) = checks.iter().find(|row| have >= row.0 && row.1)
        {
            let words = format!("{code}: found {found}, allowed: {allowed}");
            return Err(error!(ProtocolError, "reading a frame: {words}"));
        }
        Ok(provenance.filter(|_| have == HEADER_SIZE).map(|provenance| (header, provenance)))
    }

    /// Takes received bytes and appends the completed frames.
    pub fn take(&mut self, bytes: &[u8], frames: &mut Vec<Frame>) -> Result<()> {
        self.rest.extend_from_slice(bytes);
        let mut rest = &self.rest[..];
        while let Some((header, provenance)) = self.check_header(rest)? {
            let end = header.length as usize - HEADER_SIZE_COUNTED + HEADER_SIZE;
            if rest.len() < end {
                break;
            }
            let (sent, size) = (&rest[HEADER_SIZE..end], header.raw_size as usize);
            let body = match header.is_compressed() {
                false => sent.to_vec(),
                true => lz4::decode(sent, size).ok_or_else(|| {
                    let words = format!("found {}, allowed: a block of {size} bytes", sent.len());
                    error!(ProtocolError, "reading a frame: compressed_body_damaged: {words}")
                })?,
            };
            frames.push(Frame { header, provenance, body });
            rest = &rest[end..];
        }
        let used = self.rest.len() - rest.len();
        if used > 0 {
            self.rest.drain(..used);
            self.rest.shrink_to(ROOM_KEPT);
        }
        Ok(())
    }
}

/// Compresses a body. `None` when compression does not pay.
pub fn compress(body: &[u8]) -> Option<Vec<u8>> {
    let block_of = |bytes: &[u8]| lz4::encode(bytes, bytes.len() * COMPRESSION_PERCENT_MAX / 100);
    if body.len() < COMPRESSION_SIZE_MIN {
        return None;
    }
    if body.len() >= COMPRESSION_SAMPLED_SIZE_MIN {
        block_of(&body[(body.len() - COMPRESSION_SAMPLE_SIZE) / 2..][..COMPRESSION_SAMPLE_SIZE])?;
    }
    block_of(body)
}

/// Makes the header and body of a request, ready for one write.
pub fn request_frame(
    kind: u8, request_id: u64, deadline_milliseconds: u32, body: &[u8], may_compress: bool,
) -> Result<Vec<u8>> {
    let block = if may_compress { compress(body) } else { None };
    let sent = block.as_deref().unwrap_or(body);
    let length = u32::try_from(body.len() + HEADER_SIZE_COUNTED);
    length.map_err(|_| error!(RequestInvalid, "sending: more than 4 GiB of body"))?;
    let header = Header {
        length: (sent.len() + HEADER_SIZE_COUNTED) as u32, // at most the body's size
        version: VERSION,
        kind,
        flags: if block.is_some() { FLAG_COMPRESSED } else { 0 },
        request_id,
        status: deadline_milliseconds,
        raw_size: body.len() as u32,
        ..Header::default()
    };
    Ok([&header.bytes(), sent].concat())
}
