//! Runs steps one after another, goes on after a failure where that makes sense, and sums up.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How a stage ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// Not run, because of the named stage.
    Skipped(&'static str),
}

/// A stage to run.
pub(crate) struct Stage<'a> {
    /// A short name, unique among the stages.
    pub(crate) name: &'static str,
    /// Stages without whose success this one says nothing. Those that were not asked for do not count.
    pub(crate) needs: &'static [&'static str],
    /// What to do.
    pub(crate) run: Box<dyn FnMut() -> Result<()> + 'a>,
}

/// Runs all; an error names those that did not pass.
pub(crate) fn run(stages: Vec<Stage<'_>>) -> Result<()> {
    let count = stages.len();
    let mut ended: Vec<(&'static str, Outcome, Duration)> = Vec::new();
    for (index, mut stage) in stages.into_iter().enumerate() {
        println!("\n[{}/{count}] {}", index + 1, stage.name);
        let started = Instant::now();
        let outcome = match blocker(&ended, stage.needs) {
            Some(blocker) => {
                println!("skipped: {blocker} did not pass");
                Outcome::Skipped(blocker)
            }
            None => match (stage.run)() {
                Ok(()) => Outcome::Passed,
                Err(error) => {
                    println!("failed: {error:#}");
                    Outcome::Failed
                }
            },
        };
        println!("[{}/{count}] {}: {:.1} s", index + 1, stage.name, started.elapsed().as_secs_f64());
        ended.push((stage.name, outcome, started.elapsed()));
    }
    println!("\n{}", table(&ended));
    let bad: Vec<_> =
        ended.iter().filter(|(_, outcome, _)| *outcome != Outcome::Passed).map(|(name, ..)| *name).collect();
    if !bad.is_empty() {
        bail!("not passed: {}", bad.join(", "));
    }
    Ok(())
}

fn blocker(ended: &[(&'static str, Outcome, Duration)], needs: &[&str]) -> Option<&'static str> {
    ended
        .iter()
        .find(|(name, outcome, _)| needs.contains(name) && *outcome != Outcome::Passed)
        .map(|(name, ..)| *name)
}

fn table(ended: &[(&'static str, Outcome, Duration)]) -> String {
    let width = ended.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (name, outcome, time) in ended {
        let result = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed => "FAILED".to_owned(),
            Outcome::Skipped(blocker) => format!("skipped ({blocker})"),
        };
        lines.push(format!("{name:width$}  {:>8.1} s  {result}", time.as_secs_f64()));
    }
    let total: Duration = ended.iter().map(|(.., time)| *time).sum();
    lines.push(format!("{:width$}  {:>8.1} s", "total", total.as_secs_f64()));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn what_needs_a_failed_stage_is_skipped_and_the_rest_runs() {
        let ran = RefCell::new(Vec::new());
        let stage = |name, needs, passes: bool| Stage {
            name,
            needs,
            run: {
                let ran = &ran;
                Box::new(move || {
                    ran.borrow_mut().push(name);
                    if passes { Ok(()) } else { bail!("broken") }
                })
            },
        };
        let error = run(vec![
            stage("guests", &[], false),
            stage("web", &[], true),
            stage("binary", &["guests", "web"], true),
            stage("browser", &["binary"], true),
            stage("docs", &["web", "never asked for"], true),
        ])
        .unwrap_err()
        .to_string();
        assert_eq!(*ran.borrow(), ["guests", "web", "docs"]);
        assert_eq!(error, "not passed: guests, binary, browser");
    }

    #[test]
    fn the_table_says_how_each_ended() {
        let second = Duration::from_millis(1500);
        let text = table(&[
            ("web", Outcome::Passed, second),
            ("browser", Outcome::Skipped("binary"), Duration::ZERO),
        ]);
        let expected =
            "web           1.5 s  passed\nbrowser       0.0 s  skipped (binary)\ntotal         1.5 s";
        assert_eq!(text, expected);
    }
}
