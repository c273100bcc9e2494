//! What a plugin answers is only believed if it fits what it was asked.

use keepset_host::{
    Config, Context, Detail, Id, Inventory, ItemKind, Key, Layer, Origin, PluginError, Purged, Selector,
    Session, Verdicts,
};

use crate::scene::{CONFIG, at, columns, hostile, inventory, report};
use crate::trick::Trick;

fn assert_lie<T>(trick: Trick, answer: Result<T, PluginError>, what: &str) {
    let Err(error) = answer else { panic!("{trick:?} was believed") };
    assert!(matches!(error, PluginError::NotBelieved(_)), "{trick:?}: {error}");
    let sentence = format!("the plugin's answer is not believed: it contains {what}");
    assert_eq!(error.to_string(), sentence, "{trick:?}");
}

fn decide(trick: Trick, config: &Config, detail: Detail) -> Result<Verdicts, PluginError> {
    let (rows, said) = columns();
    hostile().decide(&rows, Some(&said), config, at(trick), detail)
}

#[test]
fn about_columns() {
    decide(Trick::Honest, &CONFIG, Detail::Deadlines).unwrap();
    for (trick, what) in [
        (Trick::RemovedOutOfRange, "row 8, which does not exist"),
        (Trick::RemovedTwice, "row 1 twice"),
        (Trick::RemovedUncovered, "the removal of row 7, for which there was no reason"),
        (Trick::RemovedReported, "the removal of row 0, for which there was no reason"),
        (Trick::RemovedExpired, "the removal of row 0, for which there was no reason"),
        (Trick::ExpiryInvented, "an expiry that nothing could have"),
        (Trick::RemovedDeleted, "the removal of row 0, for which there was no reason"),
        (Trick::RemovedSuperseded, "the removal of row 0, for which there was no reason"),
        (Trick::AddedOutOfRange, "row of the report 1000, which does not exist"),
        (Trick::AddedKnown, "a row as new that was there before"),
        (Trick::AddedTwice, "row of the report 1 twice"),
        (Trick::TouchedInFuture, "a row seen at a time that nobody reported"),
        (Trick::TouchedInPast, "a row seen at a time that nobody reported"),
        (Trick::TouchedAnother, "a row that is taken for another one"),
        (Trick::TouchedOutOfRange, "row 8, which does not exist"),
        (Trick::TouchedTwice, "row 0 twice"),
        (Trick::TouchedUneven, "columns of different lengths"),
        (Trick::ImageInvented, "an image that no container runs"),
        (Trick::ImageKnown, "an image as new that was there before"),
        (Trick::ImageAnother, "an image that is taken for another row"),
        (Trick::ImageWithoutTime, "an image with a time that does not exist"),
        (Trick::DeadlinesMissing, "more or fewer deadlines than rows"),
        (Trick::WarningElsewhere, "a warning about a context that does not exist"),
    ] {
        assert_lie(trick, decide(trick, &CONFIG, Detail::Deadlines), what);
        // The way that goes through columns meets the same lie.
        assert_lie(trick, hostile().evaluate(inventory(), Some(report()), &CONFIG, at(trick)), what);
    }
    let (trick, what) = (Trick::DeadlinesUnasked, "more or fewer deadlines than rows");
    assert_lie(trick, decide(trick, &CONFIG, Detail::Verdicts), what);
}

#[test]
fn about_what_the_configuration_forbids() {
    let no_ttl = Config { image_ttl_days: 0, ..CONFIG };
    let no_reason = "the removal of row 0, for which there was no reason";
    assert_lie(Trick::RemovedExpired, decide(Trick::RemovedExpired, &no_ttl, Detail::Verdicts), no_reason);
    let what = "an expiry that nothing could have";
    assert_lie(Trick::ExpiryInvented, decide(Trick::ExpiryInvented, &no_ttl, Detail::Verdicts), what);
    let merging = Config { image_ingest_overwrite: false, ..CONFIG };
    let what = "the removal of row 7, for which there was no reason";
    assert_lie(Trick::RemovedUncovered, decide(Trick::RemovedUncovered, &merging, Detail::Verdicts), what);
}

