//! Bodies: message fields, read and written by tables (SPEC.md, section 2).
//!
//! Guarantees: no field is ignored and no value is clamped. A size is checked against the bytes
//! present before memory is allocated. A value that its row forbids is refused with the code of the
//! specification and the path of the field.
//! Not here: frames, and rules between the frames of an answer (see `answers`). Checking, writing
//! and reading share this file, since they must agree.

use crate::protocol::*;

/// Receiver of a message's values, each with its index in the table.
pub type See<'a> = dyn FnMut(usize, Place) -> Result<(), BodyError> + 'a;

/// A message struct of `protocol`.
pub trait Message {
    /// Returns the table of fields.
    fn table(&self) -> &'static Table;
    /// Calls `see` with each value present, in table order.
    fn each(&mut self, see: &mut See) -> Result<(), BodyError>;
    /// Adds a value to the field at index `place` of the table. A single field keeps its one value.
    /// `None` when the table has no such index.
    fn add(&mut self, place: usize) -> Option<Place<'_>>;
    /// Returns the frame's number within its answer, when the message has the field.
    fn frame(&self) -> Option<u64>;
    /// Returns the details on the answering model, when the message has the field.
    fn answer(&self) -> Option<&Answer>;
    /// Returns the request's place among related requests, when the message has the field.
    fn context(&mut self) -> Option<&mut Option<RequestContext>>;
    /// Returns the demands on the model, when the message has the field.
    fn requirements(&mut self) -> Option<&mut Option<Requirements>>;
}

/// A message that is the body of a request.
pub trait Request: Message + Clone {
    /// Kind of the request.
    const KIND: &'static Kind;
    /// Body of each frame before the last.
    type Chunk: Message + Default;
    /// Body of the last frame.
    type Response: Message + Default;
}

/// A fault in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyError {
    /// A code of SPEC.md, section 2.
    pub code: &'static str,
    /// Path of the field.
    pub path: String,
}

impl BodyError {
    fn new(code: &'static str, path: impl Into<String>) -> Self {
        BodyError { code, path: path.into() }
    }

    fn inside(mut self, name: &str) -> Self {
        self.path = format!("{name}.{}", self.path).trim_end_matches('.').to_owned();
        self
    }
}

// ---------------------------------------------------------------- checks

/// True for a traceparent of version 00 with a nonzero trace and parent.
fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &&str| part.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    let is_zero = |part: &&str| part.bytes().all(|byte| byte == b'0');
    let parts: Vec<&str> = text.split('-').collect();
    let has_form = parts.iter().map(|part| part.len()).eq([2, 32, 16, 2]);
    has_form && parts.iter().all(is_hex) && parts[0] == "00" && !parts[1..3].iter().any(is_zero)
}

/// Checks one value against its row.
fn check(row: &Field, place: &Place) -> Result<(), BodyError> {
    let has_size = |size: usize| (row.bounds.0..=row.bounds.1).contains(&(size as u64));
    let is_allowed = match place {
        Place::U64(value) => (row.bounds.0..=row.bounds.1).contains(*value),
        Place::F64(value) if row.above_min && **value <= row.numbers.0 => false,
        Place::F64(value) => (row.numbers.0..=row.numbers.1).contains(*value),
        Place::Text(value) if row.is_traceparent => is_traceparent(value),
        Place::Text(value) if !row.choices.is_empty() => row.choices.contains(&value.as_str()),
        Place::Text(value) => has_size(value.len()),
        Place::Bytes(value) => has_size(value.len()),
        Place::U32s(value) => has_size(value.len()),
        Place::F32s(value) => has_size(value.len()),
        Place::Bool(_) | Place::Record(_) => true,
    };
    is_allowed.then_some(()).ok_or_else(|| BodyError::new("field_out_of_range", row.name))
}

/// Checks the number of values of each field, and the rules between fields.
fn check_times(table: &Table, times: &[usize]) -> Result<(), BodyError> {
    let wrong = |code, place: usize| Err(BodyError::new(code, table.fields[place].name));
    for (place, row) in table.fields.iter().enumerate() {
        if !(row.times.0..=row.times.1).contains(&times[place]) {
            let is_lacking = times[place] < row.times.0;
            return wrong(if is_lacking { "field_missing" } else { "field_repeated" }, place);
        }
    }
    let is_given = |place: &&usize| times[**place] > 0;
    if !table.one_of.is_empty() && !table.one_of.iter().any(|place| is_given(&place)) {
        return wrong("field_missing", table.one_of[0]);
    }
    for together in table.excludes {
        if let Some(place) = together.iter().filter(is_given).skip(1).last() {
            return wrong("field_conflict", *place);
        }
    }
    Ok(())
}

// ---------------------------------------------------------------- writing

/// A body, and the lowest revision with all of its fields and words.
pub(crate) struct Encoded {
    pub body: Vec<u8>,
    pub since: u64,
}

