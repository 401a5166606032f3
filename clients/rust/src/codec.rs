//! Bodies: fields of a message, read and written by their rows (SPEC.md, section 2).
//!
//! Guarantees: nothing is ignored and nothing is clamped; a size is checked against the bytes that
//! are there before anything is allocated for it; what a row does not allow is refused with the
//! code of the specification and the path of the field.
//! Not here: frames, and rules between the frames of an answer (see `answers`). Rows, writing and
//! reading are in one file, since they have to agree.

use crate::protocol::{Answer, Place, RequestContext, Requirements, FIELD_HEADER_SIZE};

/// One row of a message's table.
#[derive(Debug)]
pub struct Field {
    /// Its id.
    pub id: u16,
    /// Its name.
    pub name: &'static str,
    /// Lowest revision that knows it.
    pub since: u64,
    /// How often it is there, at least and at most.
    pub times: (usize, usize),
    /// Least and most bytes or elements, or least and largest u64.
    pub bounds: (u64, u64),
    /// Least and largest f64.
    pub numbers: (f64, f64),
    /// The least f64 itself is not allowed.
    pub above_min: bool,
    /// Words that are allowed; empty: any.
    pub choices: &'static [&'static str],
    /// A W3C traceparent of version 00.
    pub is_traceparent: bool,
}

/// A field that is optional and may be anything but NaN.
pub(crate) const FIELD: Field = Field {
    id: 0,
    name: "",
    since: 1,
    times: (0, 1),
    bounds: (0, u64::MAX),
    numbers: (f64::NEG_INFINITY, f64::INFINITY),
    above_min: false,
    choices: &[],
    is_traceparent: false,
};

/// What a kind of request is, for those who send it and read its answer.
#[derive(Debug)]
pub struct Kind {
    /// Its number in a request.
    pub number: u8,
    /// Its name.
    pub name: &'static str,
    /// Lowest revision that knows it.
    pub since: u64,
    /// More frames than one may answer it.
    pub streamed: bool,
    /// Sending it twice does no harm.
    pub retry_safe: bool,
}

/// A struct of `protocol`.
pub trait Message {
    /// Its name in SPEC.md.
    fn title(&self) -> &'static str;
    /// Shows each field with its row, in order of id.
    fn visit(&mut self, visitor: &mut dyn Visitor) -> Result<(), BodyError>;
    /// Whether its fields go together.
    fn rules(&self) -> Result<(), BodyError> {
        Ok(())
    }
    /// The number in its answer that a frame says.
    fn frame(&self) -> Option<u64> {
        None
    }
    /// Who answered, in answers that say so.
    fn answer(&self) -> Option<&Answer> {
        None
    }
    /// Where a request stands among others, in requests that can say so.
    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }
    /// What a request demands of its model, in requests that can.
    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// A struct that is the body of a request.
pub trait Request: Message + Clone {
    /// Its kind.
    const KIND: &'static Kind;
    /// What the frames before the last hold.
    type Chunk: Message + Default;
    /// What the last frame holds.
    type Response: Message + Default;
}

/// Whoever is shown the fields of a message.
pub trait Visitor {
    /// Sees, or changes, one field.
    fn field(&mut self, row: &'static Field, member: &mut dyn Member) -> Result<(), BodyError>;
}

/// A field of a struct: `T` is there once, an `Option` at most once, a `Vec` of texts or records
/// any number of times.
pub trait Member {
    /// How often it is there.
    fn count(&self) -> usize;
    /// One of those that are there.
    fn at(&mut self, index: usize) -> Place<'_>;
    /// One more; of what is there once that one.
    fn add(&mut self) -> Place<'_>;
}

/// What is there once.
macro_rules! single {
    ($type:ty, $place:ident $(, $parameter:ident)?) => {
        impl$(<$parameter: crate::codec::Message>)? crate::codec::Member for $type {
            fn count(&self) -> usize {
                1
            }

            fn at(&mut self, _: usize) -> crate::protocol::Place<'_> {
                crate::protocol::Place::$place(self)
            }

            fn add(&mut self) -> crate::protocol::Place<'_> {
                crate::protocol::Place::$place(self)
            }
        }
    };
}

pub(crate) use single;

single!(M, Record, M);

impl<T: Member + Default> Member for Option<T> {
    fn count(&self) -> usize {
        self.is_some().into()
    }

    fn at(&mut self, index: usize) -> Place<'_> {
        self.get_or_insert_with(T::default).at(index)
    }

    fn add(&mut self) -> Place<'_> {
        self.insert(T::default()).add()
    }
}

/// What may be there several times.
pub trait Repeatable: Member + Default {}
impl Repeatable for String {}
impl<M: Message + Default> Repeatable for M {}

impl<T: Repeatable> Member for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn at(&mut self, index: usize) -> Place<'_> {
        self[index].at(0)
    }

    fn add(&mut self) -> Place<'_> {
        self.push(T::default());
        self.at(self.len() - 1)
    }
}

