//! Reads the text of a SQL type: what the engine writes, and what people do.

use std::str::FromStr;

use super::{SIMPLE, SqlType};
use crate::parse_error::ParseError;

/// Types nested deeper are refused, as reading them recurses.
const MAX_DEPTH: usize = 64;

impl FromStr for SqlType {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut parser = Parser { rest: text };
        parser
            .sql_type(0)
            .filter(|_| parser.trimmed().is_empty())
            .ok_or_else(|| ParseError::new("SQL type", text))
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn trimmed(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        self.rest
    }

    fn eat(&mut self, symbol: char) -> Option<()> {
        self.rest = self.trimmed().strip_prefix(symbol)?;
        Some(())
    }

    /// A bare word, as it is written.
    fn word(&mut self) -> Option<&'a str> {
        let text = self.trimmed();
        let end = text
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// The given bare word, in any case; takes nothing if it isn't there.
    fn keyword(&mut self, expected: &str) -> bool {
        let before = self.rest;
        let found = self
            .word()
            .is_some_and(|word| word.eq_ignore_ascii_case(expected));
        if !found {
            self.rest = before;
        }
        found
    }

    fn number<N: FromStr>(&mut self) -> Option<N> {
        let text = self.trimmed();
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        self.rest = rest;
        digits.parse().ok()
    }

    /// What stands between a pair of quotes, doubled ones inside undone.
    fn quoted(&mut self, quote: char) -> Option<String> {
        self.eat(quote)?;
        let mut text = String::new();
        loop {
            let end = self.rest.find(quote)?;
            text.push_str(&self.rest[..end]);
            self.rest = &self.rest[end + 1..];
            match self.rest.strip_prefix(quote) {
                Some(rest) => {
                    text.push(quote);
                    self.rest = rest;
                }
                None => return Some(text),
            }
        }
    }

    /// `(item, item, …)`
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.eat('(')?;
        let mut items = Vec::new();
        loop {
            items.push(item(self)?);
            if self.eat(')').is_some() {
                return Some(items);
            }
            self.eat(',')?;
        }
    }

    fn sql_type(&mut self, depth: usize) -> Option<SqlType> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut sql_type = self.base(depth)?;
        let mut lists = depth;
        while self.eat('[').is_some() {
            lists += 1;
            if lists > MAX_DEPTH {
                return None;
            }
            sql_type = if self.eat(']').is_some() {
                SqlType::List(Box::new(sql_type))
            } else {
                let length = self.number()?;
                self.eat(']')?;
                SqlType::Array(Box::new(sql_type), length)
            };
        }
        Some(sql_type)
    }

    fn base(&mut self, depth: usize) -> Option<SqlType> {
        // the engine quotes the name of the type of NULL
        if self.trimmed().starts_with('"') {
            let name = self.quoted('"')?;
            return simple(&name);
        }
        let word = self.word()?.to_ascii_uppercase();
        match word.as_str() {
            "STRUCT" | "ROW" => {
                let fields = self.list(|parser| parser.field(depth))?;
                Some(SqlType::Struct(fields))
            }
            "UNION" => {
                let members = self.list(|parser| parser.named(depth))?;
                Some(SqlType::Union(members))
            }
            "MAP" => {
                let types = self.list(|parser| parser.sql_type(depth + 1))?;
                let [key, value]: [SqlType; 2] = types.try_into().ok()?;
                Some(SqlType::Map(Box::new(key), Box::new(value)))
            }
            "ENUM" => self.list(|parser| parser.quoted('\'')).map(SqlType::Enum),
            "DECIMAL" | "NUMERIC" | "DEC" => self.decimal(),
            "VARCHAR" | "CHAR" | "BPCHAR" | "TEXT" | "STRING" | "GEOMETRY" | "BIT" => {
                self.skip_parameter()?;
                simple(&word)
            }
            "FLOAT" => self.float(),
            "DOUBLE" => {
                self.keyword("PRECISION");
                Some(SqlType::Double)
            }
            "TIME" | "TIMESTAMP" => self.zoned(word),
            _ => simple(&word),
        }
    }

    fn named(&mut self, depth: usize) -> Option<(String, SqlType)> {
        let name = if self.trimmed().starts_with('"') {
            self.quoted('"')?
        } else {
            self.word()?.to_string()
        };
        Some((name, self.sql_type(depth + 1)?))
    }

    /// A field with a name, or without (`STRUCT(INTEGER, INTEGER)`).
    fn field(&mut self, depth: usize) -> Option<(String, SqlType)> {
        let before = self.rest;
        if let Some(field) = self.named(depth) {
            // `TIME WITH TIME ZONE` without a name never gets here with a
            // type `WITH`, so a name and a type are what they seem
            return Some(field);
        }
        self.rest = before;
        Some((String::new(), self.sql_type(depth + 1)?))
    }

    /// A length or coordinate system, which doesn't change the values.
    fn skip_parameter(&mut self) -> Option<()> {
        if self.eat('(').is_none() {
            return Some(());
        }
        if self.trimmed().starts_with('\'') {
            self.quoted('\'')?;
        } else {
            self.number::<u64>()?;
        }
        self.eat(')')
    }

    fn decimal(&mut self) -> Option<SqlType> {
        let (width, scale) = if self.trimmed().starts_with('(') {
            match self.list(Self::number::<u8>)?.as_slice() {
                [width] => (*width, 0),
                [width, scale] => (*width, *scale),
                _ => return None,
            }
        } else {
            // the engine's default
            (18, 3)
        };
        (1..=38)
            .contains(&width)
            .then_some(SqlType::Decimal { width, scale })
            .filter(|_| scale <= width)
    }

    /// `FLOAT`, or with a number of bits as the standard has it.
    fn float(&mut self) -> Option<SqlType> {
        if self.eat('(').is_none() {
            return Some(SqlType::Float);
        }
        let bits: u8 = self.number()?;
        self.eat(')')?;
        Some(if bits <= 24 {
            SqlType::Float
        } else {
            SqlType::Double
        })
    }

    /// `TIME` or `TIMESTAMP`, which may go on with a time zone or a precision.
    fn zoned(&mut self, word: String) -> Option<SqlType> {
        if self.eat('(').is_some() {
            let precision: u8 = self.number()?;
            self.eat(')')?;
            if word == "TIMESTAMP" && !self.trimmed().to_ascii_uppercase().starts_with("WITH") {
                return match precision {
                    0 => Some(SqlType::TimestampS),
                    1..=3 => Some(SqlType::TimestampMs),
                    4..=6 => Some(SqlType::Timestamp),
                    7..=9 => Some(SqlType::TimestampNs),
                    _ => None,
                };
            }
        }
        let with = self.keyword("WITH");
        if with || self.keyword("WITHOUT") {
            if !(self.keyword("TIME") && self.keyword("ZONE")) {
                return None;
            }
            if with {
                return simple(&format!("{word} WITH TIME ZONE"));
            }
        }
        simple(&word)
    }
}

