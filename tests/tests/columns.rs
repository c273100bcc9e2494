//! What the engine says of columns that no reader and no store makes, in its refusals, and without deadlines.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use keepset_engine::{bulk, configure, observe, purge};
use keepset_types::columns::{Detail, ReportColumns, RowColumns, Verdicts};
use keepset_types::{Config, Error, ErrorCode, InventoryType, ItemKind, Layer, Origin, Selector, Timestamp};

const DAY: i64 = 86_400;
const NOW: i64 = 1_000 * DAY;

/// A namespace (key 2) and a pod (key 3) with a container (key 4, image 5), in context 1, in key order.
fn rows(seen: [i64; 4]) -> RowColumns {
    let kinds = [ItemKind::Container, ItemKind::Image, ItemKind::Namespace, ItemKind::Pod];
    RowColumns {
        contexts: vec![1],
        ends: vec![4],
        kinds: kinds.map(ItemKind::code).to_vec(),
        keys: vec![4, 0, 2, 3],
        links: vec![3, 0, 0, 0],
        images: vec![5, 5, 0, 0],
        last_updated: seen.to_vec(),
        last_seen: seen.to_vec(),
    }
}

fn report() -> ReportColumns {
    ReportColumns {
        inventory_type: InventoryType::Kubernetes,
        credential_probe: false,
        observed_at: NOW,
        contexts: vec![1],
        ends: vec![2],
        kinds: [ItemKind::Container, ItemKind::Namespace].map(ItemKind::code).to_vec(),
        keys: vec![4, 2],
        links: vec![3, 0],
        images: vec![5, 0],
    }
}

fn evaluate(rows: &RowColumns, report: Option<&ReportColumns>, detail: Detail) -> Result<Verdicts, Error> {
    bulk::evaluate(rows, report, &Config::default(), Timestamp::from_unix(NOW).unwrap(), detail)
}

fn assert_refused(what: &str, rows: &RowColumns, report: Option<&ReportColumns>) {
    let error = evaluate(rows, report, Detail::Verdicts).expect_err(what);
    assert_eq!(error.code, ErrorCode::InvalidInventory, "{what}: {error}");
}

#[test]
fn rows_that_do_not_fit_together_are_refused() {
    type Spoil = fn(&mut RowColumns);
    let spoilt: [(&str, Spoil); 12] = [
        ("a kind too many", |rows| rows.kinds.push(0)),
        ("a key too few", |rows| rows.keys.truncate(1)),
        ("a link too many", |rows| rows.links.push(0)),
        ("an image too few", |rows| rows.images.truncate(1)),
        ("a last_updated too many", |rows| rows.last_updated.push(0)),
        ("a last_seen too few", |rows| rows.last_seen.truncate(1)),
        ("an unknown kind", |rows| rows.kinds[0] = 200),
        ("an end beyond the rows", |rows| rows.ends[0] = 5),
        ("an end before the last row", |rows| rows.ends[0] = 3),
        ("a context without an end", |rows| rows.contexts.push(9)),
        ("ends that go back", |rows| (rows.contexts, rows.ends) = (vec![1, 9, 8], vec![4, 2, 4])),
        ("a context twice", |rows| (rows.contexts, rows.ends) = (vec![1, 1], vec![2, 4])),
    ];
    assert!(evaluate(&rows([NOW; 4]), None, Detail::Verdicts).is_ok());
    for (what, spoil) in spoilt {
        let mut rows = rows([NOW; 4]);
        spoil(&mut rows);
        assert_refused(what, &rows, None);
    }
}

