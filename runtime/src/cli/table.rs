//! Rows as an aligned table.

/// The widest that a cell is shown on a terminal.
const CELL_WIDTH: usize = 40;

/// A column's head and side.
pub struct Column {
    name: String,
    right: bool,
}

impl Column {
    /// A column that is aligned to the left.
    pub fn text(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            right: false,
        }
    }

    /// A column that is aligned to the right.
    pub fn number(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            right: true,
        }
    }
}

/// A table that is printed once it is whole.
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; nothing stands for a null.
    pub fn push(&mut self, row: impl IntoIterator<Item = Option<String>>) {
        self.rows.push(row.into_iter().collect());
    }

    /// The text, and the names of the columns that didn't fit into `width`.
    pub fn text(&self, width: Option<usize>) -> (String, Vec<String>) {
        let rows: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(|cell| shown(cell.as_deref(), width.is_some()))
                    .collect()
            })
            .collect();
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let cells = rows.iter().filter_map(|row| row.get(index));
                let longest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
                longest.max(column.name.chars().count())
            })
            .collect();
        let fitting = fitting(&widths, width);
        let heads: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let mut text = String::new();
        for row in std::iter::once(&heads).chain(&rows) {
            let mut line = String::new();
            for (index, width) in widths.iter().enumerate().take(fitting) {
                let cell = row.get(index).map_or("", String::as_str);
                let space = " ".repeat(width.saturating_sub(cell.chars().count()));
                line.push(' ');
                if self.columns[index].right {
                    line.push_str(&space);
                    line.push_str(cell);
                } else {
                    line.push_str(cell);
                    line.push_str(&space);
                }
                line.push(' ');
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        (text, heads.into_iter().skip(fitting).collect())
    }
}

/// How many columns fit; at least one.
fn fitting(widths: &[usize], width: Option<usize>) -> usize {
    let Some(width) = width else {
        return widths.len();
    };
    let mut used = 0;
    let count = widths
        .iter()
        .take_while(|column| {
            used += *column + 2;
            used <= width
        })
        .count();
    count.max(1).min(widths.len())
}

/// A cell on one line: line ends are written out, and what is too long for a terminal is cut.
fn shown(cell: Option<&str>, cut: bool) -> String {
    let Some(text) = cell else {
        return "null".to_owned();
    };
    let text = text
        .replace('\n', "\\n")
        .replace('\r', "\\r")
        .replace('\t', "\\t");
    if cut && text.chars().count() > CELL_WIDTH {
        let start: String = text.chars().take(CELL_WIDTH - 1).collect();
        format!("{start}…")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([Column::text("day"), Column::number("flights")]);
        table.push([Some("2013-01-01".to_owned()), Some("842".to_owned())]);
        table.push([None, Some("1".to_owned())]);
        table
    }

    #[test]
    fn cells_are_aligned() {
        let (text, left) = table().text(None);
        assert_eq!(
            text,
            " day         flights\n 2013-01-01      842\n null              1\n"
        );
        assert!(left.is_empty());
    }

    #[test]
    fn columns_that_do_not_fit_are_named() {
        let (text, left) = table().text(Some(15));
        assert_eq!(text.lines().next(), Some(" day"));
        assert_eq!(left, ["flights"]);
    }

    #[test]
    fn a_cell_stays_on_its_line() {
        assert_eq!(shown(Some("a\nb"), true), "a\\nb");
        assert_eq!(
            shown(Some(&"x".repeat(50)), true).chars().count(),
            CELL_WIDTH
        );
        assert_eq!(shown(Some(&"x".repeat(50)), false).len(), 50);
    }
}
