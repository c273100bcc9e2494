//! For people: the harm first, then the numbers, then what to do, then the evidence.

use std::io::{self, Write};

use keepset_engine::simulate::{Verdict, duration};
use keepset_types::printable;

use super::{Side, Simulation, Standing, count, describe, item_days, time};
use crate::table::Table;

pub(super) fn write(simulation: &Simulation, to: &mut impl Write) -> io::Result<()> {
    let history = &simulation.history;
    writeln!(to, "{}", summary(simulation))?;
    for side in &simulation.sides {
        let mark = match simulation.standing(side) {
            Standing::Harm => "HARM",
            Standing::Safe => "safe",
            Standing::Unjudged => "too few reports to judge",
        };
        writeln!(to, "\n{}  {}\n   {mark}: {}", side.name, describe(&side.config), side.verdict.sentence())?;
    }
    writeln!(to)?;
    numbers(&simulation.sides).write(to)?;
    writeln!(to, "\n{}", advice(simulation))?;
    for side in &simulation.sides {
        let wrong = side.replay.wrong();
        let shown = wrong.len().min(simulation.first);
        if shown == 0 {
            continue;
        }
        writeln!(to, "\nThe first {shown} of {} under {}:", count(wrong.len(), "wrong removal"), side.name)?;
        for span in wrong.iter().take(shown) {
            let why = side.replay.explain(history, span);
            writeln!(to, "  {}\n    {why}", printable(&history.item_label(span.item)))?;
        }
    }
    Ok(())
}

/// What was replayed.
pub(super) fn summary(simulation: &Simulation) -> String {
    let history = &simulation.history;
    let lost = match history.lost() {
        0 => String::new(),
        lost => format!(", {lost} of them lost"),
    };
    format!(
        "{}{lost}, from {} to {}: {} in {} of {}",
        count(history.reports(), "report"),
        time(history.from()),
        time(history.to()),
        count(history.items(), "item"),
        count(history.contexts().count(), "context"),
        count(history.clusters().len(), "cluster"),
    )
}

/// The smallest safe TTL, and what it rests on.
pub(super) fn advice(simulation: &Simulation) -> String {
    let (safe, history) = (&simulation.safe, &simulation.history);
    let Some(item) = safe.item else {
        return "smallest safe TTL: not to be told, for no item was seen at two times".to_owned();
    };
    let margin = match safe.margin_seconds {
        0 => "no margin".to_owned(),
        margin => format!("a margin of {}", duration(margin)),
    };
    format!(
        "smallest safe TTL: {}, with {margin}: what runs went unseen for {} at most ({})",
        count(safe.days, "day"),
        duration(safe.gap_seconds),
        printable(&history.item_label(item)),
    )
}

/// The numbers of each side.
pub(super) fn rows(verdict: &Verdict) -> [(&'static str, String); 8] {
    [
        ("items removed while they ran", verdict.wrong_items.to_string()),
        ("  removals of such by the TTL", verdict.wrong_by_ttl.to_string()),
        ("  removals of such by overwrite", verdict.wrong_by_overwrite.to_string()),
        ("removals by the TTL", verdict.expired.to_string()),
        ("removals by overwrite", verdict.overwritten.to_string()),
        ("items at the end", verdict.active_at_end.to_string()),
        ("  unseen for more than a day", verdict.stale_at_end.to_string()),
        ("item-days kept after the last report", item_days(verdict.stale_seconds)),
    ]
}

fn numbers(sides: &[Side]) -> Table<3> {
    let head = |place: usize| sides.get(place).map_or("", |side| side.name);
    let mut table = Table::new(["", head(0), head(1)]);
    let columns: Vec<_> = sides.iter().map(|side| rows(&side.verdict)).collect();
    for row in 0..8 {
        let cell = |side: usize| columns.get(side).and_then(|rows| rows.get(row)).cloned();
        let Some((name, first)) = cell(0) else { continue };
        table.push([name.to_owned(), first, cell(1).map(|(_, second)| second).unwrap_or_default()]);
    }
    table
}
