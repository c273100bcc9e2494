//! Lies about columns.

use crate::bindings::exports::keepset::retention::bulk as wit;
use crate::bindings::exports::keepset::retention::types::{Error, RemovalReason};
use crate::trick::Trick;
use crate::{HUGE, Hostile, Plugin, trick_at};

impl wit::Guest for Hostile {
    fn evaluate(
        inventory: wit::RowColumns,
        report: Option<wit::ReportColumns>,
        config: wit::Config,
        now: wit::Timestamp,
        detail: wit::Detail,
    ) -> Result<wit::Verdicts, Error> {
        let trick = trick_at(now);
        let (contexts, images) = (inventory.contexts.clone(), inventory.images.clone());
        let mut verdicts = <Plugin as wit::Guest>::evaluate(inventory, report, config, now, detail)?;
        lie(trick, &mut verdicts, &contexts, &images);
        Ok(verdicts)
    }
}

/// Makes a lie of an honest answer about an inventory with those columns.
pub(crate) fn lie(trick: Trick, verdicts: &mut wit::Verdicts, contexts: &[u32], images: &[u32]) {
    let rows = images.len() as u32;
    let mut remove = |row, reason| verdicts.removed.push(wit::Removal { row, reason });
    match trick {
        Trick::RemovedOutOfRange => remove(rows, RemovalReason::Expired),
        Trick::RemovedTwice => {
            let image = image_row(images);
            remove(image, RemovalReason::Expired);
            remove(image, RemovalReason::Expired);
        }
        Trick::RemovedUncovered => remove(rows - 1, RemovalReason::Overwritten),
        Trick::RemovedReported => {
            let row = verdicts.touched[0];
            remove(row, RemovalReason::Overwritten);
        }
        Trick::RemovedExpired => remove(0, RemovalReason::Expired),
        Trick::RemovedDeleted => remove(0, RemovalReason::Deleted),
        Trick::RemovedSuperseded => remove(0, RemovalReason::Superseded),
        Trick::AddedOutOfRange => verdicts.added.push(1000),
        Trick::AddedKnown => {
            let by = verdicts.touched_by.remove(0);
            verdicts.touched.remove(0);
            verdicts.touched_last_seen.remove(0);
            verdicts.touched_replaced.remove(0);
            verdicts.added.push(by);
        }
        Trick::AddedTwice => verdicts.added.push(verdicts.added[0]),
        Trick::TouchedInFuture => verdicts.touched_last_seen[0] += 86_400,
        Trick::TouchedInPast => verdicts.touched_last_seen[0] -= 86_400,
        Trick::TouchedAnother => verdicts.touched.swap(0, 1),
        Trick::TouchedOutOfRange => verdicts.touched[0] = rows,
        Trick::TouchedTwice => verdicts.touched[1] = verdicts.touched[0],
        Trick::TouchedUneven => drop(verdicts.touched_replaced.pop()),
        Trick::ImageInvented => verdicts.images.push(image(None, contexts[0], 1000)),
        Trick::ImageKnown => verdicts.images.push(image(None, contexts[0], images[0])),
        Trick::ImageAnother => verdicts.images.push(image(Some(0), contexts[0], images[0])),
        Trick::ImageWithoutTime => {
            let last_seen = i64::MAX;
            verdicts.images[0] = wit::ImageVerdict { last_seen, ..verdicts.images[0] };
        }
        Trick::DeadlinesMissing => drop(verdicts.deadlines.pop()),
        Trick::DeadlinesUnasked => verdicts.deadlines.push(Trick::FIRST),
        Trick::ExpiryInvented => verdicts.next_expiry = Some(i64::MAX),
        Trick::WarningElsewhere => {
            let code = wit::WarningCode::StaleReport;
            verdicts.warnings.push(wit::ColumnWarning { code, context: 1000, id: 0 });
        }
        Trick::HugeResult => verdicts.deadlines = vec![0; HUGE / 8],
        _ => {}
    }
}

/// The first row of an image: its container comes before it.
fn image_row(images: &[u32]) -> u32 {
    let is_image = |row: &usize| images[*row] != 0 && images[..*row].contains(&images[*row]);
    (0..images.len()).find(is_image).unwrap() as u32
}

fn image(row: Option<u32>, context: u32, image: u32) -> wit::ImageVerdict {
    let (last_seen, last_updated) = (Trick::FIRST, Trick::FIRST);
    wit::ImageVerdict { row, context, image, last_seen, last_updated, reported: true }
}
