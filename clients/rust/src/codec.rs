//! Bodies: fields of a message, read and written by its table (SPEC.md, section 2).
//!
//! Guarantees: nothing is ignored and nothing is clamped; a size is checked against the bytes that
//! are there before anything is allocated for it; what the table does not allow is refused with
//! the code of the specification and the path of the field.
//! Not here: frames, and rules between messages (see `gather`).

use crate::protocol::{Answer, GENERATE_CHUNK, GENERATE_RESPONSE, LOGPROBS, REQUIREMENTS};

/// Bytes of a field's header.
const FIELD_HEADER_SIZE: usize = crate::protocol::FIELD_HEADER_SIZE;

/// Any u64.
pub const ANY_U64: (u64, u64) = (0, u64::MAX);
/// Any size that fits into a field.
pub const ANY_SIZE: (u64, u64) = (0, u32::MAX as u64);
/// Any f64 but NaN.
pub const ANY_F64: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// Type of a field; the number is that on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Type {
    U64 = 1,
    F64,
    Bytes,
    Text,
    U32s,
    F32s,
    Record,
    Bool,
}

/// How often a field is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Presence {
    Required,
    Optional,
    Repeated,
}

/// One row of a message's table.
#[derive(Debug)]
pub struct Field {
    /// Name of the field.
    pub name: &'static str,
    /// Its id.
    pub id: u16,
    /// Its type.
    pub kind: Type,
    /// How often it is there.
    pub presence: Presence,
    /// Lowest revision that knows it.
    pub since: u64,
    /// Least and most bytes, elements or value.
    pub bounds: (u64, u64),
    /// Least and largest number.
    pub numbers: (f64, f64),
    /// The least number itself is not allowed.
    pub above_min: bool,
    /// How often at least and at most.
    pub times: (usize, usize),
    /// Words that are allowed; empty: any.
    pub choices: &'static [&'static str],
    /// Of a record: its message.
    pub record: Option<&'static MessageInfo>,
}

/// The table of a message.
#[derive(Debug)]
pub struct MessageInfo {
    /// Name of the message.
    pub name: &'static str,
    /// Its rows, in order of id.
    pub fields: &'static [Field],
}

/// The value of one field.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Value {
    U64(u64),
    F64(f64),
    Bytes(Vec<u8>),
    Text(String),
    U32s(Vec<u32>),
    F32s(Vec<f32>),
    Record(Record),
    Bool(bool),
}

/// A message as ids and values, in the order of the wire. For generic programs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// Ascending by id; a repeated field several times in a row.
    pub fields: Vec<(u16, Value)>,
}

impl Record {
    pub(crate) fn put_value<T: FieldValue>(&mut self, id: u16, value: &T) {
        self.fields.push((id, value.to_value()));
    }

    pub(crate) fn put_optional<T: FieldValue>(&mut self, id: u16, value: &Option<T>) {
        if let Some(value) = value {
            self.put_value(id, value);
        }
    }

    pub(crate) fn put_repeated<T: FieldValue>(&mut self, id: u16, values: &[T]) {
        for value in values {
            self.put_value(id, value);
        }
    }

    /// Sets `real` in the requirements of a request that can carry them.
    pub(crate) fn demand_real(&mut self, info: &'static MessageInfo) {
        let is_requirements = |field: &&Field| {
            field.record.map_or(false, |record| std::ptr::eq(record, &REQUIREMENTS))
        };
        let Field { id, .. } = match info.fields.iter().find(is_requirements) {
            Some(field) => field,
            None => return,
        };
        let place = self.fields.partition_point(|(other, _)| other < id);
        match self.fields.get_mut(place) {
            Some((other, Value::Record(given))) if other == id => {
                given.fields.retain(|(id, _)| *id != 1);
                given.fields.insert(0, (1, Value::Bool(true)));
            }
            _ => {
                let fields = vec![(1, Value::Bool(true))];
                self.fields.insert(place, (*id, Value::Record(Record { fields })));
            }
        }
    }
}

/// The fields of a record that was checked by its table, taken in order of id.
pub(crate) struct Fields(std::iter::Peekable<std::vec::IntoIter<(u16, Value)>>);

impl Fields {
    pub fn new(record: Record) -> Self {
        Fields(record.fields.into_iter().peekable())
    }

    pub fn take_optional<T: FieldValue>(&mut self, id: u16) -> Option<T> {
        self.0.next_if(|(next, _)| *next == id).map(|(_, value)| T::from_value(value))
    }

    pub fn take_value<T: FieldValue>(&mut self, id: u16) -> T {
        self.take_optional(id).unwrap_or_default()
    }

    pub fn take_repeated<T: FieldValue>(&mut self, id: u16) -> Vec<T> {
        std::iter::from_fn(|| self.take_optional(id)).collect()
    }
}

/// A struct of `protocol`.
pub trait Message: Default {
    /// Its table.
    fn info() -> &'static MessageInfo;
    /// Its fields.
    fn to_record(&self) -> Record;
    /// From fields that fit the table; others are defaults.
    fn from_record(record: Record) -> Self;
    /// Who answered, in answers that say so.
    fn answer(&self) -> Option<&Answer> {
        None
    }
}

