//! Between rows with strings and columns of integers. Nothing is decided here.

use crate::columns::{ImageVerdict, NEVER, RowColumns, Verdicts};
use crate::intern::{Interner, Names, Numbers};
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
        let mut context = interner.context(first.key.inventory_type, first.key.context.as_str());
        columns.contexts.push(context.number());
        let names = of_context.iter().map(|row| Names {
            id: match &row.key.id {
                Id::Plain(id) => id,
                Id::Image(_) => "",
            },
            link: row.link().unwrap_or_default(),
            image: row.image(),
        });
        let RowColumns { keys, links, images, .. } = &mut columns;
        context.rows(names, Numbers { keys, links, images });
        for row in of_context {
            columns.kinds.push(row.key.kind.code());
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
    let translation = Translation {
        observation,
        said: observation.map(|observation| observation.rows().collect()).unwrap_or_default(),
        verdicts,
        interner,
        now,
        unreported: match config.ttl_seconds() {
            None => RetainedReason::TtlDisabled,
            Some(_) => RetainedReason::WithinTtl,
        },
    };
    let (deadlines, deadlines_of_new) = verdicts.deadlines.split_at_checked(prior.len()).unwrap_or_default();
    let mut deadlines = deadlines.iter();
    let mut new = translation.new_rows(deadlines_of_new)?.into_iter().peekable();
    let changes = changes(verdicts, prior.len())?;
    let mut retained = Vec::with_capacity(prior.len() + new.len());
    let mut removed = Vec::with_capacity(verdicts.removed.len());
    // Prior rows are in key order, and so are the new ones.
    for (mut row, change) in prior.into_iter().zip(changes) {
        let expires_at = expires_at(deadlines.next());
        let reason = translation.update(&mut row, change.update)?;
        if let Some(reason) = change.removal {
            let (rule, last_seen) = (rule(row.key.kind, reason), row.last_seen);
            removed.push(Removed { key: row.key, last_seen, reason, rule });
            continue;
        }
        while let Some(earlier) = new.next_if(|new| new.row.key < row.key) {
            retained.push(earlier);
        }
        retained.push(Retained { row, reason, expires_at });
    }
    retained.extend(new);
    let next_expiry = verdicts.next_expiry.and_then(Timestamp::from_unix);
    Ok(Outcome { retained, removed, warnings: warnings(observation, verdicts, interner), next_expiry })
}

fn expires_at(deadline: Option<&i64>) -> Option<Timestamp> {
    deadline.filter(|deadline| **deadline != NEVER).and_then(|deadline| Timestamp::from_unix(*deadline))
}

/// What the verdicts say of a prior row.
#[derive(Clone, Copy, Default)]
struct Change {
    update: Update,
    removal: Option<RemovalReason>,
}

/// What becomes of a row's times and attributes.
#[derive(Clone, Copy, Default)]
enum Update {
    #[default]
    None,
    /// The report contains it: its place among [`Verdicts::touched`].
    Touched(u32),
    /// It is an image: its place among [`Verdicts::images`].
    Derived(u32),
}

/// What the verdicts say of each of so many prior rows.
fn changes(verdicts: &Verdicts, rows: usize) -> Result<Vec<Change>, Misfit> {
    let mut changes = vec![Change::default(); rows];
    let mut change = |row: u32, say: &dyn Fn(&mut Change)| {
        let change = usize::try_from(row).ok().and_then(|row| changes.get_mut(row));
        change.map(say).ok_or(Misfit("a row of the inventory"))
    };
    for (place, row) in (0..).zip(&verdicts.touched) {
        change(*row, &|change| change.update = Update::Touched(place))?;
    }
    for (place, image) in (0..).zip(&verdicts.images) {
        if let Some(row) = image.row {
            change(row, &|change| change.update = Update::Derived(place))?;
        }
    }
    for removal in &verdicts.removed {
        change(removal.row, &|change| change.removal = Some(removal.reason))?;
    }
    Ok(changes)
}

/// From the verdicts' numbers back to what they stand for.
struct Translation<'a> {
    observation: Option<&'a Observation>,
    said: Vec<Said<'a>>,
    verdicts: &'a Verdicts,
    interner: &'a Interner,
    now: Timestamp,
    /// Why a row stays that is not in the report.
    unreported: RetainedReason,
}