/// Writes a message as a body.
pub(crate) fn encode(message: &mut dyn Message) -> Result<Encoded, BodyError> {
    let mut encoded = Encoded { body: Vec::new(), since: 1 };
    encoded.put(message).map(|()| encoded)
}

impl Encoded {
    fn put(&mut self, message: &mut dyn Message) -> Result<(), BodyError> {
        let table = message.table();
        let mut times = vec![0; table.fields.len()];
        message.each(&mut |place, value| {
            times[place] += 1;
            self.put_value(&table.fields[place], value)
        })?;
        check_times(table, &times)
    }

    fn put_value(&mut self, row: &Field, place: Place) -> Result<(), BodyError> {
        check(row, &place)?;
        let is_given = |late: &&(&str, u64)| matches!(&place, Place::Text(word) if *word == late.0);
        let late = row.words_since.iter().find(is_given);
        self.since = self.since.max(late.map_or(row.since, |late| late.1));
        self.body.extend_from_slice(&row.id.to_le_bytes());
        self.body.extend_from_slice(&[row.kind, 0, 0, 0, 0, 0]);
        let start = self.body.len();
        match place {
            Place::U64(value) => self.body.extend_from_slice(&value.to_le_bytes()),
            Place::F64(value) => self.body.extend_from_slice(&value.to_le_bytes()),
            Place::Bytes(value) => self.body.extend_from_slice(value),
            Place::Text(value) => self.body.extend_from_slice(value.as_bytes()),
            Place::U32s(value) => value.iter().for_each(|one| self.body.extend(one.to_le_bytes())),
            Place::F32s(value) => value.iter().for_each(|one| self.body.extend(one.to_le_bytes())),
            Place::Bool(value) => self.body.push(u8::from(*value)),
            Place::Record(message) => self.put(message).map_err(|error| error.inside(row.name))?,
        }
        let size = u32::try_from(self.body.len() - start)
            .map_err(|_| BodyError::new("field_out_of_range", row.name))?;
        self.body[start - 4..start].copy_from_slice(&size.to_le_bytes());
        Ok(())
    }
}

// ---------------------------------------------------------------- reading

/// Reads a whole body or record into an empty message.
pub(crate) fn decode(message: &mut dyn Message, body: &[u8]) -> Result<(), BodyError> {
    let table = message.table();
    let mut times = vec![0; table.fields.len()];
    let (mut rest, mut before) = (body, 0);
    while !rest.is_empty() {
        let truncated = || BodyError::new("body_truncated", "");
        let header = rest.get(..FIELD_HEADER_SIZE).ok_or_else(truncated)?;
        let id = u16::from_le_bytes([header[0], header[1]]);
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let bytes = rest[FIELD_HEADER_SIZE..].get(..size).ok_or_else(truncated)?;
        let place = table.fields.iter().position(|row| row.id == id && id >= before);
        let place = place.ok_or_else(|| {
            let code = if id < before { "field_order" } else { "field_unknown" };
            BodyError::new(code, format!("#{id}"))
        })?;
        let row = &table.fields[place];
        times[place] += 1;
        let wrong = |code| Err(BodyError::new(code, row.name));
        match message.add(place).filter(|_| times[place] <= row.times.1) {
            None => wrong("field_repeated"),
            _ if header[2] != row.kind => wrong("field_type_mismatch"),
            _ if header[3] != 0 => wrong("field_reserved_not_zero"),
            Some(value) => read(row, bytes, value),
        }?;
        before = id;
        rest = &rest[FIELD_HEADER_SIZE + size..];
    }
    check_times(table, &times)
}

fn read(row: &Field, bytes: &[u8], mut place: Place) -> Result<(), BodyError> {
    let wrong = |code| BodyError::new(code, row.name);
    let eight = || <[u8; 8]>::try_from(bytes).map_err(|_| wrong("field_size_mismatch"));
    let text = || std::str::from_utf8(bytes).map_err(|_| wrong("field_text_invalid"));
    let fours = || match bytes.len() % 4 {
        0 => Ok(bytes.chunks_exact(4).map(|four| [four[0], four[1], four[2], four[3]])),
        _ => Err(wrong("field_size_mismatch")),
    };
    match &mut place {
        Place::U64(value) => **value = u64::from_le_bytes(eight()?),
        Place::F64(value) => **value = f64::from_le_bytes(eight()?),
        Place::Bytes(value) => **value = bytes.to_vec(),
        Place::Text(value) => **value = text()?.to_owned(),
        Place::U32s(value) => **value = fours()?.map(u32::from_le_bytes).collect(),
        Place::F32s(value) => **value = fours()?.map(f32::from_le_bytes).collect(),
        Place::Bool(value) => match bytes {
            [byte @ (0 | 1)] => **value = *byte == 1,
            [_] => return Err(wrong("field_out_of_range")),
            _ => return Err(wrong("field_size_mismatch")),
        },
        Place::Record(message) => {
            decode(*message, bytes).map_err(|error| error.inside(row.name))?
        }
    }
    check(row, &place)
}
