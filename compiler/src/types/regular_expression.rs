//! What is wrong with a regular expression in the syntax of RE2, which the engine compiles when it
//! binds a call with a constant pattern.
//!
//! Source: `re2/parse.cc` of RE2 as DuckDB 1.5.5 carries it, with Perl's classes and operators; the
//! names of Unicode's classes are those of `re2/unicode_groups.cc`. Two groups may have one name.

use std::iter::Peekable;
use std::str::Chars;

/// The most repetitions that `{n,m}` may ask for.
const MOST_REPETITIONS: u32 = 1000;

/// The names of Unicode's classes, one a line, sorted.
const UNICODE_CLASSES: &str = include_str!("unicode_classes.txt");

const CLASSES: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// What is wrong in a pattern; `None` if nothing is.
pub fn fault(pattern: &str) -> Option<String> {
    let mut reader = Reader {
        rest: pattern.chars().peekable(),
        open: 0,
        before: Before::Nothing,
        repeated: 1,
        within: vec![1],
    };
    reader.read().err()
}

/// What stands before the place that is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The beginning of a group or of an alternative.
    Nothing,
    /// Something that can be repeated.
    Target,
    /// A repetition.
    Repetition,
}

struct Reader<'p> {
    rest: Peekable<Chars<'p>>,
    /// How many groups are open.
    open: usize,
    before: Before,
    /// How often something within the last target is repeated by counts, within counts.
    repeated: u32,
    /// The same for each open group, and all around them.
    within: Vec<u32>,
}

type Read<T> = Result<T, String>;

