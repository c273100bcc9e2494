//! Between rows with strings and columns of integers. Nothing is decided here.

use crate::columns::{NEVER, RowColumns, Verdicts};
use crate::intern::Interner;
use crate::key::{Id, ItemKind, Key};
use crate::observation::{Observation, Said};
use crate::outcome::{Outcome, RemovalReason, Removed, Retained, RetainedReason, Rule, Warning};
use crate::row::{Attributes, Row};
use crate::time::Timestamp;
use crate::{Config, Context};

/// The rows as columns. They must be in key order, as in an [`crate::Inventory`].
#[must_use]
pub fn row_columns(rows: &[Row], interner: &mut Interner) -> RowColumns {
    let mut columns = RowColumns {
        kinds: Vec::with_capacity(rows.len()),
        keys: Vec::with_capacity(rows.len()),
        links: Vec::with_capacity(rows.len()),
        images: Vec::with_capacity(rows.len()),
        last_updated: Vec::with_capacity(rows.len()),
        last_seen: Vec::with_capacity(rows.len()),
        ..RowColumns::default()
    };
    for of_context in rows.chunk_by(same_context) {
        let Some(first) = of_context.first() else { continue };
        columns.contexts.push(interner.context(first.key.inventory_type, first.key.context.as_str()));
        for row in of_context {
            columns.kinds.push(row.key.kind.code());
            columns.keys.push(match &row.key.id {
                Id::Plain(id) => interner.id(id),
                Id::Image(_) => 0,
            });
            columns.links.push(row.link().map_or(0, |link| interner.id(link)));
            columns.images.push(row.image().map_or(0, |image| interner.image(&image.tag, &image.digest)));
            columns.last_updated.push(row.last_updated.unix());
            columns.last_seen.push(row.last_seen.unix());
        }
        columns.ends.push(u32::try_from(columns.kinds.len()).unwrap_or(u32::MAX));
    }
    columns
}

fn same_context(a: &Row, b: &Row) -> bool {
    a.key.inventory_type == b.key.inventory_type && a.key.context == b.key.context
}

