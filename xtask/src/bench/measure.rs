//! Runs a program to its end: how long it took and how much memory it had.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// One run of a program.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// From before the process is started until after its end.
    pub time: Duration,
    /// The largest resident set, in bytes: of the process, or of one that it waited for if that had more.
    pub peak_memory: u64,
}

/// Runs a program and throws away what it says, unless it fails.
///
/// # Errors
/// If it can't be started or fails; its last lines are in the message.
pub fn sample(command: &mut Command) -> Result<Sample, Box<dyn Error>> {
    let log = tempfile::NamedTempFile::new()?;
    command
        .stdin(Stdio::null())
        .stdout(log.reopen()?)
        .stderr(log.reopen()?);
    let started = Instant::now();
    let usage = command.spawn()?.wait4()?;
    let time = started.elapsed();
    if !usage.status.success() {
        let said = std::fs::read_to_string(log.path())?;
        let lines: Vec<&str> = said.lines().collect();
        let last = lines[lines.len().saturating_sub(30)..].join("\n");
        return Err(format!("{command:?} failed: {}\n{last}", usage.status).into());
    }
    Ok(Sample {
        time,
        peak_memory: usage.rusage.maxrss,
    })
}

/// All runs of one thing.
#[derive(Clone, Debug, Default)]
pub struct Series(Vec<Sample>);

impl Series {
    /// Adds a run.
    pub fn add(&mut self, sample: Sample) {
        self.0.push(sample);
        self.0.sort_by_key(|sample| sample.time);
    }

    /// The shortest time.
    pub fn shortest(&self) -> Duration {
        self.0.first().map_or(Duration::ZERO, |sample| sample.time)
    }

    /// The time in the middle; of an even number of runs the mean of the two there.
    pub fn median(&self) -> Duration {
        let middle = self.0.len() / 2;
        match (self.0.get(middle), self.0.len() % 2) {
            (None, _) => Duration::ZERO,
            (Some(upper), 0) => (self.0[middle - 1].time + upper.time) / 2,
            (Some(sample), _) => sample.time,
        }
    }

    /// The time that this many of a hundred runs don't pass.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        let sample = self.0.get(rank.saturating_sub(1));
        sample.map_or(Duration::ZERO, |sample| sample.time)
    }

    /// The longest time.
    pub fn longest(&self) -> Duration {
        self.0.last().map_or(Duration::ZERO, |sample| sample.time)
    }

    /// The most memory of all runs, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.0
            .iter()
            .map(|sample| sample.peak_memory)
            .max()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(times: &[u64]) -> Series {
        let mut series = Series::default();
        for time in times {
            series.add(Sample {
                time: Duration::from_millis(*time),
                peak_memory: *time,
            });
        }
        series
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(series(&[]).median(), Duration::ZERO);
        assert_eq!(series(&[30, 10, 20]).median(), Duration::from_millis(20));
        assert_eq!(
            series(&[40, 10, 20, 30]).median(),
            Duration::from_millis(25)
        );
    }

    #[test]
    fn a_percentile_is_a_time_that_was_taken() {
        assert_eq!(series(&[]).percentile(95), Duration::ZERO);
        let times: Vec<u64> = (1..=100).collect();
        assert_eq!(series(&times).percentile(95), Duration::from_millis(95));
        assert_eq!(series(&[7]).percentile(95), Duration::from_millis(7));
    }

    #[test]
    fn ends_and_peak_are_those_of_all_runs() {
        let series = series(&[30, 10, 20]);
        assert_eq!(
            (series.shortest(), series.longest()),
            (Duration::from_millis(10), Duration::from_millis(30))
        );
        assert_eq!(series.peak_memory(), 30);
    }

    #[test]
    fn a_failing_program_is_an_error_with_what_it_said() {
        let error = sample(Command::new("sh").args(["-c", "echo broken >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("broken"), "{error}");
        let sample = sample(Command::new("sh").args(["-c", "exit 0"])).unwrap();
        assert!(sample.peak_memory > 0);
    }
}
