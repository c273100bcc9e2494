//! The same answers whichever way one asks.

use std::thread;

use keepset_host::{
    Detail, Engine, EngineOptions, ErrorCode, Layer, Origin, Outcome, Plugin, PluginError, Selector,
    Timestamp,
};

use crate::scene::{CONFIG, at, builtin, columns, engine, file, hostile, inventory, report};
use crate::trick::Trick;

fn outcome(plugin: &Plugin) -> Outcome {
    plugin.evaluate(inventory(), Some(report()), &CONFIG, at(Trick::Honest)).unwrap()
}

#[test]
fn the_builtin_plugin_applies_a_report() {
    let outcome = outcome(&builtin());
    let rows: Vec<String> = outcome.retained.iter().map(|retained| retained.row.key.to_string()).collect();
    let expected = [
        "kubernetes c1/a container k1",
        "kubernetes c1/a container k3",
        "kubernetes c1/a image nginx:1@sha256:1",
        "kubernetes c1/a image nginx:2@sha256:2",
        "kubernetes c1/a namespace a",
        "kubernetes c1/a pod p1",
        "kubernetes c1/a pod p3",
        "kubernetes c1/b container k2",
        "kubernetes c1/b image nginx:1@sha256:1",
        "kubernetes c1/b namespace b",
        "kubernetes c1/b pod p2",
    ];
    assert_eq!(rows, expected);
    assert!(outcome.removed.is_empty());
}

#[test]
fn records_and_columns_agree() {
    for report in [Some(report()), None] {
        let now = at(Trick::Honest);
        let by_columns = builtin().evaluate(inventory(), report, &CONFIG, now).unwrap();
        let by_records = builtin().evaluate_records(&inventory(), report, &CONFIG, now).unwrap();
        assert_eq!(by_columns, by_records);
    }
}

#[test]
fn a_pool_changes_nothing() {
    let options = EngineOptions { pool: Some(8), ..EngineOptions::default() };
    let plugin = Plugin::builtin(&Engine::with_options(options).unwrap()).unwrap();
    let expected = outcome(&builtin());
    for _ in 0..20 {
        assert_eq!(outcome(&plugin), expected);
    }
}

#[test]
fn a_pool_that_cannot_be_had_is_done_without() {
    let options = EngineOptions { pool: Some(1_000_000), ..EngineOptions::default() };
    let engine = Engine::with_options(options).unwrap();
    assert!(!engine.is_pooled());
    assert_eq!(outcome(&Plugin::builtin(&engine).unwrap()), outcome(&builtin()));
}

#[test]
fn calls_in_parallel_do_not_meet() {
    let expected = outcome(&builtin());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| assert_eq!(outcome(&builtin()), expected)));
        }
        // Nor does one that crashes disturb the others.
        scope
            .spawn(|| (0..25).for_each(|_| drop(hostile().observe(report(), at(Trick::Crash)).unwrap_err())));
    });
}

#[test]
fn a_session_decides_as_single_calls_do() {
    let (rows, said) = columns();
    let now = at(Trick::Honest);
    let mut session = builtin().session().unwrap();
    session.load(&rows).unwrap();
    assert_eq!(session.snapshot().unwrap().0, rows);
    let single = builtin().decide(&rows, Some(&said), &CONFIG, now, Detail::Verdicts).unwrap();
    let kept = session.apply(&said, &CONFIG, now).unwrap();
    assert_eq!((&kept.removed, &kept.added), (&single.removed, &single.added));
    assert_eq!((&kept.touched, &kept.touched_by), (&single.touched, &single.touched_by));
    assert_eq!((&kept.images, kept.next_expiry), (&single.images, single.next_expiry));
    let (after, numbers) = session.snapshot().unwrap();
    assert_eq!(after.kinds.len(), 11);
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..11).collect::<Vec<u32>>());

    // A second after its deadline, everything that expires then is gone.
    let later = Timestamp::from_unix(kept.next_expiry.unwrap()).unwrap();
    let swept = session.sweep(&CONFIG, later).unwrap();
    assert!(!swept.removed.is_empty());
    assert_eq!(session.snapshot().unwrap().1.len(), 11 - swept.removed.len());
}

#[test]
fn an_inventory_that_contradicts_itself_is_refused_and_the_old_one_kept() {
    let (rows, _) = columns();
    let mut session = builtin().session().unwrap();
    session.load(&rows).unwrap();
    let mut broken = rows.clone();
    broken.ends[0] = 1000;
    let error = session.load(&broken).unwrap_err();
    assert_eq!(error.code(), "invalid_inventory");
    assert_eq!(session.snapshot().unwrap().0, rows);
}

#[test]
fn deleting_by_hand() {
    let selector = |context: &str| Selector {
        inventory_type: "kubernetes".to_owned(),
        context: context.to_owned(),
        image_digest: None,
    };
    let purged = builtin().purge(&inventory(), &selector("c1/a")).unwrap();
    assert_eq!((purged.retained.len(), purged.removed.len()), (4, 4));
    let by_digest = Selector { image_digest: Some("sha256:1".to_owned()), ..selector("c1/a") };
    let purged = builtin().purge(&inventory(), &by_digest).unwrap();
    assert_eq!((purged.retained.len(), purged.removed.len()), (6, 2));
    let error = builtin().purge(&inventory(), &selector("c1/c")).unwrap_err();
    assert!(matches!(&error, PluginError::Refused(error) if error.code == ErrorCode::NotFound), "{error}");
}

#[test]
fn settings() {
    let layer = |origin, settings: &str| Layer { origin, settings: settings.to_owned() };
    let layers = [
        layer(Origin::File, r#"{"image_ttl_days":7,"image_ingest_overwrite":true}"#),
        layer(Origin::Flag, r#"{"image_ttl_days":9}"#),
    ];
    let config = builtin().configure(&layers).unwrap();
    assert_eq!((config.image_ttl_days, config.image_ingest_overwrite), (9, true));
    let error = builtin().configure(&[layer(Origin::File, r#"{"image_ttl_days":-1}"#)]).unwrap_err();
    assert_eq!(error.code(), "invalid_config");
}

#[test]
fn fuel_is_the_same_every_time() {
    let (rows, _) = columns();
    let metered = || {
        let options = EngineOptions { metered: true, ..EngineOptions::default() };
        Plugin::from_file(&Engine::with_options(options).unwrap(), &file("hostile")).unwrap()
    };
    let sweep = |plugin: &Plugin| plugin.fuel_of_sweep(&rows, &CONFIG, at(Trick::Honest)).unwrap();
    let plugin = metered();
    let fuel = sweep(&plugin);
    assert!(fuel > 1000, "{fuel}");
    assert_eq!(sweep(&plugin), fuel);
    assert_eq!(sweep(&metered()), fuel, "in another engine");
    assert_eq!(
        Plugin::builtin(engine()).unwrap().fuel_of_sweep(&rows, &CONFIG, at(Trick::Honest)).unwrap(),
        0
    );
}
