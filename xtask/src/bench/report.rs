//! The table that a measurement ends with.

use std::time::Duration;

use super::measure::Series;

/// A line of the table.
pub struct Line<'a> {
    pub name: &'a str,
    pub series: &'a Series,
    /// What the median should not pass.
    pub bar: Option<Duration>,
}

/// The table as text.
pub fn table(lines: &[Line<'_>]) -> String {
    let head = [
        "",
        "min",
        "median",
        "max",
        "bar",
        "of the bar",
        "peak memory",
    ]
    .map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(lines.iter().map(cells));
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = format!("{:<1$}", row[0], widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            line += &format!("  {cell:>width$}");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn cells(line: &Line<'_>) -> [String; 7] {
    let median = line.series.median();
    let share = line
        .bar
        .map(|bar| 100.0 * median.as_secs_f64() / bar.as_secs_f64());
    [
        line.name.to_owned(),
        seconds(line.series.shortest()),
        seconds(median),
        seconds(line.series.longest()),
        line.bar.map(seconds).unwrap_or_default(),
        share
            .map(|share| format!("{share:.0} %{}", if share > 100.0 { " over" } else { "" }))
            .unwrap_or_default(),
        memory(line.series.peak_memory()),
    ]
}

/// Nothing for what ran within this very program.
fn memory(bytes: u64) -> String {
    if bytes == 0 {
        return String::new();
    }
    format!("{} MB", bytes / 1_000_000)
}

fn seconds(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::super::measure::Sample;
    use super::*;

    #[test]
    fn a_median_over_its_bar_is_marked() {
        let mut series = Series::default();
        series.add(Sample {
            time: Duration::from_millis(1500),
            peak_memory: 12_000_000,
        });
        let bars = [
            None,
            Some(Duration::from_secs(3)),
            Some(Duration::from_secs(1)),
        ];
        let lines: Vec<Line<'_>> = bars
            .iter()
            .map(|bar| Line {
                name: "x",
                series: &series,
                bar: *bar,
            })
            .collect();
        let text = table(&lines);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[1].ends_with("12 MB") && !lines[1].contains('%'),
            "{text}"
        );
        assert!(
            lines[2].contains("50 %") && !lines[2].contains("over"),
            "{text}"
        );
        assert!(lines[3].contains("150 % over"), "{text}");
    }
}
