//! A report for people, with charts: one page without scripts.

use std::fmt::Write as _;

use keepset_engine::simulate::Fault;
use keepset_types::{SECONDS_PER_DAY, Timestamp};

use super::chart::{Chart, Line};
use super::text::{advice, rows, summary};
use super::{Side, Simulation, Standing, count, describe, time};

/// Points of the chart over time.
const POINTS: u32 = 481;

const STYLE: &str = "\
:root{color-scheme:light dark;--a:light-dark(#0b57d0,#8ab4f8);--b:light-dark(#a8430a,#f6ae6b);\
--truth:light-dark(#5f6368,#9aa0a6);--bad:light-dark(#b3261e,#f2b8b5);--good:light-dark(#146c2e,#7fd998);\
--line:light-dark(#dadce0,#3c4043);--fault:light-dark(#f6dcdc,#4a2a2a);--text:light-dark(#1f1f1f,#e8eaed);\
--page:light-dark(#fff,#17181a)}\
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:var(--text);\
background:var(--page)}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}\
svg{width:100%;height:auto;display:block}.legend svg{display:inline-block;width:28px;height:8px}\
.legend span{margin-right:1.5rem}polyline{fill:none;stroke-width:2;stroke:var(--a)}\
polyline.b{stroke:var(--b);stroke-dasharray:7 4}polyline.truth{stroke:var(--truth);stroke-dasharray:2 4}\
.grid{stroke:var(--line)}.tick{fill:var(--text);font-size:12px}.fault{fill:var(--fault)}\
table{border-collapse:collapse}th,td{text-align:left;padding:.25rem 1rem .25rem 0;border-bottom:1px solid var(--line);\
vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}.scroll{overflow-x:auto}\
.harm{color:var(--bad);font-weight:600}.safe{color:var(--good);font-weight:600}code{font-size:.95em}";

pub(super) fn page(simulation: &Simulation) -> String {
    let title = escaped(&simulation.title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>\n<h1>{title}</h1>\n<p>{}</p>\n",
        escaped(&summary(simulation))
    );
    for side in &simulation.sides {
        verdict(simulation, side, &mut page);
    }
    let _ = writeln!(page, "<p>{}</p>", escaped(&capitalized(&advice(simulation))));
    faults(&simulation.faults, &mut page);
    let _ = write!(page, "<h2>Items over time</h2>\n{}\n", over_time(simulation).svg());
    numbers(&simulation.sides, &mut page);
    page.push_str("<h2>What each TTL would do</h2>\n");
    for chart in safety(simulation) {
        let _ = writeln!(page, "{}", chart.svg());
    }
    for side in &simulation.sides {
        wrong(simulation, side, &mut page);
    }
    page.push_str("</main></body></html>\n");
    page
}

/// As text and in attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
}

fn verdict(simulation: &Simulation, side: &Side, page: &mut String) {
    let (class, mark) = match simulation.standing(side) {
        Standing::Harm => ("harm", "\u{2717} Harm"),
        Standing::Safe => ("safe", "\u{2713} Safe"),
        Standing::Unjudged => ("unjudged", "\u{25cb} Too few reports to judge"),
    };
    let _ = writeln!(
        page,
        "<p><strong>{}</strong> <code>{}</code><br><span class=\"{class}\">{mark}:</span> {}.</p>",
        side.name,
        escaped(&describe(&side.config)),
        escaped(&side.verdict.sentence())
    );
}

fn faults(faults: &[Fault], page: &mut String) {
    if faults.is_empty() {
        return;
    }
    page.push_str("<h2>What goes wrong</h2>\n<ul>");
    for fault in faults {
        let _ = write!(page, "<li>{}</li>", escaped(&in_words(fault)));
    }
    page.push_str("</ul>\n");
}

fn in_words(fault: &Fault) -> String {
    let of =
        |cluster: &Option<String>| cluster.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    match fault {
        Fault::Outage { from, to, cluster } => {
            format!("no report{} arrives from {from} to {to}", of(cluster))
        }
        Fault::DropBatch { from, to, batch, of: all, cluster } => {
            format!("report {batch} of {all} of each poll{} is lost from {from} to {to}", of(cluster))
        }
        Fault::DeleteNamespace { at, context } => format!("{context} is deleted at {at}"),
        Fault::EmptyNamespace { at, context, listed: true } => {
            format!("{context} is emptied at {at}, and still listed")
        }
        Fault::EmptyNamespace { at, context, listed: false } => {
            format!("{context} is emptied at {at}, and left out of reports")
        }
        Fault::ExcludeNamespace { at, context } => {
            format!("{context} is excluded from the agent's scope at {at}, and runs on")
        }
        Fault::ClockSkew { from, to, seconds, cluster } => {
            format!("the agent's clock{} is {seconds} s ahead from {from} to {to}", of(cluster))
        }
    }
}