/// A struct that is the body of a request.
pub trait Request: Message {
    /// Number of its kind.
    const KIND: u8;
    /// Name of its kind.
    const NAME: &'static str;
    /// Lowest revision that knows the kind.
    const SINCE: u64;
    /// More frames than one may answer it.
    const STREAMED: bool;
    /// Sending it twice does no harm.
    const RETRY_SAFE: bool;
    /// What the frames before the last hold.
    type Chunk: Message;
    /// What the last frame holds.
    type Response: Message;
}

/// What a field of a struct may be.
pub trait FieldValue: Default {
    /// As a value of the wire.
    fn to_value(&self) -> Value;
    /// From a value of the wire; one of another type is the default.
    fn from_value(value: Value) -> Self;
}

macro_rules! field_value {
    ($type:ty, $variant:ident) => {
        impl FieldValue for $type {
            fn to_value(&self) -> Value {
                Value::$variant(self.clone())
            }

            fn from_value(value: Value) -> Self {
                match value {
                    Value::$variant(value) => value,
                    _ => Self::default(),
                }
            }
        }
    };
}

field_value!(u64, U64);
field_value!(f64, F64);
field_value!(Vec<u8>, Bytes);
field_value!(String, Text);
field_value!(Vec<u32>, U32s);
field_value!(Vec<f32>, F32s);
field_value!(bool, Bool);

impl<M: Message> FieldValue for M {
    fn to_value(&self) -> Value {
        Value::Record(self.to_record())
    }

    fn from_value(value: Value) -> Self {
        match value {
            Value::Record(record) => M::from_record(record),
            _ => M::default(),
        }
    }
}

/// What is wrong with a body.
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
        let dot = if self.path.is_empty() { "" } else { "." };
        self.path = format!("{}{}{}", name, dot, self.path);
        self
    }
}

/// Checks one value against its row.
fn check(field: &Field, value: &Value) -> Result<(), BodyError> {
    let within = |size: usize| (field.bounds.0..=field.bounds.1).contains(&(size as u64));
    let fits = match value {
        Value::U64(value) => (field.bounds.0..=field.bounds.1).contains(value),
        Value::F64(value) => {
            let (min, max) = field.numbers;
            *value >= min && *value <= max && !(field.above_min && *value <= min)
        }
        Value::Bytes(value) => within(value.len()),
        Value::Text(value) => {
            within(value.len())
                && (field.choices.is_empty() || field.choices.contains(&value.as_str()))
        }
        Value::U32s(value) => within(value.len()),
        Value::F32s(value) => within(value.len()),
        Value::Record(_) | Value::Bool(_) => true,
    };
    if fits {
        Ok(())
    } else {
        Err(BodyError::new("field_out_of_range", field.name))
    }
}

// ---------------------------------------------------------------- writing

/// Appends a body; the lowest revision that knows all of its fields.
pub(crate) fn encode(
    info: &MessageInfo,
    record: &Record,
    out: &mut Vec<u8>,
) -> Result<u64, BodyError> {
    let mut since = 1;
    let mut rest = record.fields.as_slice();
    for field in info.fields {
        let count = rest.iter().take_while(|(id, _)| *id == field.id).count();
        if count < field.times.0 || (count == 0 && field.presence == Presence::Required) {
            return Err(BodyError::new("field_missing", field.name));
        }
        if count > field.times.1 {
            return Err(BodyError::new("field_repeated", field.name));
        }
        for (_, value) in &rest[..count] {
            check(field, value)?;
            since = since.max(field.since).max(encode_field(field, value, out)?);
        }
        rest = &rest[count..];
    }
    match rest.first() {
        Some((id, _)) => Err(BodyError::new("field_unknown", format!("#{}", id))),
        None => Ok(since),
    }
}

