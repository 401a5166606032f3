//! A JSON reader and writer for the test driver: reads one value from a line, and writes values as
//! text.

use std::fmt::Write;

/// A JSON value. Numbers keep their digits.
#[derive(Debug, Clone)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one value. `None` for malformed text.
    pub fn parse(text: &str) -> Option<Json> {
        let mut reader = Reader { rest: text };
        let value = reader.value()?;
        reader.rest.trim().is_empty().then_some(value)
    }

    /// Returns a member, unless absent or null.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => {
                let found = members.iter().find(|(key, _)| key == name);
                found.map(|(_, value)| value).filter(|value| !matches!(value, Json::Null))
            }
            _ => None,
        }
    }

    /// A text, or a number's digits.
    pub fn text(&self) -> &str {
        match self {
            Json::Text(text) | Json::Number(text) => text,
            _ => "",
        }
    }

    /// A whole number, as digits or as text.
    pub fn u64(&self) -> u64 {
        self.text().parse().unwrap_or(0)
    }

    /// A number.
    pub fn f64(&self) -> f64 {
        self.text().parse().unwrap_or(f64::NAN)
    }

    /// Returns true for `true` only.
    pub fn is_true(&self) -> bool {
        matches!(self, Json::Bool(true))
    }

    /// The items of an array.
    pub fn items(&self) -> &[Json] {
        match self {
            Json::Array(items) => items,
            _ => &[],
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(token)?;
        Some(())
    }

    fn value(&mut self) -> Option<Json> {
        self.rest = self.rest.trim_start();
        match self.rest.as_bytes().first()? {
            b'{' => self.list('{', '}').map(Json::Object),
            b'[' => {
                let members = self.list('[', ']')?;
                Some(Json::Array(members.into_iter().map(|(_, value)| value).collect()))
            }
            b'"' => self.string().map(Json::Text),
            b't' => self.skip("true").map(|()| Json::Bool(true)),
            b'f' => self.skip("false").map(|()| Json::Bool(false)),
            b'n' => self.skip("null").map(|()| Json::Null),
            _ => {
                let is_digit = |byte: char| byte.is_ascii_digit() || "+-.eE".contains(byte);
                let end = self.rest.find(|c| !is_digit(c)).unwrap_or(self.rest.len());
                let (digits, rest) = self.rest.split_at(end);
                self.rest = rest;
                digits.parse::<f64>().ok().map(|_| Json::Number(digits.to_owned()))
            }
        }
    }

    /// The members of an object, or the items of an array with empty names.
    fn list(&mut self, open: char, close: char) -> Option<Vec<(String, Json)>> {
        let (open, close) = (open.to_string(), close.to_string());
        let mut members = Vec::new();
        self.skip(&open)?;
        if self.skip(&close).is_some() {
            return Some(members);
        }
        loop {
            let mut name = String::new();
            if close == "}" {
                name = self.string()?;
                self.skip(":")?;
            }
            members.push((name, self.value()?));
            if self.skip(",").is_none() {
                self.skip(&close)?;
                return Some(members);
            }
        }
    }

    fn hex4(&mut self) -> Option<u32> {
        let code = u32::from_str_radix(self.rest.get(..4)?, 16).ok()?;
        self.rest = &self.rest[4..];
        Some(code)
    }

    fn string(&mut self) -> Option<String> {
        self.skip("\"")?;
        let mut text = String::new();
        loop {
            let character = self.rest.chars().next()?;
            self.rest = &self.rest[character.len_utf8()..];
            match character {
                '"' => return Some(text),
                '\\' => text.push(self.escape()?),
                other => text.push(other),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let kind = self.rest.chars().next()?;
        self.rest = &self.rest[kind.len_utf8()..];
        Some(match kind {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let mut code = self.hex4()?;
                if (0xD800..0xDC00).contains(&code) {
                    self.rest = self.rest.strip_prefix("\\u")?;
                    code = 0x10000 + ((code - 0xD800) << 10) + self.hex4()?.checked_sub(0xDC00)?;
                }
                char::from_u32(code)?
            }
            other => other,
        })
    }
}

/// A text in quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", character as u32); // cannot fail
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
