//! Line charts as SVG, in whole numbers.

use std::fmt::Write as _;

use super::html::escaped;

const WIDTH: i64 = 960;
const HEIGHT: i64 = 240;
const LEFT: i64 = 64;
const RIGHT: i64 = 16;
const TOP: i64 = 12;
const BOTTOM: i64 = 28;

/// A line of a chart.
pub(super) struct Line<'a> {
    /// Its name in the legend.
    pub(super) name: String,
    /// How it is drawn: `a`, `b` or `truth`.
    pub(super) class: &'a str,
    /// From left to right, at equal distances.
    pub(super) values: Vec<u64>,
}

/// A chart.
pub(super) struct Chart<'a> {
    /// What it shows, in a sentence with its result, for who cannot see it.
    pub(super) label: String,
    pub(super) lines: Vec<Line<'a>>,
    /// What stands below, from left to right at equal distances.
    pub(super) ticks: Vec<String>,
    /// Parts of the width that are shaded, in thousandths.
    pub(super) shaded: Vec<(i64, i64)>,
}

impl Chart<'_> {
    pub(super) fn svg(&self) -> String {
        let most = self.lines.iter().flat_map(|line| &line.values).copied().max().unwrap_or(0).max(1);
        let most = rounded_up(most);
        let mut svg = String::new();
        let _ = write!(
            svg,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            escaped(&self.label)
        );
        for (from, to) in &self.shaded {
            let (x, end) = (across(*from, 1000), across(*to, 1000));
            let height = HEIGHT - TOP - BOTTOM;
            let _ = write!(
                svg,
                "<rect class=\"fault\" x=\"{x}\" y=\"{TOP}\" width=\"{}\" height=\"{height}\"/>",
                (end - x).max(1)
            );
        }
        for quarter in 0..=4_u64 {
            let (value, y) = (most * quarter / 4, up(most * quarter / 4, most));
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/>\
                 <text class=\"tick\" text-anchor=\"end\" x=\"{}\" y=\"{}\">{value}</text>",
                WIDTH - RIGHT,
                LEFT - 6,
                y + 4
            );
        }
        let ticks = self.ticks.len();
        for (place, tick) in self.ticks.iter().enumerate() {
            let x = across(wide(place), wide(ticks.saturating_sub(1)).max(1));
            let anchor = match place {
                0 => "start",
                last if last + 1 == ticks => "end",
                _ => "middle",
            };
            let _ = write!(
                svg,
                "<text class=\"tick\" text-anchor=\"{anchor}\" x=\"{x}\" y=\"{}\">{}</text>",
                HEIGHT - 8,
                escaped(tick)
            );
        }
        for line in &self.lines {
            let last = wide(line.values.len().saturating_sub(1)).max(1);
            let points = line
                .values
                .iter()
                .enumerate()
                .map(|(place, value)| format!("{},{}", across(wide(place), last), up(*value, most)));
            let points: Vec<String> = points.collect();
            let _ = write!(svg, "<polyline class=\"{}\" points=\"{}\"/>", line.class, points.join(" "));
        }
        svg.push_str("</svg><p class=\"legend\">");
        for line in &self.lines {
            let _ = write!(
                svg,
                "<span><svg viewBox=\"0 0 28 8\" aria-hidden=\"true\"><polyline class=\"{}\" points=\"0,4 28,4\"/></svg> {}</span>",
                line.class,
                escaped(&line.name)
            );
        }
        svg.push_str("</p>");
        svg
    }
}

fn wide(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

fn across(part: i64, of: i64) -> i64 {
    LEFT + (WIDTH - LEFT - RIGHT) * part / of
}

fn up(value: u64, most: u64) -> i64 {
    let height = u64::try_from(HEIGHT - TOP - BOTTOM).unwrap_or(0);
    HEIGHT - BOTTOM - i64::try_from(height * value / most).unwrap_or(0)
}

/// The next number that divides into quarters people like to read.
fn rounded_up(most: u64) -> u64 {
    let mut step = 4;
    loop {
        for times in [1, 2, 5] {
            if step * times >= most {
                return step * times;
            }
        }
        step *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_or_above_the_highest_value() {
        for (most, end) in [(1, 4), (4, 4), (5, 8), (80, 80), (81, 200), (100_000, 200_000)] {
            assert_eq!(rounded_up(most), end);
        }
    }

    #[test]
    fn a_line_goes_from_edge_to_edge_and_stays_inside() {
        let line = Line { name: "A & B".to_owned(), class: "a", values: vec![0, 80, 40] };
        let chart = Chart {
            label: "<label>".to_owned(),
            lines: vec![line],
            ticks: vec!["day 0".to_owned(), "day 60".to_owned()],
            shaded: vec![(500, 600)],
        };
        let svg = chart.svg();
        assert!(svg.contains("points=\"64,212 504,12 944,112\""), "{svg}");
        assert!(svg.contains("&lt;label&gt;") && svg.contains("A &amp; B"), "{svg}");
    }
}
