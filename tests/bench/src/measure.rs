//! Times, in one run and side by side.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Something to be timed: prepares its input, then answers how long the work itself took.
pub struct Case<'a> {
    /// Its name in tables.
    pub name: &'static str,
    work: Box<dyn FnMut() -> Duration + 'a>,
}

impl<'a> Case<'a> {
    /// A case whose input is made anew each time, outside the measured time; so is the dropping of its result.
    pub fn new<I, O>(
        name: &'static str,
        mut input: impl FnMut() -> I + 'a,
        mut work: impl FnMut(I) -> O + 'a,
    ) -> Self {
        let work = move || {
            let input = input();
            settle();
            let start = Instant::now();
            let output = work(input);
            let time = start.elapsed();
            drop(output);
            time
        };
        Self { name, work: Box::new(work) }
    }
}

/// Makes the allocator tidy up now what was freed before, which it would else do within the next measured time: a large
/// request is what moves it to do so.
fn settle() {
    drop(black_box(Vec::<u8>::with_capacity(100_000)));
}

/// How long a case has each time it is its turn: a short one is repeated, so that it is measured warm.
const TURN: Duration = Duration::from_millis(4);

/// The median of each case, over rounds in which each case has its turn: so that all see the same machine.
pub fn medians(cases: &mut [Case<'_>], rounds: usize) -> Vec<Duration> {
    let mut times = vec![Vec::with_capacity(rounds); cases.len()];
    for case in cases.iter_mut() {
        (case.work)(); // warm
    }
    for _ in 0..rounds {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            let start = Instant::now();
            let mut turn = vec![(case.work)()];
            while start.elapsed() < TURN {
                turn.push((case.work)());
            }
            times.push(median(turn));
        }
    }
    times.into_iter().map(median).collect()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// As people read it.
pub fn show(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        m if m < 1.0 => format!("{:.0} ns", m * 1e3),
        m if m < 100.0 => format!("{m:.1} µs"),
        m if m < 1e3 => format!("{m:.0} µs"),
        m if m < 1e5 => format!("{:.2} ms", m / 1e3),
        m if m < 1e6 => format!("{:.0} ms", m / 1e3),
        m => format!("{:.2} s", m / 1e6),
    }
}

/// A ratio as people read it.
pub fn ratio(of: Duration, to: Duration) -> String {
    let ratio = of.as_secs_f64() / to.as_secs_f64();
    if ratio < 10.0 { format!("{ratio:.2} x") } else { format!("{ratio:.0} x") }
}