/// Declares a message: its struct, and its fields with what differs in their rows from `FIELD`.
macro_rules! message {
    (
        $(#[$doc:meta])* $name:ident, $title:literal
        $(
            $(#[$field_doc:meta])*
            $id:literal $field:ident: $type:ty { $($rule:ident: $value:expr),* }
        )*
        $(with { $($method:item)* })?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl crate::codec::Message for $name {
            fn title(&self) -> &'static str {
                $title
            }

            fn visit(&mut self, _visitor: &mut dyn crate::codec::Visitor) -> Result<(), BodyError> {
                $({
                    const ROW: crate::codec::Field = crate::codec::Field {
                        id: $id,
                        name: stringify!($field),
                        $($rule: $value,)*
                        ..crate::codec::FIELD
                    };
                    _visitor.field(&ROW, &mut self.$field)?;
                })*
                Ok(())
            }

            $($($method)*)?
        }
    };
}
pub(crate) use message;

/// Names of fields, and how often each is there.
macro_rules! given {
    ($message:ident, $($field:ident),*) => {
        &[$((stringify!($field), $message.$field.count())),*]
    };
}
pub(crate) use given;

/// Fails unless one of the fields is there.
pub(crate) fn exactly_one(fields: &[(&'static str, usize)]) -> Result<(), BodyError> {
    match fields.iter().all(|(_, count)| *count == 0) {
        true => Err(BodyError::new("field_missing", fields[0].0)),
        false => excludes(fields),
    }
}

/// Fails when more than one of the fields is there; names the last.
pub(crate) fn excludes(fields: &[(&'static str, usize)]) -> Result<(), BodyError> {
    match fields.iter().filter(|(_, count)| *count > 0).skip(1).last() {
        Some((name, _)) => Err(BodyError::new("field_conflict", *name)),
        None => Ok(()),
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
    pub(crate) fn new(code: &'static str, path: impl Into<String>) -> Self {
        BodyError { code, path: path.into() }
    }

    fn inside(mut self, name: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.path = format!("{name}{dot}{}", self.path);
        self
    }
}

/// Of version 00, neither trace nor parent 0.
fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    let is_id = |part: &str| is_hex(part) && part.bytes().any(|byte| byte != b'0');
    match text.split('-').collect::<Vec<_>>()[..] {
        ["00", trace, parent, flags] => {
            (trace.len(), parent.len(), flags.len()) == (32, 16, 2)
                && is_id(trace)
                && is_id(parent)
                && is_hex(flags)
        }
        _ => false,
    }
}

/// Checks one value against its row.
fn check(row: &Field, place: &Place) -> Result<(), BodyError> {
    let size = match place {
        Place::U64(value) => **value,
        Place::Bytes(value) => value.len() as u64,
        Place::Text(value) => value.len() as u64,
        Place::U32s(value) => value.len() as u64,
        Place::F32s(value) => value.len() as u64,
        Place::F64(_) | Place::Bool(_) | Place::Record(_) => row.bounds.0,
    };
    let is_allowed = match place {
        Place::F64(value) if row.above_min && **value <= row.numbers.0 => false,
        Place::F64(value) => (row.numbers.0..=row.numbers.1).contains(*value),
        Place::Text(value) if row.is_traceparent => is_traceparent(value),
        Place::Text(value) => row.choices.is_empty() || row.choices.contains(&value.as_str()),
        _ => true,
    };
    if is_allowed && (row.bounds.0..=row.bounds.1).contains(&size) {
        return Ok(());
    }
    Err(BodyError::new("field_out_of_range", row.name))
}

// ---------------------------------------------------------------- writing

struct Writer {
    body: Vec<u8>,
    /// Lowest revision that knows all of the fields.
    since: u64,
}

/// A body, and the lowest revision that knows all of its fields.
pub(crate) fn encode(message: &mut dyn Message) -> Result<(Vec<u8>, u64), BodyError> {
    let mut writer = Writer { body: Vec::new(), since: 1 };
    message.rules()?;
    message.visit(&mut writer)?;
    Ok((writer.body, writer.since))
}

impl Visitor for Writer {
    fn field(&mut self, row: &'static Field, member: &mut dyn Member) -> Result<(), BodyError> {
        let count = member.count();
        if count < row.times.0 {
            return Err(BodyError::new("field_missing", row.name));
        }
        if count > row.times.1 {
            return Err(BodyError::new("field_repeated", row.name));
        }
        for index in 0..count {
            self.since = self.since.max(row.since);
            self.write(row, member.at(index))?;
        }
        Ok(())
    }
}

impl Writer {
    fn write(&mut self, row: &Field, place: Place) -> Result<(), BodyError> {
        check(row, &place)?;
        let start = self.body.len() + FIELD_HEADER_SIZE;
        self.body.extend_from_slice(&row.id.to_le_bytes());
        self.body.extend_from_slice(&[place.number(), 0, 0, 0, 0, 0]);
        match place {
            Place::U64(value) => self.body.extend_from_slice(&value.to_le_bytes()),
            Place::F64(value) => self.body.extend_from_slice(&value.to_le_bytes()),
            Place::Bytes(value) => self.body.extend_from_slice(value),
            Place::Text(value) => self.body.extend_from_slice(value.as_bytes()),
            Place::U32s(value) => value.iter().for_each(|one| self.body.extend(one.to_le_bytes())),
            Place::F32s(value) => value.iter().for_each(|one| self.body.extend(one.to_le_bytes())),
            Place::Bool(value) => self.body.push(u8::from(*value)),
            Place::Record(message) => message
                .rules()
                .and_then(|()| message.visit(self))
                .map_err(|error| error.inside(row.name))?,
        }
        let size = u32::try_from(self.body.len() - start)
            .map_err(|_| BodyError::new("field_out_of_range", row.name))?;
        self.body[start - 4..start].copy_from_slice(&size.to_le_bytes());
        Ok(())
    }
}

// ---------------------------------------------------------------- reading

struct Reader<'b> {
    rest: &'b [u8],
    /// Id of the field before.
    before: u16,
}

/// What a field's header says, id, type and reserved byte, and its value.
type Found<'b> = (u16, u8, u8, &'b [u8]);

/// Reads a whole body or record.
pub(crate) fn decode(message: &mut dyn Message, body: &[u8]) -> Result<(), BodyError> {
    let mut reader = Reader { rest: body, before: 0 };
    message.visit(&mut reader)?;
    match reader.peek()? {
        Some((id, ..)) => Err(reader.unknown(id)),
        None => Ok(()),
    }
}

impl<'b> Reader<'b> {
    /// The next field of the body.
    fn peek(&self) -> Result<Option<Found<'b>>, BodyError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let truncated = || BodyError::new("body_truncated", "");
        let header = self.rest.get(..FIELD_HEADER_SIZE).ok_or_else(truncated)?;
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let value = self.rest[FIELD_HEADER_SIZE..].get(..size).ok_or_else(truncated)?;
        let id = u16::from_le_bytes([header[0], header[1]]);
        Ok(Some((id, header[2], header[3], value)))
    }

    fn unknown(&self, id: u16) -> BodyError {
        let code = if id < self.before { "field_order" } else { "field_unknown" };
        BodyError::new(code, format!("#{id}"))
    }
}

impl Visitor for Reader<'_> {
    fn field(&mut self, row: &'static Field, member: &mut dyn Member) -> Result<(), BodyError> {
        let wrong = |code| Err(BodyError::new(code, row.name));
        let mut times = 0;
        while let Some((id, kind, reserved, value)) = self.peek()? {
            if id < row.id {
                return Err(self.unknown(id));
            }
            if id > row.id {
                break;
            }
            times += 1;
            if times > row.times.1 {
                return wrong("field_repeated");
            }
            let mut place = member.add();
            if kind != place.number() {
                return wrong("field_type_mismatch");
            }
            if reserved != 0 {
                return wrong("field_reserved_not_zero");
            }
            read(row, value, &mut place)?;
            check(row, &place)?;
            self.before = row.id;
            self.rest = &self.rest[FIELD_HEADER_SIZE + value.len()..];
        }
        if times < row.times.0 {
            return wrong("field_missing");
        }
        Ok(())
    }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> + '_ {
    bytes.chunks_exact(4).map(|four| [four[0], four[1], four[2], four[3]])
}

fn read(row: &Field, bytes: &[u8], place: &mut Place) -> Result<(), BodyError> {
    let wrong = |code| BodyError::new(code, row.name);
    let eight = || <[u8; 8]>::try_from(bytes).map_err(|_| wrong("field_size_mismatch"));
    match place {
        Place::U64(value) => **value = u64::from_le_bytes(eight()?),
        Place::F64(value) => **value = f64::from_le_bytes(eight()?),
        Place::Bytes(value) => **value = bytes.to_vec(),
        Place::Text(value) => match std::str::from_utf8(bytes) {
            Ok(text) => **value = text.to_owned(),
            Err(_) => return Err(wrong("field_text_invalid")),
        },
        Place::U32s(_) | Place::F32s(_) if bytes.len() % 4 != 0 => {
            return Err(wrong("field_size_mismatch"));
        }
        Place::U32s(value) => **value = words(bytes).map(u32::from_le_bytes).collect(),
        Place::F32s(value) => **value = words(bytes).map(f32::from_le_bytes).collect(),
        Place::Bool(value) => match bytes {
            [byte @ (0 | 1)] => **value = *byte == 1,
            [_] => return Err(wrong("field_out_of_range")),
            _ => return Err(wrong("field_size_mismatch")),
        },
        Place::Record(message) => {
            decode(*message, bytes).map_err(|error| error.inside(row.name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests/codec.rs"]
mod tests;