/// A verdict that names what is not there. Hosts check verdicts before they translate them; this is the last resort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the verdicts do not fit the rows that they were asked for: {0}")]
pub struct Misfit(pub &'static str);

/// Carries out the verdicts on the rows that they were asked for.
///
/// # Errors
/// [`Misfit`] if they name rows, strings or times that do not exist.
pub fn outcome(
    prior: Vec<Row>,
    observation: Option<&Observation>,
    verdicts: &Verdicts,
    interner: &Interner,
    config: &Config,
    now: Timestamp,
) -> Result<Outcome, Misfit> {
    let unreported = match config.ttl_seconds() {
        None => RetainedReason::TtlDisabled,
        Some(_) => RetainedReason::WithinTtl,
    };
    let mut deadlines = verdicts.deadlines.iter().copied();
    let mut retain = |row: Row| {
        let expires_at =
            deadlines.next().filter(|deadline| *deadline != NEVER).and_then(Timestamp::from_unix);
        Some(Retained { row, reason: unreported, expires_at })
    };
    let mut slots: Vec<Option<Retained>> = prior.into_iter().map(&mut retain).collect();
    let said: Vec<_> = observation.map(|observation| observation.rows().collect()).unwrap_or_default();
    let attributes =
        |index: u32| at(&said, index).map(Said::owned_attributes).ok_or(Misfit("a row of the report"));

    touch(&mut slots, verdicts, now, attributes)?;
    let mut added = Vec::new();
    for index in &verdicts.added {
        let (Some(observation), Some(said)) = (observation, at(&said, *index)) else {
            return Err(Misfit("a row of the report"));
        };
        let key = Key {
            inventory_type: observation.inventory_type,
            context: Context::new(said.context),
            kind: said.kind,
            id: said.owned_id(),
        };
        let last_seen = Timestamp::from_unix(observation.observed_at).ok_or(Misfit("a time"))?;
        let row =
            Row::new(key, [now, now, last_seen], attributes(*index)?).map_err(|_| Misfit("attributes"))?;
        added.extend(retain(row).map(|retained| Retained { reason: RetainedReason::Reported, ..retained }));
    }
    for verdict in &verdicts.images {
        let times = (Timestamp::from_unix(verdict.last_updated), Timestamp::from_unix(verdict.last_seen));
        let (Some(last_updated), Some(last_seen)) = times else { return Err(Misfit("a time")) };
        let reason = if verdict.reported { RetainedReason::Reported } else { unreported };
        if let Some(index) = verdict.row {
            let retained = slot(&mut slots, index)?;
            retained.row.last_updated = last_updated;
            retained.row.last_seen = last_seen;
            retained.reason = reason;
            continue;
        }
        let (context, inventory_type) = interner.context_of(verdict.context).ok_or(Misfit("a context"))?;
        let image = interner.image_of(verdict.image).ok_or(Misfit("an image"))?;
        let key = Key {
            inventory_type,
            context: Context::new(context),
            kind: ItemKind::Image,
            id: Id::Image(image),
        };
        let row = Row::new(key, [now, last_updated, last_seen], Attributes::default())
            .map_err(|_| Misfit("attributes"))?;
        added.extend(retain(row).map(|retained| Retained { reason, ..retained }));
    }

    let mut removed = Vec::with_capacity(verdicts.removed.len());
    for removal in &verdicts.removed {
        let gone = slots.get_mut(usize::try_from(removal.row).unwrap_or(usize::MAX)).and_then(Option::take);
        let row = gone.ok_or(Misfit("a row of the inventory"))?.row;
        removed.push(Removed {
            rule: rule(row.key.kind, removal.reason),
            key: row.key,
            last_seen: row.last_seen,
            reason: removal.reason,
        });
    }
    removed.sort_by(|a, b| a.key.cmp(&b.key));
    let retained = merged(slots, added);
    let next_expiry = verdicts.next_expiry.and_then(Timestamp::from_unix);
    Ok(Outcome { retained, removed, warnings: warnings(observation, verdicts, interner), next_expiry })
}

/// What is left of the prior rows, which are in key order, and what came, in one order. Few rows come.
fn merged(slots: Vec<Option<Retained>>, mut added: Vec<Retained>) -> Vec<Retained> {
    added.sort_by(|a, b| a.row.key.cmp(&b.row.key));
    let mut merged = Vec::with_capacity(slots.len() + added.len());
    let mut added = added.into_iter().peekable();
    for retained in slots.into_iter().flatten() {
        while let Some(earlier) = added.next_if(|new| new.row.key < retained.row.key) {
            merged.push(earlier);
        }
        merged.push(retained);
    }
    merged.extend(added);
    merged
}

/// A4 on the rows that are in the report.
fn touch(
    slots: &mut [Option<Retained>],
    verdicts: &Verdicts,
    now: Timestamp,
    attributes: impl Fn(u32) -> Result<Attributes, Misfit>,
) -> Result<(), Misfit> {
    let columns = verdicts.touched.iter().zip(&verdicts.touched_by);
    let columns = columns.zip(verdicts.touched_last_seen.iter().zip(&verdicts.touched_replaced));
    for ((index, by), (last_seen, replaced)) in columns {
        let retained = slot(slots, *index)?;
        retained.reason = RetainedReason::Reported;
        retained.row.last_updated = now;
        retained.row.last_seen = Timestamp::from_unix(*last_seen).ok_or(Misfit("a time"))?;
        if *replaced != 0 {
            retained.row.set_attributes(attributes(*by)?).map_err(|_| Misfit("attributes"))?;
        }
    }
    Ok(())
}

fn at<T>(rows: &[T], index: u32) -> Option<&T> {
    rows.get(usize::try_from(index).ok()?)
}

fn slot(slots: &mut [Option<Retained>], index: u32) -> Result<&mut Retained, Misfit> {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    slots.get_mut(index).and_then(Option::as_mut).ok_or(Misfit("a row of the inventory"))
}

/// The rule behind a removal that an evaluation decided (E2).
#[must_use]
pub fn rule(kind: ItemKind, reason: RemovalReason) -> Rule {
    match reason {
        RemovalReason::Deleted => Rule::D1,
        _ if kind == ItemKind::Image => Rule::A6,
        RemovalReason::Overwritten => Rule::A2,
        RemovalReason::Expired => Rule::A5,
        RemovalReason::Superseded => Rule::A6,
    }
}

/// The reader's warnings and the engine's, in the order of outcomes (E4).
#[must_use]
pub fn warnings(observation: Option<&Observation>, verdicts: &Verdicts, interner: &Interner) -> Vec<Warning> {
    let said = observation.into_iter().flat_map(Observation::warnings);
    let decided = verdicts.warnings.iter().map(|warning| Warning {
        code: warning.code,
        context: interner.context_of(warning.context).map(|(text, _)| Context::new(text)),
        id: interner.id_text(warning.id).map(Box::from),
        pointer: None,
    });
    let mut warnings: Vec<Warning> = said.chain(decided).collect();
    warnings.sort();
    warnings
}