impl Translation<'_> {
    /// Gives a prior row its new times and attributes; answers why it stays, if it does.
    fn update(&self, row: &mut Row, update: Update) -> Result<RetainedReason, Misfit> {
        match update {
            Update::None => Ok(self.unreported),
            Update::Touched(place) => self.touch(row, place),
            Update::Derived(place) => {
                let image = at(&self.verdicts.images, place)?;
                (row.last_updated, row.last_seen) = (time(image.last_updated)?, time(image.last_seen)?);
                Ok(self.reason(image))
            }
        }
    }

    /// A4 on a row that is in the report.
    fn touch(&self, row: &mut Row, place: u32) -> Result<RetainedReason, Misfit> {
        let verdicts = self.verdicts;
        row.last_updated = self.now;
        row.last_seen = time(*at(&verdicts.touched_last_seen, place)?)?;
        if *at(&verdicts.touched_replaced, place)? != 0 {
            let said = at(&self.said, *at(&verdicts.touched_by, place)?)?;
            if row.attributes().as_json() != said.attributes {
                row.set_attributes(said.owned_attributes()).map_err(|_| Misfit("attributes"))?;
            }
        }
        Ok(RetainedReason::Reported)
    }

    /// Why an image stays (E1).
    fn reason(&self, image: &ImageVerdict) -> RetainedReason {
        if image.reported { RetainedReason::Reported } else { self.unreported }
    }

    /// What comes: rows of the report, and images. In key order; their deadlines are in that of the verdicts.
    fn new_rows(&self, deadlines: &[i64]) -> Result<Vec<Retained>, Misfit> {
        let added = self.verdicts.added.iter().map(|said| self.added(*said));
        let images = self.verdicts.images.iter().filter(|image| image.row.is_none());
        let rows = added.chain(images.map(|image| self.image(image)));
        let mut deadlines = deadlines.iter();
        let retained = rows.map(|row| {
            let (row, reason) = row?;
            Ok(Retained { row, reason, expires_at: expires_at(deadlines.next()) })
        });
        let mut new = retained.collect::<Result<Vec<_>, _>>()?;
        new.sort_unstable_by(|a, b| a.row.key.cmp(&b.row.key));
        Ok(new)
    }

    /// A4 on a row of the report that was not in the inventory.
    fn added(&self, said: u32) -> Result<(Row, RetainedReason), Misfit> {
        let observation = self.observation.ok_or(Misfit("a row of the report"))?;
        let said = at(&self.said, said)?;
        let key = Key {
            inventory_type: observation.inventory_type,
            context: Context::new(said.context),
            kind: said.kind,
            id: said.owned_id(),
        };
        let times = [self.now, self.now, time(observation.observed_at)?];
        let row = Row::new(key, times, said.owned_attributes()).map_err(|_| Misfit("attributes"))?;
        Ok((row, RetainedReason::Reported))
    }

    /// I3: an image that was not in the inventory.
    fn image(&self, image: &ImageVerdict) -> Result<(Row, RetainedReason), Misfit> {
        let context = self.interner.context_of(image.context).ok_or(Misfit("a context"))?;
        let key = Key {
            inventory_type: context.1,
            context: Context::new(context.0),
            kind: ItemKind::Image,
            id: Id::Image(self.interner.image_of(image.image).ok_or(Misfit("an image"))?),
        };
        let times = [self.now, time(image.last_updated)?, time(image.last_seen)?];
        let row = Row::new(key, times, Attributes::default()).map_err(|_| Misfit("attributes"))?;
        Ok((row, self.reason(image)))
    }
}

fn at<T>(column: &[T], index: u32) -> Result<&T, Misfit> {
    usize::try_from(index).ok().and_then(|index| column.get(index)).ok_or(Misfit("a place in a column"))
}

fn time(seconds: i64) -> Result<Timestamp, Misfit> {
    Timestamp::from_unix(seconds).ok_or(Misfit("a time"))
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
    warnings.sort_unstable();
    warnings
}
