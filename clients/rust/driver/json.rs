//! A JSON reader and writer for the test driver: reads one value from a line, and writes values as
//! text.

use std::str::Chars;

/// A JSON value. Numbers keep their digits.
#[derive(Debug, Clone)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    /// The members of an object, or the items of an array with empty names.
    List(Vec<(String, Json)>),
}

impl Json {
    /// Reads one value. `None` for malformed text.
    pub fn parse(text: &str) -> Option<Json> {
        let mut reader = Reader { rest: text.chars() };
        let value = reader.value()?;
        reader.rest.as_str().trim().is_empty().then_some(value)
    }

    fn members(&self) -> &[(String, Json)] {
        match self {
            Json::List(members) => members,
            _ => &[],
        }
    }

    /// Returns a member, or null.
    pub fn get(&self, name: &str) -> &Json {
        let found = self.members().iter().find(|(key, _)| key == name);
        found.map_or(&Json::Null, |(_, value)| value)
    }

    /// The items of an array.
    pub fn items(&self) -> impl Iterator<Item = &Json> {
        self.members().iter().map(|(_, value)| value)
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
}

struct Reader<'a> {
    rest: Chars<'a>,
}

impl Reader<'_> {
    fn skip(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.as_str().trim_start().strip_prefix(token)?.chars();
        Some(())
    }

    fn value(&mut self) -> Option<Json> {
        self.skip("")?;
        let rest = self.rest.as_str();
        match rest.chars().next()? {
            '{' => self.list("{", "}"),
            '[' => self.list("[", "]"),
            '"' => self.string().map(Json::Text),
            't' => self.skip("true").map(|()| Json::Bool(true)),
            'f' => self.skip("false").map(|()| Json::Bool(false)),
            'n' => self.skip("null").map(|()| Json::Null),
            _ => {
                let is_other = |c: char| !c.is_ascii_digit() && !"+-.eE".contains(c);
                let digits = rest.split(is_other).next()?;
                self.skip(digits)?;
                digits.parse::<f64>().ok().map(|_| Json::Number(digits.to_owned()))
            }
        }
    }

    fn list(&mut self, open: &str, close: &str) -> Option<Json> {
        let mut members = Vec::new();
        self.skip(open)?;
        if self.skip(close).is_some() {
            return Some(Json::List(members));
        }
        loop {
            let mut name = String::new();
            if close == "}" {
                name = self.string()?;
                self.skip(":")?;
            }
            members.push((name, self.value()?));
            if self.skip(",").is_none() {
                self.skip(close)?;
                return Some(Json::List(members));
            }
        }
    }

    fn hex4(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |code, _| Some(code << 4 | self.rest.next()?.to_digit(16)?))
    }

    fn string(&mut self) -> Option<String> {
        self.skip("\"")?;
        let mut text = String::new();
        loop {
            match self.rest.next()? {
                '"' => return Some(text),
                '\\' => text.push(self.escape()?),
                other => text.push(other),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.rest.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let mut code = self.hex4()?;
                if (0xD800..0xDC00).contains(&code) {
                    self.rest = self.rest.as_str().strip_prefix("\\u")?.chars();
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
            '\0'..='\u{1f}' => out += &format!("\\u{:04x}", character as u32),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