impl Reader<'_> {
    fn read(&mut self) -> Read<()> {
        while let Some(letter) = self.rest.next() {
            if !matches!(letter, ')' | '*' | '+' | '?' | '{') {
                self.repeated = 1;
            }
            match letter {
                '\\' => self.escaped()?,
                '[' => {
                    self.class()?;
                    self.before = Before::Target;
                }
                '(' => self.group()?,
                ')' => {
                    self.open = self
                        .open
                        .checked_sub(1)
                        .ok_or("the pattern closes a group that isn't open")?;
                    self.repeated = self.within.pop().unwrap_or(1);
                    self.note();
                    self.before = Before::Target;
                }
                '|' => self.before = Before::Nothing,
                '*' | '+' | '?' => self.repetition(letter)?,
                '{' => self.counted()?,
                _ => self.before = Before::Target,
            }
        }
        match self.open {
            0 => Ok(()),
            _ => Err("the pattern lacks a `)`".to_owned()),
        }
    }

    /// Notes for the group around the last target how often something in it is repeated.
    fn note(&mut self) {
        if let Some(most) = self.within.last_mut() {
            *most = self.repeated.max(*most);
        }
    }

    fn repetition(&mut self, operator: char) -> Read<()> {
        match self.before {
            Before::Nothing => return Err(format!("`{operator}` has nothing to repeat")),
            Before::Repetition => {
                return Err(format!("`{operator}` can't repeat a repetition"));
            }
            Before::Target => {}
        }
        self.rest.next_if_eq(&'?');
        self.before = Before::Repetition;
        Ok(())
    }

    /// `{2}`, `{2,}`, `{2,3}`; anything else behind a `{` makes it a plain letter.
    fn counted(&mut self) -> Read<()> {
        let mut ahead = self.rest.clone();
        let Some(least) = digits(&mut ahead) else {
            self.before = Before::Target;
            return Ok(());
        };
        let most = match ahead.next_if_eq(&',') {
            None => Some(least),
            Some(_) => digits(&mut ahead),
        };
        if ahead.next() != Some('}') {
            self.before = Before::Target;
            return Ok(());
        }
        let fits = least <= MOST_REPETITIONS
            && most.is_none_or(|most| (least..=MOST_REPETITIONS).contains(&most));
        if !fits {
            return Err(format!(
                "a repetition counts up to {MOST_REPETITIONS}, from the smaller number to the larger"
            ));
        }
        self.rest = ahead;
        self.repetition('{')?;
        self.repeated = self.repeated.saturating_mul(most.unwrap_or(least).max(1));
        if self.repeated > MOST_REPETITIONS {
            return Err(format!(
                "repetitions within repetitions count up to {MOST_REPETITIONS} together"
            ));
        }
        self.note();
        Ok(())
    }

    fn group(&mut self) -> Read<()> {
        self.open += 1;
        self.within.push(1);
        self.before = Before::Nothing;
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        if self.rest.next_if_eq(&'P').is_some() {
            return self.named_group();
        }
        let (mut negated, mut flags) = (false, false);
        loop {
            match self.rest.next() {
                Some('i' | 'm' | 's' | 'U') => flags = true,
                Some('-') if !negated => (negated, flags) = (true, false),
                Some(':' | ')') if negated && !flags => {
                    return Err("a group has flags behind its `-`".to_owned());
                }
                Some(':') => return Ok(()),
                Some(')') => {
                    // Flags for what follows: no group.
                    self.open -= 1;
                    self.within.pop();
                    return Ok(());
                }
                Some(letter) => return Err(format!("patterns have no group `(?{letter}`")),
                None => return Err("the pattern lacks a `)`".to_owned()),
            }
        }
    }

    fn named_group(&mut self) -> Read<()> {
        if self.rest.next() != Some('<') {
            return Err("a group is named by `(?P<name>…)`".to_owned());
        }
        let mut name = String::new();
        loop {
            match self.rest.next() {
                Some('>') => break,
                Some(letter) => name.push(letter),
                None => return Err("the name of a group isn't closed".to_owned()),
            }
        }
        let plain =
            |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || !letter.is_ascii();
        match name.is_empty() || !name.chars().all(plain) {
            true => Err("the name of a group has letters, digits and `_`".to_owned()),
            false => Ok(()),
        }
    }

    /// What stands behind a backslash, outside of brackets.
    fn escaped(&mut self) -> Read<()> {
        self.before = Before::Target;
        match self.rest.peek() {
            Some('Q') => {
                // Everything up to `\E` stands for itself.
                let mut last = ' ';
                for letter in self.rest.by_ref() {
                    if last == '\\' && letter == 'E' {
                        break;
                    }
                    last = letter;
                }
                Ok(())
            }
            Some('A' | 'z' | 'b' | 'B' | 'C') => {
                self.rest.next();
                Ok(())
            }
            _ => self.escape().map(drop),
        }
    }

    /// A letter or a class behind a backslash; the letter, if it is one and known.
    fn escape(&mut self) -> Read<Option<char>> {
        let Some(letter) = self.rest.next() else {
            return Err("the pattern ends with a backslash".to_owned());
        };
        let unknown = || Err(format!("patterns have no `\\{letter}`"));
        match letter {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => Ok(None),
            'p' | 'P' => {
                let name = match self.rest.next() {
                    None => return unknown(),
                    Some('{') => {
                        let mut name = String::new();
                        loop {
                            match self.rest.next() {
                                Some('}') => break,
                                Some(letter) => name.push(letter),
                                None => return Err(format!("`\\{letter}{{` isn't closed")),
                            }
                        }
                        name.strip_prefix('^').unwrap_or(&name).to_owned()
                    }
                    Some('^') => self.rest.next().map(String::from).unwrap_or_default(),
                    Some(single) => single.to_string(),
                };
                match UNICODE_CLASSES.lines().any(|class| class == name) {
                    true => Ok(None),
                    false => Err(format!("patterns have no class `\\{letter}{{{name}}}`")),
                }
            }
            // One digit would be a reference to a group, which RE2 doesn't have.
            '1'..='7' => match self.rest.peek() {
                Some('0'..='7') => Ok(self.octal()),
                _ => unknown(),
            },
            '0' => Ok(self.octal()),
            'x' => self.hexadecimal(),
            'n' | 'r' | 't' | 'a' | 'f' | 'v' => Ok(None),
            letter if letter.is_ascii() && !letter.is_ascii_alphanumeric() => Ok(Some(letter)),
            _ => unknown(),
        }
    }

    fn octal(&mut self) -> Option<char> {
        for _ in 0..2 {
            self.rest.next_if(|letter| matches!(letter, '0'..='7'));
        }
        None
    }

    fn hexadecimal(&mut self) -> Read<Option<char>> {
        let wrong = || Err("`\\x` is followed by two digits or by digits in braces".to_owned());
        let is_digit = |letter: &char| letter.is_ascii_hexdigit();
        if self.rest.next_if_eq(&'{').is_some() {
            let mut digits = String::new();
            while let Some(digit) = self.rest.next_if(is_digit) {
                digits.push(digit);
            }
            let code = digits.trim_start_matches('0');
            let fits = code.len() <= 6
                && u32::from_str_radix(code, 16).unwrap_or(0) <= u32::from(char::MAX);
            return match self.rest.next() {
                Some('}') if !digits.is_empty() && fits => Ok(None),
                _ => wrong(),
            };
        }
        match (self.rest.next(), self.rest.next()) {
            (Some(first), Some(second)) if is_digit(&first) && is_digit(&second) => Ok(None),
            _ => wrong(),
        }
    }

    /// `[…]`, once its first bracket was read.
    fn class(&mut self) -> Read<()> {
        self.rest.next_if_eq(&'^');
        let mut first = true;
        loop {
            match self.rest.peek().copied() {
                None => return Err("the pattern lacks a `]`".to_owned()),
                Some(']') if !first => {
                    self.rest.next();
                    return Ok(());
                }
                Some('[') if self.named_class()? => {}
                Some(_) => self.members()?,
            }
            first = false;
        }
    }

    /// `[:alpha:]` within brackets; whether one stood there.
    fn named_class(&mut self) -> Read<bool> {
        let mut ahead = self.rest.clone();
        ahead.next();
        if ahead.next() != Some(':') {
            return Ok(false);
        }
        let mut name = String::new();
        while let Some(letter) = ahead.next_if(|letter| *letter != ':') {
            name.push(letter);
        }
        ahead.next();
        if ahead.next() != Some(']') {
            return Ok(false);
        }
        let plain = name.strip_prefix('^').unwrap_or(&name);
        if !CLASSES.contains(&plain) {
            return Err(format!("patterns have no class `[:{name}:]`"));
        }
        self.rest = ahead;
        Ok(true)
    }

    /// A letter, a class or a range of letters within brackets.
    fn members(&mut self) -> Read<()> {
        let class = self.is_class();
        let low = self.member()?;
        let mut ahead = self.rest.clone();
        let ranges = ahead.next() == Some('-') && ahead.peek().is_some_and(|next| *next != ']');
        if class || !ranges {
            return Ok(());
        }
        self.rest.next();
        if self.is_class() {
            return Err("a range within brackets ends with a letter".to_owned());
        }
        match (low, self.member()?) {
            (Some(low), Some(high)) if low > high => {
                Err(format!("the range `{low}-{high}` ends before it begins"))
            }
            _ => Ok(()),
        }
    }

    /// Whether what follows is a class such as `\d`.
    fn is_class(&self) -> bool {
        let mut ahead = self.rest.clone();
        ahead.next() == Some('\\')
            && matches!(
                ahead.next(),
                Some('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P')
            )
    }

    fn member(&mut self) -> Read<Option<char>> {
        match self.rest.next() {
            Some('\\') => self.escape(),
            letter => Ok(letter),
        }
    }
}

