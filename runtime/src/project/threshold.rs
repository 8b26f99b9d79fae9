//! Comparisons with a number of rows, as audits write them: `> 10`.

use std::fmt;

/// A comparison with a number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    relation: Relation,
    number: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// How each comparison is written; the longer ones first, as the shorter ones begin them.
const RELATIONS: [(&str, Relation); 8] = [
    (">=", Relation::GreaterOrEqual),
    ("<=", Relation::LessOrEqual),
    ("!=", Relation::NotEqual),
    ("<>", Relation::NotEqual),
    ("==", Relation::Equal),
    ("=", Relation::Equal),
    (">", Relation::Greater),
    ("<", Relation::Less),
];

impl Threshold {
    /// What holds as soon as there is one row: `> 0`.
    pub const ANY: Threshold = Threshold {
        relation: Relation::Greater,
        number: 0,
    };

    /// Reads `> 10`, `>= 1`, `= 0`, `!= 3`; digits may be grouped by `_`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (sign, relation) = RELATIONS.iter().find(|(sign, _)| text.starts_with(sign))?;
        let digits = text[sign.len()..].trim();
        let is_number = digits.starts_with(|first: char| first.is_ascii_digit());
        let plain = digits.replace('_', "");
        Some(Self {
            relation: *relation,
            number: plain.parse().ok().filter(|_| is_number)?,
        })
    }

    /// Whether a number of rows meets it.
    pub fn holds(self, rows: u64) -> bool {
        match self.relation {
            Relation::Equal => rows == self.number,
            Relation::NotEqual => rows != self.number,
            Relation::Less => rows < self.number,
            Relation::LessOrEqual => rows <= self.number,
            Relation::Greater => rows > self.number,
            Relation::GreaterOrEqual => rows >= self.number,
        }
    }
}

/// As it is written: `> 10`.
impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = RELATIONS
            .iter()
            .find(|(_, relation)| *relation == self.relation)
            .map_or("", |(sign, _)| sign);
        write!(formatter, "{sign} {}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comparison_holds_for_its_numbers() {
        for (text, holding) in [
            ("> 2", vec![3, 4]),
            (">=2", vec![2, 3, 4]),
            ("= 2", vec![2]),
            ("== 2", vec![2]),
            ("!= 2", vec![0, 1, 3, 4]),
            (" <> 2 ", vec![0, 1, 3, 4]),
            ("< 2", vec![0, 1]),
            ("<= 2", vec![0, 1, 2]),
            ("> 1_000", vec![]),
        ] {
            let threshold = Threshold::parse(text).unwrap();
            let found: Vec<u64> = (0..5).filter(|rows| threshold.holds(*rows)).collect();
            assert_eq!(found, holding, "{text}");
            assert_eq!(Threshold::parse(&threshold.to_string()), Some(threshold));
        }
        assert_eq!(Threshold::parse("> 0"), Some(Threshold::ANY));
    }

    #[test]
    fn anything_else_is_no_comparison() {
        for text in [
            "",
            "10",
            ">",
            "> -1",
            "> 1.5",
            "> ten",
            "=> 1",
            "> 1 rows",
            "> _",
            "> +1",
            "> 99999999999999999999",
        ] {
            assert_eq!(Threshold::parse(text), None, "{text}");
        }
    }
}
