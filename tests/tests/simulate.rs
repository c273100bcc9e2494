//! The two forms of a replay find the same, and what is counted without a replay is what replays find.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use keepset_conformance::histories::{Stream, runner, stream};
use keepset_engine::session::Session;
use keepset_engine::simulate::{
    End, Fault, History, Reader, Replay, Text, curve, replay, replay_by_step, safe_ttl,
};
use keepset_types::{Config, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// The history of a file.
fn read(text: &str) -> History {
    let mut reader = Reader::new();
    reader.read(Text { name: "stream", bytes: text.as_bytes() }).expect("a stream is readable");
    reader.finish()
}

fn history(stream: &Stream) -> History {
    let lines: Vec<String> = stream.reports.iter().map(ToString::to_string).collect();
    let whole = read(&lines.join("\n"));
    whole.with_faults(&stream.faults).expect("its faults are possible")
}

fn by_step(history: &History, config: &Config) -> Replay {
    replay_by_step(history, config, &mut Session::new(), &mut |_| {}).unwrap()
}

/// Configurations around the TTL of a stream.
fn configs(ttl: u32) -> Vec<Config> {
    let mut configs = Vec::new();
    for image_ingest_overwrite in [false, true] {
        for image_ttl_days in [0, 1, ttl, ttl + 1] {
            for ecs_truncation_guard in [true, false] {
                configs.push(Config { image_ttl_days, image_ingest_overwrite, ecs_truncation_guard });
            }
        }
    }
    configs
}

#[test]
fn the_gap_form_finds_what_the_rules_find() {
    let check = |stream: Stream| {
        let history = history(&stream);
        for config in configs(stream.ttl) {
            let (gap, step) = (replay(&history, &config).unwrap(), by_step(&history, &config));
            prop_assert_eq!(&gap.spans, &step.spans, "spans under {:?}", config);
            prop_assert_eq!(&gap.refreshed, &step.refreshed, "refreshed under {:?}", config);
        }
        Ok(())
    };
    runner(250).run(&stream(), check).unwrap();
}

#[test]
fn the_curve_is_what_replays_of_every_ttl_find() {
    let check = |stream: Stream| {
        let history = history(&stream);
        for image_ingest_overwrite in [false, true] {
            let base = Config { image_ingest_overwrite, ..Config::default() };
            let curve = curve(&history, 9, &base).unwrap();
            for image_ttl_days in 0..=9 {
                let config = Config { image_ttl_days, ..base };
                let verdict = replay(&history, &config).unwrap().verdict(&history);
                let place = usize::try_from(image_ttl_days).unwrap();
                prop_assert_eq!(curve.wrong[place], verdict.wrong_items, "wrong under {:?}", config);
                prop_assert_eq!(
                    curve.stale_seconds[place],
                    verdict.stale_seconds,
                    "stale under {:?}",
                    config
                );
            }
        }
        Ok(())
    };
    runner(120).run(&stream(), check).unwrap();
}

#[test]
fn under_the_safe_ttl_and_longer_ones_nothing_expires_that_runs() {
    let check = |stream: Stream| {
        let history = history(&stream);
        for image_ingest_overwrite in [false, true] {
            let base = Config { image_ingest_overwrite, ..Config::default() };
            let safe = safe_ttl(&history, 0, &base);
            let wrong = |image_ttl_days| {
                let replay = replay(&history, &Config { image_ttl_days, ..base }).unwrap();
                replay.verdict(&history).wrong_by_ttl
            };
            for days in safe.days..safe.days + 3 {
                prop_assert_eq!(wrong(days), 0, "{:?}", safe);
            }
            if safe.margin_seconds > 86_400 {
                prop_assert_eq!(safe.days, 1, "{:?}", safe);
            }
            prop_assert_eq!(safe_ttl(&history, 3, &base).days, safe.days + 3);
        }
        Ok(())
    };
    runner(120).run(&stream(), check).unwrap();
}

#[test]
fn counts_add_up() {
    let check = |stream: Stream| {
        let history = history(&stream);
        for config in configs(stream.ttl) {
            let replay = replay(&history, &config).unwrap();
            check_counts(&history, &replay)?;
        }
        Ok(())
    };
    runner(40).run(&stream(), check).unwrap();
}

fn check_counts(history: &History, replay: &Replay) -> Result<(), TestCaseError> {
    let verdict = replay.verdict(history);
    let outcomes = replay.outcomes();
    let sum = |counts: &[u32]| counts.iter().sum::<u32>();
    prop_assert_eq!(usize::try_from(sum(&outcomes.added)).unwrap(), replay.spans.len());
    prop_assert_eq!(sum(&outcomes.removed), verdict.overwritten);
    let ends = verdict.expired + verdict.overwritten + verdict.active_at_end;
    prop_assert_eq!(usize::try_from(ends).unwrap(), replay.spans.len());
    prop_assert_eq!(
        replay.wrong().len(),
        usize::try_from(verdict.wrong_by_ttl + verdict.wrong_by_overwrite).unwrap()
    );
    // What stands in a series is what the spans say at that second.
    let series = replay.series(history, 7);
    for (at, active) in series.at.iter().zip(&series.active) {
        let there = replay.spans.iter().filter(|span| span.since <= *at && *at < span.until).count();
        prop_assert_eq!(usize::try_from(*active).unwrap(), there, "at {}", at);
    }
    prop_assert_eq!(series.active.last().copied(), Some(verdict.active_at_end));
    let density = replay.density(history, 7);
    for (point, active) in series.active.iter().enumerate() {
        let all: u32 = density.active.iter().skip(point).step_by(7).sum();
        prop_assert_eq!(*active, all);
    }
    for item in 0..history.items() {
        for span in replay.spans_of(item) {
            let why = replay.why(history, item, span.since);
            prop_assert!(why.retained || span.until == span.since);
            prop_assert!(!why.sentence().is_empty());
            if span.end != End::Retained {
                let why = replay.why(history, item, span.until);
                let is_next = replay.spans_of(item).iter().any(|next| next.since == span.until);
                prop_assert!(is_next || (!why.retained && why.is_wrong == span.is_wrong));
            }
        }
    }
    Ok(())
}

/// A container is seen on days 0 to 9; the reports of days 2 to 6 are lost.
#[test]
fn what_is_lost_on_the_way_keeps_nothing() {
    let day = |day: i64| Timestamp::from_unix(1_800_000_000 + day * 86_400).unwrap();
    let report = |number: i64| {
        let time = day(number);
        format!(
            r#"{{"now":"{time}","report":{{"kubernetes":{{"timestamp":"{time}","cluster_name":"c1",
            "namespaces":[{{"uid":"n","name":"n"}}],"pods":[{{"uid":"p","name":"p","namespace_uid":"n"}}],
            "containers":[{{"id":"k","name":"k","image_tag":"i:1","image_digest":"d","pod_uid":"p"}}]}}}}}}"#
        )
        .replace('\n', "")
    };
    let lines: Vec<String> = (0..10).map(report).collect();
    let history = read(&lines.join("\n"));
    let outage = Fault::Outage { from: day(2), to: day(7), cluster: None };
    let history = history.with_faults(&[outage]).expect("its faults are possible");
    let replay = replay(&history, &Config { image_ttl_days: 3, ..Config::default() }).unwrap();
    let gone = replay.spans.iter().find(|span| span.end == End::Expired).expect("three days are too few");
    let why = replay.why(&history, gone.item, gone.until);
    assert!(why.is_wrong);
    assert_eq!(why.seen_again_at, Some(day(7).unix()));
    assert_eq!(why.needs_days, Some(6), "from day 1 to day 7");
    assert_eq!((why.seen_by, why.overwritten_by), (Some(1), None), "the report of day 1");
    let kept = replay.why(&history, gone.item, day(8).unix());
    assert_eq!((kept.retained, kept.last_seen, kept.seen_by), (true, Some(day(8).unix()), Some(8)));
    assert_eq!(safe_ttl(&history, 0, &Config::default()).days, 6);
}

#[test]
fn a_report_is_as_it_was_sent_where_files_are_kept_and_says_the_same_where_they_are_not() {
    let sent = include_str!("../reports/k8s-report.json");
    let mut reader = Reader::keeping_texts();
    reader.read(Text { name: "sent", bytes: sent.as_bytes() }).expect("a report is readable");
    let kept = reader.finish();
    let report = kept.report(0).unwrap();
    assert_eq!((report.file.as_deref(), &*report.json), (Some("sent"), sent.trim()));

    let small = read(sent);
    let report = small.report(0).unwrap();
    assert_eq!(report.file, None);
    let again = read(&report.json);
    for other in [&kept, &again] {
        assert_eq!((other.items(), other.sightings()), (small.items(), small.sightings()));
        let replays = [other, &small].map(|history| replay(history, &Config::default()).unwrap().spans);
        assert_eq!(replays[0], replays[1]);
    }
}