fn encode_field(field: &Field, value: &Value, out: &mut Vec<u8>) -> Result<u64, BodyError> {
    let start = out.len();
    let mut since = 1;
    out.extend_from_slice(&field.id.to_le_bytes());
    out.extend_from_slice(&[field.kind as u8, 0, 0, 0, 0, 0]);
    match value {
        Value::U64(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::F64(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Bytes(value) => out.extend_from_slice(value),
        Value::Text(value) => out.extend_from_slice(value.as_bytes()),
        Value::U32s(value) => value.iter().for_each(|one| out.extend(one.to_le_bytes())),
        Value::F32s(value) => value.iter().for_each(|one| out.extend(one.to_le_bytes())),
        Value::Bool(value) => out.push(u8::from(*value)),
        Value::Record(record) => {
            if let Some(info) = field.record {
                since = encode(info, record, out).map_err(|error| error.inside(field.name))?;
            }
        }
    }
    match u32::try_from(out.len() - start - FIELD_HEADER_SIZE) {
        Ok(size) => {
            out[start + 4..start + 8].copy_from_slice(&size.to_le_bytes());
            Ok(since)
        }
        Err(_) => Err(BodyError::new("field_out_of_range", field.name)),
    }
}

// ---------------------------------------------------------------- reading

/// Reads a whole body or record.
pub(crate) fn decode(info: &MessageInfo, body: &[u8]) -> Result<Record, BodyError> {
    let mut record = Record::default();
    let mut rows = info.fields.iter();
    let mut row: Option<&Field> = None;
    let (mut rest, mut before, mut times) = (body, 0, 0);
    while !rest.is_empty() {
        let truncated = || BodyError::new("body_truncated", "");
        let header = rest.get(..FIELD_HEADER_SIZE).ok_or_else(truncated)?;
        let id = u16::from_le_bytes([header[0], header[1]]);
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let bytes = rest[FIELD_HEADER_SIZE..].get(..size).ok_or_else(truncated)?;
        if id < before {
            return Err(BodyError::new("field_order", format!("#{}", id)));
        }
        if row.map_or(true, |row| row.id != id) {
            row = Some(next_row(&mut rows, id)?);
            times = 0;
        }
        times += 1;
        if let Some(row) = row {
            if times > row.times.1 {
                return Err(BodyError::new("field_repeated", row.name));
            }
            if header[2] != row.kind as u8 {
                return Err(BodyError::new("field_type_mismatch", row.name));
            }
            if header[3] != 0 {
                return Err(BodyError::new("field_reserved_not_zero", row.name));
            }
            let value = decode_value(row, bytes)?;
            check(row, &value)?;
            record.fields.push((id, value));
        }
        before = id;
        rest = &rest[FIELD_HEADER_SIZE + size..];
    }
    rows.try_for_each(missing)?;
    agree(info, &record)?;
    Ok(record)
}

/// Fails when a row that is passed over had to be there.
fn missing(row: &Field) -> Result<(), BodyError> {
    if row.presence == Presence::Required || row.times.0 > 0 {
        return Err(BodyError::new("field_missing", row.name));
    }
    Ok(())
}

fn next_row<'a>(rows: &mut std::slice::Iter<'a, Field>, id: u16) -> Result<&'a Field, BodyError> {
    for row in rows {
        if row.id == id {
            return Ok(row);
        }
        if row.id > id {
            break;
        }
        missing(row)?;
    }
    Err(BodyError::new("field_unknown", format!("#{}", id)))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> + '_ {
    bytes.chunks_exact(4).map(|four| [four[0], four[1], four[2], four[3]])
}

fn decode_value(field: &Field, bytes: &[u8]) -> Result<Value, BodyError> {
    let wrong_size = || BodyError::new("field_size_mismatch", field.name);
    let eight = || <[u8; 8]>::try_from(bytes).map_err(|_| wrong_size());
    Ok(match field.kind {
        Type::U64 => Value::U64(u64::from_le_bytes(eight()?)),
        Type::F64 => Value::F64(f64::from_le_bytes(eight()?)),
        Type::Bytes => Value::Bytes(bytes.to_vec()),
        Type::Text => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => return Err(BodyError::new("field_text_invalid", field.name)),
        },
        Type::U32s | Type::F32s if bytes.len() % 4 != 0 => return Err(wrong_size()),
        Type::U32s => Value::U32s(words(bytes).map(u32::from_le_bytes).collect()),
        Type::F32s => Value::F32s(words(bytes).map(f32::from_le_bytes).collect()),
        Type::Bool => match bytes {
            [0] => Value::Bool(false),
            [1] => Value::Bool(true),
            [_] => return Err(BodyError::new("field_out_of_range", field.name)),
            _ => return Err(wrong_size()),
        },
        Type::Record => match field.record {
            Some(info) => {
                Value::Record(decode(info, bytes).map_err(|error| error.inside(field.name))?)
            }
            None => return Err(BodyError::new("field_unknown", field.name)),
        },
    })
}

/// Rules between the fields of one record (SPEC.md, "Log-probabilities").
fn agree(info: &MessageInfo, record: &Record) -> Result<(), BodyError> {
    let find =
        |wanted: u16| record.fields.iter().find(|(id, _)| *id == wanted).map(|(_, value)| value);
    let count = |id| match find(id) {
        Some(Value::U32s(values)) => values.len(),
        Some(Value::F32s(values)) => values.len(),
        _ => 0,
    };
    if std::ptr::eq(info, &LOGPROBS) {
        let width = match find(3) {
            Some(Value::U64(width)) => *width as usize, // at most 64
            _ => 0,
        };
        for (id, name, expected) in [
            (2, "logprobs", count(1)),
            (4, "top_tokens", count(1) * width),
            (5, "top_logprobs", count(1) * width),
        ] {
            if count(id) != expected {
                return Err(BodyError::new("field_conflict", name));
            }
        }
    }
    let logprobs = match info {
        _ if std::ptr::eq(info, &GENERATE_CHUNK) => find(5),
        _ if std::ptr::eq(info, &GENERATE_RESPONSE) => find(9),
        _ => None,
    };
    if let Some(Value::Record(logprobs)) = logprobs {
        let none = Value::U32s(Vec::new());
        let tokens = logprobs.fields.first().map(|(_, value)| value);
        if tokens != Some(find(1).unwrap_or(&none)) {
            return Err(BodyError::new("field_conflict", "logprobs"));
        }
    }
    Ok(())
}
