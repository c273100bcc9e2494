//! The engine's component, and what it does instead when it is told to misbehave: see [`trick::Trick`].

mod bindings;
mod bulk_lies;
mod policy_lies;
mod report_lies;
mod session_lies;
mod trick;

// The shell of the engine's own component: it gives the honest answers, and what lies start from.
#[path = "../../../../../engine/component/src/bulk.rs"]
mod bulk;
#[path = "../../../../../engine/component/src/policy.rs"]
mod policy;
#[path = "../../../../../engine/component/src/reports.rs"]
mod reports;
#[path = "../../../../../engine/component/src/session.rs"]
mod session;
#[path = "../../../../../engine/component/src/types.rs"]
mod types;

use std::hint::black_box;

use trick::Trick;

/// What answers honestly.
struct Plugin;

/// What implements the world.
struct Hostile;

/// The trick to play at that time. Those that every call can play are played here.
fn trick_at(now: i64) -> Trick {
    let trick = Trick::at(now).unwrap_or(Trick::Honest);
    play(trick);
    trick
}

fn play(trick: Trick) {
    match trick {
        Trick::Loop => loop {
            black_box(trick);
        },
        Trick::Memory => {
            let mut all = Vec::new();
            loop {
                all.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        Trick::Stack => {
            black_box(deeper(black_box(1)));
        }
        Trick::Crash => panic!("told to crash"),
        _ => {}
    }
}

/// Through a pointer that the compiler cannot see through, so that it does not make a loop of it.
fn deeper(depth: u64) -> u64 {
    let next: fn(u64) -> u64 = black_box(deeper);
    next(depth + 1) ^ depth
}

/// What [`Trick::HugeResult`] returns.
const HUGE: usize = 16 << 20;