#[test]
fn a_report_that_does_not_fit_together_is_refused() {
    type Spoil = fn(&mut ReportColumns);
    let spoilt: [(&str, Spoil); 8] = [
        ("a key too many", |report| report.keys.push(7)),
        ("a link too few", |report| report.links.truncate(1)),
        ("an image too many", |report| report.images.push(0)),
        ("an image, which is never reported", |report| report.kinds[0] = ItemKind::Image.code()),
        ("an unknown kind", |report| report.kinds[1] = 99),
        ("an end before the last row", |report| report.ends[0] = 1),
        ("a key twice", |report| {
            (report.kinds, report.keys) = (vec![ItemKind::Pod.code(); 2], vec![3, 3]);
        }),
        ("a context twice", |report| (report.contexts, report.ends) = (vec![1, 1], vec![1, 2])),
    ];
    assert!(evaluate(&rows([NOW; 4]), Some(&report()), Detail::Verdicts).is_ok());
    for (what, spoil) in spoilt {
        let mut report = report();
        spoil(&mut report);
        assert_refused(what, &rows([NOW; 4]), Some(&report));
    }
}

#[test]
fn a_ttl_out_of_range_is_refused_whoever_made_the_configuration() {
    let config = |image_ttl_days| Config { image_ttl_days, ..Config::default() };
    let now = Timestamp::from_unix(NOW).unwrap();
    let evaluate = |days| bulk::evaluate(&rows([NOW; 4]), None, &config(days), now, Detail::Verdicts);
    assert!(evaluate(36_500).is_ok());
    assert_eq!(evaluate(36_501).unwrap_err().code, ErrorCode::InvalidConfig);
}

/// C1.
#[test]
fn a_ttl_that_is_none_says_what_to_write() {
    let given = |value: &str| {
        let settings = format!(r#"{{"image_ttl_days":{value}}}"#);
        configure(&[Layer { origin: Origin::File, settings }]).map(|config| config.image_ttl_days)
    };
    assert_eq!(given("36500").unwrap(), 36_500);
    let message = |value: &str| given(value).unwrap_err().message;
    assert_eq!(
        message("36501"),
        "`image_ttl_days` is 36501; expected a whole number of days from 0 (never) to 36500"
    );
    assert!(message("-1").ends_with("; for only the latest report use image_ingest_overwrite: true"));
    assert!(!message("-2").contains("image_ingest_overwrite"));
}

/// N8.
#[test]
fn what_is_no_object_is_told_what_was_expected() {
    let now = Timestamp::from_unix(0).unwrap();
    let error = observe(InventoryType::Kubernetes, b"[]", now).unwrap_err();
    assert!(error.message.contains("expected an object"), "{}", error.message);
}

/// D3.
#[test]
fn a_deletion_that_matches_nothing_says_what_it_looked_for() {
    let message = |image_digest: Option<&str>| {
        let selector = Selector {
            inventory_type: "kubernetes".to_owned(),
            context: "c1/gone".to_owned(),
            image_digest: image_digest.map(str::to_owned),
        };
        purge(Vec::new(), &selector).unwrap_err().message
    };
    assert_eq!(message(None), "no kubernetes row of the context `c1/gone`");
    assert_eq!(
        message(Some("sha256:1")),
        "no kubernetes row of the context `c1/gone` with the digest `sha256:1`"
    );
}

/// A5, E3: parents count as seen when their most recently seen descendant was, whether deadlines are asked for or not.
#[test]
fn the_next_expiry_is_the_same_with_and_without_deadlines() {
    let (old, young) = (NOW - 100 * DAY, NOW - DAY);
    for seen in [
        [young, young, old, old],
        [old, old, young, young],
        [young, young, young, old],
        [old, old, old, young],
        [NOW - 121 * DAY, NOW - 121 * DAY, NOW - 121 * DAY, young],
        [young; 4],
    ] {
        let both =
            [Detail::Verdicts, Detail::Deadlines].map(|detail| evaluate(&rows(seen), None, detail).unwrap());
        let [verdicts, deadlines] = both;
        let earliest = deadlines.deadlines.iter().copied().filter(|deadline| *deadline > 0).min();
        assert_eq!(verdicts.next_expiry, earliest, "{seen:?}");
        assert_eq!(verdicts.removed, deadlines.removed, "{seen:?}");
    }
}