fn simple(name: &str) -> Option<SqlType> {
    SIMPLE
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, sql_type)| sql_type.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_and_spellings_are_read() {
        let cases = [
            ("int8", "BIGINT"),
            ("varchar(20)", "VARCHAR"),
            ("numeric", "DECIMAL(18,3)"),
            ("decimal(7)", "DECIMAL(7,0)"),
            ("double precision", "DOUBLE"),
            ("float(53)", "DOUBLE"),
            ("timestamp(9)", "TIMESTAMP_NS"),
            ("timestamp with time zone", "TIMESTAMP WITH TIME ZONE"),
            ("timestamp(3) with time zone", "TIMESTAMP WITH TIME ZONE"),
            ("timetz[2][]", "TIME WITH TIME ZONE[2][]"),
            (
                "row(a int, \"B \"\"c\" text)",
                "STRUCT(a INTEGER, \"B \"\"c\" VARCHAR)",
            ),
            ("map(text,enum('it''s'))", "MAP(VARCHAR, ENUM('it''s'))"),
            (
                "union(a time with time zone, b int)",
                "UNION(a TIME WITH TIME ZONE, b INTEGER)",
            ),
            ("geometry('OGC:CRS84')", "GEOMETRY"),
        ];
        for (text, expected) in cases {
            let sql_type = text.parse::<SqlType>().map(|sql_type| sql_type.to_string());
            assert_eq!(sql_type.as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let deep_lists = format!("INTEGER{}", "[]".repeat(100_000));
        let deep_structs = "STRUCT(a ".repeat(100_000);
        let cases = [
            "",
            "INTEGERS",
            "INTEGER x",
            "DECIMAL(39,0)",
            "DECIMAL(3,4)",
            "DECIMAL(0)",
            "MAP(INTEGER)",
            "STRUCT()",
            "ENUM(a)",
            "UNION(INTEGER)",
            "INTEGER[",
            "INTEGER[-1]",
            "TIMESTAMP(10)",
            "TIMESTAMP WITH",
            "\"NULL",
            &deep_lists,
            &deep_structs,
        ];
        for text in cases {
            assert!(text.parse::<SqlType>().is_err(), "{text:.40}");
        }
    }
}