#[test]
fn about_reports() {
    hostile().observe(report(), at(Trick::Honest)).unwrap();
    for (trick, what) in [
        (Trick::SaidInFuture, "an observation of the future"),
        (Trick::SaidByAnother, "rows of another inventory type"),
        (Trick::SaidBackwards, "strings that end before they begin"),
        (Trick::SaidTooMuch, "text that belongs to no string"),
        (Trick::SaidHalfCharacter, "strings that end within a character"),
        (Trick::SaidNoString, "strings that do not exist"),
        (Trick::SaidUneven, "columns of different lengths"),
        (Trick::SaidNoContext, "rows of no context"),
        (Trick::SaidImage, "rows of a kind that no such report has"),
        (Trick::SaidNoId, "rows without an id"),
        (Trick::SaidOutOfOrder, "rows out of order, or twice"),
        (Trick::SaidTwice, "rows out of order, or twice"),
        (Trick::SaidNoObject, "attributes that are no JSON object"),
        (Trick::SaidByProbe, "rows of a credential probe"),
    ] {
        assert_lie(trick, hostile().observe(report(), at(trick)), what);
    }
}

#[test]
fn about_records() {
    let evaluate = |trick| hostile().evaluate_records(&inventory(), Some(report()), &CONFIG, at(trick));
    evaluate(Trick::Honest).unwrap();
    for (trick, what) in [
        (Trick::KeptInvented, "the row `kubernetes c1/b pod z-invented`, which nobody reported"),
        (Trick::KeptOutOfOrder, "rows out of order, or twice"),
        (Trick::KeptTwice, "rows out of order, or twice"),
        (Trick::KeptForgotten, "the row `kubernetes c1/b pod p2` neither retained nor removed"),
        (Trick::KeptAndRemoved, "the row `kubernetes c1/a container k1` as both retained and removed"),
        (Trick::KeptMalformed, "a key that is none"),
        (Trick::KeptNoObject, "attributes that are not an object"),
        (Trick::KeptWithoutTime, "a time before the year 0000 or after 9999"),
        (Trick::GoneInvented, "a removed row that was not in the inventory"),
    ] {
        assert_lie(trick, evaluate(trick), what);
    }
}

/// Deletes `c1/a` from an inventory with one more row, which asks for the trick by its id.
fn purge(trick: Trick) -> Result<Purged, PluginError> {
    let mut rows = inventory().into_rows();
    let mut node = rows.iter().find(|row| row.key.kind == ItemKind::Pod).unwrap().clone();
    node.key = Key {
        context: Context::new("c2"),
        kind: ItemKind::Node,
        id: Id::Plain(trick.name().into()),
        ..node.key
    };
    rows.push(node);
    let (inventory_type, context) = ("kubernetes".to_owned(), "c1/a".to_owned());
    let selector = Selector { inventory_type, context, image_digest: None };
    hostile().purge(&Inventory::new(rows).unwrap(), &selector)
}

#[test]
fn about_deletions() {
    let purged = purge(Trick::Honest).unwrap();
    assert_eq!((purged.retained.len(), purged.removed.len()), (5, 4));
    for (trick, what) in [
        (Trick::PurgedChanged, "a row that a deletion changed"),
        (Trick::PurgedNothing, "no row at all that was deleted"),
        (Trick::PurgedAnother, "the removal of `kubernetes c2 node PurgedAnother`, for which nobody asked"),
        (Trick::KeptForgotten, "the row `kubernetes c2 node KeptForgotten` neither retained nor removed"),
        (Trick::KeptInvented, "a row that was not in the inventory"),
    ] {
        assert_lie(trick, purge(trick), what);
    }
}

#[test]
fn about_settings() {
    let layer = Layer { origin: Origin::File, settings: Trick::LongTtl.name() };
    assert_lie(Trick::LongTtl, hostile().configure(&[layer]), "a TTL of more than 36500 days");
}

fn session() -> Session {
    let mut session = hostile().session().unwrap();
    session.load(&columns().0).unwrap();
    session
}

#[test]
fn about_sessions() {
    let (_, said) = columns();
    let no_row = "a row that does not exist, or twice";
    let not_said = "a row of the report that does not exist, or twice";
    let no_reason = "the removal of a row, for which there was no reason";
    for (trick, what) in [
        (Trick::RemovedOutOfRange, no_row),
        (Trick::RemovedTwice, no_row),
        (Trick::RemovedDeleted, no_reason),
        (Trick::TouchedOutOfRange, no_row),
        (Trick::TouchedTwice, no_row),
        (Trick::TouchedUneven, "columns of different lengths"),
        (Trick::AddedOutOfRange, not_said),
        (Trick::AddedTwice, not_said),
    ] {
        assert_lie(trick, session().apply(&said, &CONFIG, at(trick)), what);
    }
    let mut session = session();
    session.apply(&said, &CONFIG, at(Trick::SnapshotForgets)).unwrap();
    assert_lie(Trick::SnapshotForgets, session.snapshot(), "other rows than its verdicts left");
}
