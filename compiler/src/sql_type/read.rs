//! Reads a type in any spelling that DuckDB accepts.
//!
//! The aliases are those of `duckdb_types()` and of DuckDB's grammar. A name that neither has is
//! [`SqlType::Other`]: the user may have made that type.

use super::SqlType;
use std::str::FromStr;

/// A text that isn't a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAType {
    /// The text.
    pub text: String,
}

impl std::fmt::Display for NotAType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{}` isn't a type", self.text)
    }
}

impl std::error::Error for NotAType {}

impl FromStr for SqlType {
    type Err = NotAType;

    fn from_str(text: &str) -> Result<Self, NotAType> {
        let mut reader = Reader {
            pieces: split(text),
            next: 0,
            depth: 0,
        };
        let read = reader.whole();
        match read {
            Some(sql_type) if reader.next == reader.pieces.len() => Ok(sql_type),
            _ => Err(NotAType {
                text: text.to_owned(),
            }),
        }
    }
}

/// The deepest nesting that is read; deeper texts aren't types.
const MOST_LEVELS: usize = 100;

/// The engine's own limit for the size of an array.
const MOST_ELEMENTS: u32 = 100_000;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// A word without quotes, or digits.
    Word(String),
    /// A name in double quotes, without them.
    Quoted(String),
    /// A text in single quotes, without them.
    Text(String),
    Symbol(char),
}

fn split(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&first) = rest.peek() {
        if first.is_whitespace() {
            rest.next();
        } else if first == '"' || first == '\'' {
            let inner = quoted(&mut rest, first);
            pieces.push(if first == '"' {
                Piece::Quoted(inner)
            } else {
                Piece::Text(inner)
            });
        } else if first.is_alphanumeric() || first == '_' {
            let mut word = String::new();
            while let Some(&c) = rest.peek() {
                if !is_in_a_word(c) {
                    break;
                }
                word.push(c);
                rest.next();
            }
            pieces.push(Piece::Word(word));
        } else {
            rest.next();
            pieces.push(Piece::Symbol(first));
        }
    }
    pieces
}

fn quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, quote: char) -> String {
    rest.next();
    let mut inner = String::new();
    while let Some(c) = rest.next() {
        if c == quote {
            if rest.peek() != Some(&quote) {
                break;
            }
            rest.next();
        }
        inner.push(c);
    }
    inner
}

struct Reader {
    pieces: Vec<Piece>,
    next: usize,
    depth: usize,
}

impl Reader {
    fn whole(&mut self) -> Option<SqlType> {
        self.depth += 1;
        if self.depth > MOST_LEVELS {
            return None;
        }
        let mut sql_type = self.base()?;
        loop {
            let array = self.word("array");
            if self.symbol('[') {
                sql_type = match self.number() {
                    Some(size @ 1..=MOST_ELEMENTS) => SqlType::Array(Box::new(sql_type), size),
                    Some(_) => return None,
                    None => SqlType::list(sql_type),
                };
                if !self.symbol(']') {
                    return None;
                }
            } else if array {
                sql_type = SqlType::list(sql_type);
            } else {
                break;
            }
        }
        self.depth -= 1;
        Some(sql_type)
    }

    fn base(&mut self) -> Option<SqlType> {
        match self.take()? {
            Piece::Quoted(name) if name == "NULL" => Some(SqlType::Null),
            Piece::Quoted(name) => self.named(&name),
            Piece::Word(word) => {
                if !word.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                    return None;
                }
                self.named(&word)
            }
            _ => None,
        }
    }

    fn named(&mut self, name: &str) -> Option<SqlType> {
        match name.to_lowercase().as_str() {
            "struct" | "row" => self.fields().map(SqlType::Struct),
            "union" => self.fields().map(SqlType::Union),
            "map" => {
                self.need('(')?;
                let key = self.whole()?;
                self.need(',')?;
                let value = self.whole()?;
                self.need(')')?;
                Some(SqlType::Map(Box::new(key), Box::new(value)))
            }
            "enum" => self.enumeration(),
            "decimal" | "numeric" | "dec" => self.decimal(),
            "float" => match self.modifiers()?.first() {
                Some(0 | 54..) => None,
                Some(25..) => Some(SqlType::Double),
                _ => Some(SqlType::Float),
            },
            "double" => {
                self.word("precision");
                self.only_modifiers_of(&SqlType::Double)?;
                Some(SqlType::Double)
            }
            "timestamp" | "datetime" => self.timestamp(),
            "time" => {
                let sql_type = match self.zone()? {
                    true => SqlType::TimeTz,
                    false => SqlType::Time,
                };
                self.only_modifiers_of(&sql_type)?;
                Some(sql_type)
            }
            "interval" => {
                while self.interval_word() {}
                self.modifiers()?;
                Some(SqlType::Interval)
            }
            "character" | "char" | "nchar" | "national" => {
                self.word("varying");
                self.modifiers()?;
                Some(SqlType::Varchar)
            }
            lower => match simple(lower) {
                Some(sql_type) => {
                    self.only_modifiers_of(&sql_type)?;
                    Some(sql_type)
                }
                None => self.other(name),
            },
        }
    }

    /// A type that the user or an extension made: its text with what stands in parentheses.
    fn other(&mut self, name: &str) -> Option<SqlType> {
        if let Some(sql_type) = self.in_main(name) {
            return Some(sql_type);
        }
        let mut text = if simple(&name.to_lowercase()).is_none() && is_plain(name) {
            name.to_uppercase()
        } else {
            name.to_owned()
        };
        text = as_word(&text);
        while self.symbol('.') {
            let (Piece::Word(part) | Piece::Quoted(part)) = self.take()? else {
                return None;
            };
            text = format!("{text}.{}", as_word(&part));
        }
        if self.symbol('(') {
            let mut inner = Vec::new();
            loop {
                inner.push(match self.take()? {
                    Piece::Word(word) => word,
                    Piece::Quoted(name) => in_quotes(&name),
                    Piece::Text(value) => format!("'{}'", value.replace('\'', "''")),
                    Piece::Symbol(_) => return None,
                });
                if self.symbol(')') {
                    break;
                }
                self.need(',')?;
            }
            text = format!("{text}({})", inner.join(", "));
        }
        Some(SqlType::Other(text))
    }

    /// The engine's own type behind `main.`
    fn in_main(&mut self, name: &str) -> Option<SqlType> {
        let (Some(Piece::Symbol('.')), Some(Piece::Word(last) | Piece::Quoted(last))) =
            (self.pieces.get(self.next), self.pieces.get(self.next + 1))
        else {
            return None;
        };
        let behind = self.pieces.get(self.next + 2);
        let ends = !matches!(behind, Some(Piece::Symbol('.' | '(')));
        let sql_type =
            simple(&last.to_lowercase()).filter(|_| ends && name.eq_ignore_ascii_case("main"))?;
        self.next += 2;
        Some(sql_type)
    }

    fn decimal(&mut self) -> Option<SqlType> {
        let modifiers = self.modifiers()?;
        let (precision, scale) = match modifiers.as_slice() {
            [] => (18, 3),
            [precision] => (*precision, 0),
            [precision, scale] => (*precision, *scale),
            _ => return None,
        };
        if precision == 0 || precision > 38 || scale > precision {
            return None;
        }
        Some(SqlType::Decimal(
            u8::try_from(precision).ok()?,
            u8::try_from(scale).ok()?,
        ))
    }

    fn timestamp(&mut self) -> Option<SqlType> {
        let modifiers = self.modifiers()?;
        if self.zone()? {
            return modifiers.is_empty().then_some(SqlType::TimestampTz);
        }
        Some(match modifiers.first() {
            None => SqlType::Timestamp,
            Some(0) => SqlType::TimestampS,
            Some(1..=3) => SqlType::TimestampMs,
            Some(4..=6) => SqlType::Timestamp,
            Some(7..=9) => SqlType::TimestampNs,
            Some(_) => return None,
        })
    }

    /// `WITH TIME ZONE` or `WITHOUT TIME ZONE`, if either stands there.
    fn zone(&mut self) -> Option<bool> {
        let with = self.word("with");
        let said = with || self.word("without");
        if said && !(self.word("time") && self.word("zone")) {
            return None;
        }
        Some(with)
    }

    fn interval_word(&mut self) -> bool {
        const WORDS: [&str; 9] = [
            "year", "month", "day", "hour", "minute", "second", "to", "week", "quarter",
        ];
        WORDS.iter().any(|word| self.word(word))
    }

    fn enumeration(&mut self) -> Option<SqlType> {
        self.need('(')?;
        let mut values = Vec::new();
        loop {
            match self.take()? {
                Piece::Text(value) => values.push(value),
                _ => return None,
            }
            if self.symbol(')') {
                return Some(SqlType::Enum(values));
            }
            self.need(',')?;
        }
    }

    fn fields(&mut self) -> Option<Vec<(String, SqlType)>> {
        self.need('(')?;
        let mut fields = Vec::new();
        if self.symbol(')') {
            return Some(fields);
        }
        loop {
            fields.push(self.field()?);
            if self.symbol(')') {
                return Some(fields);
            }
            self.need(',')?;
        }
    }

    /// `name type`, or a type alone, as the engine writes rows without names.
    fn field(&mut self) -> Option<(String, SqlType)> {
        let (before, depth) = (self.next, self.depth);
        if let Piece::Word(name) | Piece::Quoted(name) = self.take()?
            && let Some(field) = self.whole()
            && self.at_end_of_field()
        {
            return Some((name, field));
        }
        (self.next, self.depth) = (before, depth);
        Some((String::new(), self.whole()?))
    }

    fn at_end_of_field(&self) -> bool {
        matches!(
            self.pieces.get(self.next),
            Some(Piece::Symbol(',') | Piece::Symbol(')'))
        )
    }

    /// `(1, 2)`, if it stands there; `()` and a comma behind the last are nothing.
    fn modifiers(&mut self) -> Option<Vec<u32>> {
        let mut modifiers = Vec::new();
        if !self.symbol('(') {
            return Some(modifiers);
        }
        while !self.symbol(')') {
            modifiers.push(self.modifier()?);
            if !self.symbol(',') {
                self.need(')')?;
                break;
            }
        }
        Some(modifiers)
    }

    /// A number, also in quotes or with a fraction, which the engine rounds.
    fn modifier(&mut self) -> Option<u32> {
        if let Some(Piece::Text(text)) = self.pieces.get(self.next) {
            let number = text.trim().parse().ok()?;
            self.next += 1;
            return Some(number);
        }
        let whole = self.number()?;
        if !self.symbol('.') {
            return Some(whole);
        }
        match self.take()? {
            Piece::Word(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(whole + u32::from(digits.as_bytes().first() >= Some(&b'5')))
            }
            _ => None,
        }
    }

    /// `(3)`, if it stands there, behind a type that takes it or doesn't.
    fn only_modifiers_of(&mut self, sql_type: &SqlType) -> Option<()> {
        let most = match sql_type {
            SqlType::Varchar | SqlType::Bit | SqlType::Interval => 1,
            _ => 0,
        };
        (self.modifiers()?.len() <= most).then_some(())
    }

    fn take(&mut self) -> Option<Piece> {
        let piece = self.pieces.get(self.next).cloned();
        self.next += 1;
        piece
    }

    fn word(&mut self, expected: &str) -> bool {
        let found = matches!(self.pieces.get(self.next), Some(Piece::Word(word)) if word.eq_ignore_ascii_case(expected));
        self.next += usize::from(found);
        found
    }

    fn number(&mut self) -> Option<u32> {
        match self.pieces.get(self.next) {
            Some(Piece::Word(digits)) => {
                let number = digits.parse().ok()?;
                self.next += 1;
                Some(number)
            }
            _ => None,
        }
    }

    fn symbol(&mut self, expected: char) -> bool {
        let found = self.pieces.get(self.next) == Some(&Piece::Symbol(expected));
        self.next += usize::from(found);
        found
    }

    fn need(&mut self, expected: char) -> Option<()> {
        self.symbol(expected).then_some(())
    }
}

fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A part of a type's name as it is written: in quotes where it would be read as something else without them.
fn as_word(name: &str) -> String {
    let begins_a_word = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if begins_a_word && name.chars().all(is_in_a_word) {
        name.to_owned()
    } else {
        in_quotes(name)
    }
}

fn in_quotes(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn is_in_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// A type that one word names.
fn simple(word: &str) -> Option<SqlType> {
    use SqlType::*;
    Some(match word {
        "boolean" | "bool" | "logical" => Boolean,
        "tinyint" | "int1" => TinyInt,
        "smallint" | "int2" | "int16" | "short" => SmallInt,
        "integer" | "int" | "int4" | "int32" | "signed" | "integral" => Integer,
        "bigint" | "int8" | "int64" | "long" | "oid" => BigInt,
        "hugeint" | "int128" => HugeInt,
        "utinyint" | "uint8" => UTinyInt,
        "usmallint" | "uint16" => USmallInt,
        "uinteger" | "uint32" => UInteger,
        "ubigint" | "uint64" => UBigInt,
        "uhugeint" | "uint128" => UHugeInt,
        "bignum" | "varint" => BigNum,
        "real" | "float4" => Float,
        "float8" => Double,
        "varchar" | "text" | "string" | "bpchar" | "nvarchar" => Varchar,
        "blob" | "bytea" | "binary" | "varbinary" => Blob,
        "bit" | "bitstring" => Bit,
        "date" => Date,
        "time_ns" => TimeNs,
        "timetz" | "time with time zone" => TimeTz,
        "timestamp_us" => Timestamp,
        "timestamp_s" => TimestampS,
        "timestamp_ms" => TimestampMs,
        "timestamp_ns" => TimestampNs,
        "timestamptz" | "timestamp with time zone" => TimestampTz,
        "uuid" | "guid" => Uuid,
        "json" => Json,
        "null" => Null,
        _ => return None,
    })
}
