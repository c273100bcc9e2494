//! Outcomes for people.

use std::io::{self, Write};

use keepset_host::Outcome;
use keepset_types::{RemovalReason, Removed, RetainedReason};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results, warn};
use crate::state::State;
use crate::table::Table;

/// Shows what became of an inventory that had so many rows before.
pub(super) fn show(outcome: &Outcome, rows_before: usize, format: Format) -> Result<Exit, Failure> {
    let mut results = Results::new();
    match format {
        Format::Json => results.json(outcome)?,
        Format::Text => write_outcome(outcome, rows_before, &mut results)?,
    }
    results.finish()?;
    Ok(Exit::Success)
}

/// The same, of a state file.
pub(super) fn show_of(
    state: &State,
    outcome: &Outcome,
    rows_before: usize,
    format: Format,
) -> Result<Exit, Failure> {
    let mut results = Results::new();
    match format {
        Format::Json => results.json(outcome)?,
        Format::Text => {
            write_dry_run(state, &mut results)?;
            write_outcome(outcome, rows_before, &mut results)?;
        }
    }
    results.finish()?;
    Ok(Exit::Success)
}

fn write_outcome(outcome: &Outcome, rows_before: usize, to: &mut impl Write) -> io::Result<()> {
    warn(outcome);
    let reasons = [
        (RetainedReason::Reported, "reported"),
        (RetainedReason::WithinTtl, "within the TTL"),
        (RetainedReason::TtlDisabled, "without a TTL"),
    ];
    let of = |reason| outcome.retained.iter().filter(|retained| retained.reason == reason).count();
    let counts = reasons.map(|(reason, words)| (of(reason), words));
    // Every row from before is either kept or removed; what is kept beyond them is new.
    let added = (outcome.retained.len() + outcome.removed.len()).saturating_sub(rows_before);
    write_kept(outcome.retained.len(), added, &counts, to)?;
    write_removed(&outcome.removed, to)?;
    match outcome.next_expiry {
        Some(time) => writeln!(to, "next expiry {time}"),
        None => writeln!(to, "next expiry never"),
    }
}

/// Says so where nothing is going to be changed.
pub(super) fn write_dry_run(state: &State, to: &mut impl Write) -> io::Result<()> {
    if state.is_dry_run() { writeln!(to, "dry run: the state file stays as it is") } else { Ok(()) }
}

pub(super) fn write_kept(
    kept: usize,
    added: usize,
    counts: &[(usize, &str)],
    to: &mut impl Write,
) -> io::Result<()> {
    let new = if added > 0 { format!(", {added} of them new") } else { String::new() };
    writeln!(to, "kept {kept}{}{new}", in_brackets(counts))
}

pub(super) fn write_removed(removed: &[Removed], to: &mut impl Write) -> io::Result<()> {
    let reasons = [
        RemovalReason::Overwritten,
        RemovalReason::Expired,
        RemovalReason::Superseded,
        RemovalReason::Deleted,
    ];
    let of = |reason| removed.iter().filter(|removed| removed.reason == reason).count();
    let counts = reasons.map(|reason| (of(reason), reason.as_str()));
    writeln!(to, "removed {}{}", removed.len(), in_brackets(&counts))?;
    if removed.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["REASON", "RULE", "LAST SEEN AT", "CONTEXT", "KIND", "ID"]);
    for removed in removed {
        table.push([
            removed.reason.as_str().to_owned(),
            removed.rule.to_string(),
            removed.last_seen.to_string(),
            removed.key.context.as_str().to_owned(),
            removed.key.kind.to_string(),
            removed.key.id.to_string(),
        ]);
    }
    writeln!(to)?;
    table.write(to)?;
    writeln!(to)
}

/// ` (2 overwritten, 1 expired)`, or nothing where nothing was counted.
fn in_brackets(counts: &[(usize, &str)]) -> String {
    let counted = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<_> = counted.map(|(count, what)| format!("{count} {what}")).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}