/// A number; one that is too large counts as the largest.
fn digits(rest: &mut Peekable<Chars<'_>>) -> Option<u32> {
    let mut number: Option<u32> = None;
    while let Some(digit) = rest
        .next_if(char::is_ascii_digit)
        .and_then(|c| c.to_digit(10))
    {
        number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
    }
    number
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn patterns_that_compile() {
        for pattern in [
            "",
            "a|b",
            "(a)(b|[c)])",
            r"\(a",
            "[[:alpha:]]+",
            "[]a]",
            "[^]]",
            "[a-]",
            "[-a]",
            "a*?",
            "a{2}",
            "a{2,}?",
            "a{,2}",
            "a{x",
            "{",
            "(?i)a",
            "(?i:a)",
            "(?s-m:a)",
            "(?P<n>a)",
            "(?P<n>a)(?P<n>b)",
            "((a{10}){10}){10}",
            r"\p{^Lu}\x{10FFFF}",
            r"\d+\.\w",
            r"[\d-z]",
            r"\pN\p{Greek}",
            r"\x41\x{1F600}",
            r"\Qa.b",
            r"\Q(\E(a)",
            r"\12",
            "^*",
            r"[\]\-]",
            r"\_",
            "ä[ö-ü]",
        ] {
            assert_eq!(fault(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn patterns_that_do_not() {
        for pattern in [
            "(a",
            "a)",
            "[abc",
            "[[:alpha:]",
            "*",
            "a|*",
            "(*)",
            "a**",
            "a+*",
            "a{2}{3}",
            "a{2,1}",
            "a{1001}",
            "\\",
            r"\X",
            r"\1",
            r"\y",
            r"[\b]",
            "(?=a)",
            "(?<n>a)",
            "(?P<n-b>a)",
            "((a{10}){10}){11}",
            "(?i-)a",
            r"\pX",
            r"\x{110000}",
            "[z-a]",
            "[[:foo:]]",
            r"[a-\d]",
            r"\x4",
            r"\p{L",
        ] {
            assert!(fault(pattern).is_some(), "{pattern}");
        }
    }
}