fn over_time(simulation: &Simulation) -> Chart<'static> {
    let history = &simulation.history;
    let mut lines = Vec::new();
    for (side, class) in simulation.sides.iter().zip(["a", "b"]) {
        let series = side.replay.series(history, POINTS);
        let widened = |counts: Vec<u32>| counts.into_iter().map(u64::from).collect();
        if lines.is_empty() {
            lines.push(Line { name: "what ran".to_owned(), class: "truth", values: widened(series.truth) });
        }
        lines.push(Line { name: side.name.to_owned(), class, values: widened(series.active) });
    }
    let (from, to) = (history.from(), history.to());
    let length = (to - from).max(1);
    let part = |at: &Timestamp| ((at.unix() - from).clamp(0, length)) * 1000 / length;
    let shaded = simulation.faults.iter().map(|fault| match fault {
        Fault::Outage { from, to, .. }
        | Fault::DropBatch { from, to, .. }
        | Fault::ClockSkew { from, to, .. } => (part(from), part(to)),
        Fault::DeleteNamespace { at, .. }
        | Fault::EmptyNamespace { at, .. }
        | Fault::ExcludeNamespace { at, .. } => (part(at), part(at)),
    });
    let ticks = (0..=4).map(|quarter| {
        let at = from + length * quarter / 4;
        let day = time(at).get(..10).unwrap_or_default().to_owned();
        format!("{day}, day {}", (at - from) / SECONDS_PER_DAY)
    });
    let verdicts: Vec<String> =
        simulation.sides.iter().map(|side| format!("{} {}", side.name, side.verdict.sentence())).collect();
    Chart {
        label: format!("Items in the inventory over time. {}.", verdicts.join(". ")),
        lines,
        ticks: ticks.collect(),
        shaded: shaded.collect(),
    }
}

/// What each TTL would do, from one day on (0 is none) to well behind the safe one: the harm, and its price.
fn safety(simulation: &Simulation) -> [Chart<'static>; 2] {
    let safe = match simulation.safe.item {
        Some(_) => format!("The smallest safe TTL is {}.", count(simulation.safe.days, "day")),
        None => String::new(),
    };
    let shown = usize::try_from(simulation.safe.days).unwrap_or(usize::MAX).saturating_mul(4).max(14);
    let shown = shown.min(simulation.curve.wrong.len().saturating_sub(1));
    let chart = |label: String, name: &str, class: &'static str, values: Vec<u64>| Chart {
        label,
        lines: vec![Line {
            name: name.to_owned(),
            class,
            values: values.into_iter().skip(1).take(shown).collect(),
        }],
        ticks: (0..=4)
            .map(|quarter| format!("TTL {}", count(1 + (shown - 1) * quarter / 4, "day")))
            .collect(),
        shaded: Vec::new(),
    };
    let wrong = simulation.curve.wrong.iter().copied().map(u64::from).collect();
    let stale = simulation.curve.stale_seconds.iter().map(|seconds| seconds / 86_400).collect();
    [
        chart(
            format!("Items that each TTL would remove while they run. {safe}").trim_end().to_owned(),
            "items removed while they ran",
            "a",
            wrong,
        ),
        chart(
            "Days that each TTL would keep items after the last report of them, all items together."
                .to_owned(),
            "item-days kept after the last report",
            "b",
            stale,
        ),
    ]
}

fn numbers(sides: &[Side], page: &mut String) {
    page.push_str("<div class=\"scroll\"><table><thead><tr><th></th>");
    for side in sides {
        let _ = write!(page, "<th scope=\"col\">{}</th>", side.name);
    }
    page.push_str("</tr></thead><tbody>");
    let columns: Vec<_> = sides.iter().map(|side| rows(&side.verdict)).collect();
    let names = columns.first().map(|rows| rows.each_ref().map(|(name, _)| *name)).unwrap_or_default();
    for (row, name) in names.iter().enumerate() {
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", escaped(name.trim()));
        for column in &columns {
            let value = column.get(row).map_or("", |(_, value)| value);
            let _ = write!(page, "<td class=\"n\">{value}</td>");
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>\n");
}

fn wrong(simulation: &Simulation, side: &Side, page: &mut String) {
    let all = side.replay.wrong();
    let shown = all.len().min(simulation.first);
    if shown == 0 {
        return;
    }
    let _ = write!(
        page,
        "<h2>The first {shown} of {} under {}</h2>\n<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Item</th>\
         <th scope=\"col\">Removed</th><th scope=\"col\">Why</th></tr></thead><tbody>",
        count(all.len(), "wrong removal"),
        side.name
    );
    for span in all.iter().take(shown) {
        let _ = write!(
            page,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            escaped(&simulation.history.item_label(span.item)),
            time(span.until),
            escaped(&side.replay.explain(&simulation.history, span))
        );
    }
    page.push_str("</tbody></table></div>\n");
}
