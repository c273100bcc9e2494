//! Lies about records.

use crate::bindings::exports::keepset::retention::policy as wit;
use crate::bindings::exports::keepset::retention::types::Error;
use crate::trick::Trick;
use crate::{HUGE, Hostile, Plugin, play, trick_at};

impl wit::Guest for Hostile {
    fn describe() -> wit::Description {
        wit::Description { name: "hostile".to_owned(), ..<Plugin as wit::Guest>::describe() }
    }

    fn configure(layers: Vec<wit::Layer>) -> Result<wit::Config, Error> {
        let trick = layers.first().and_then(|layer| Trick::named(&layer.settings)).unwrap_or(Trick::Honest);
        play(trick);
        if trick == Trick::LongTtl {
            let (image_ingest_overwrite, ecs_truncation_guard) = (false, true);
            return Ok(wit::Config { image_ttl_days: 36_501, image_ingest_overwrite, ecs_truncation_guard });
        }
        <Plugin as wit::Guest>::configure(layers)
    }

    fn evaluate(
        prior: Vec<wit::Row>,
        report: Option<wit::Report>,
        config: wit::Config,
        now: wit::Timestamp,
    ) -> Result<wit::Outcome, Error> {
        let trick = trick_at(now);
        let mut outcome = <Plugin as wit::Guest>::evaluate(prior, report, config, now)?;
        let retained = &mut outcome.retained;
        match trick {
            Trick::KeptInvented => {
                let last = retained.last().expect("rows").row.clone();
                let id = wit::Id::Plain("z-invented".to_owned());
                let row = wit::Row { key: wit::Key { id, ..last.key }, ..last };
                let reason = wit::RetainedReason::Reported;
                retained.push(wit::Retained { row, reason, expires_at: None });
            }
            Trick::KeptOutOfOrder => retained.reverse(),
            Trick::KeptTwice => retained.insert(0, retained[0].clone()),
            Trick::KeptForgotten => drop(retained.pop()),
            Trick::KeptAndRemoved => outcome.removed.push(gone(retained[0].row.key.clone())),
            Trick::KeptMalformed => retained[0].row.key.kind = wit::ItemKind::Image,
            Trick::KeptNoObject => retained[0].row.attributes = "[1]".to_owned(),
            Trick::KeptWithoutTime => retained[0].row.last_seen = i64::MAX,
            Trick::GoneInvented => {
                let context = "somewhere else".to_owned();
                outcome.removed.push(gone(wit::Key { context, ..retained[0].row.key.clone() }));
            }
            Trick::HugeResult => retained[0].row.attributes = " ".repeat(HUGE),
            _ => {}
        }
        Ok(outcome)
    }

    fn purge(prior: Vec<wit::Row>, selector: wit::Selector) -> Result<wit::Purged, Error> {
        // A row whose id is the name of a trick asks for it.
        let names = prior.iter().filter_map(|row| match &row.key.id {
            wit::Id::Plain(id) => Trick::named(id),
            wit::Id::Image(_) => None,
        });
        let trick = names.last().unwrap_or(Trick::Honest);
        play(trick);
        let all = prior.clone();
        let mut purged = <Plugin as wit::Guest>::purge(prior, selector)?;
        match trick {
            Trick::PurgedChanged => purged.retained[0].last_seen += 1,
            Trick::PurgedAnother => {
                let row = purged.retained.pop().expect("rows");
                let (reason, rule) = (wit::RemovalReason::Deleted, wit::Rule::D1);
                purged.removed.push(wit::Removed { last_seen: row.last_seen, key: row.key, reason, rule });
            }
            Trick::PurgedNothing => purged = wit::Purged { retained: all, removed: Vec::new() },
            Trick::KeptForgotten => drop(purged.retained.pop()),
            Trick::KeptInvented => {
                let mut row = purged.retained.last().expect("rows").clone();
                row.key.id = wit::Id::Plain("z-invented".to_owned());
                purged.retained.push(row);
            }
            _ => {}
        }
        Ok(purged)
    }
}

fn gone(key: wit::Key) -> wit::Removed {
    let (reason, rule) = (wit::RemovalReason::Expired, wit::Rule::A5);
    wit::Removed { key, last_seen: Trick::FIRST, reason, rule }
}
