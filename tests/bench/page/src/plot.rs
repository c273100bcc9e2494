//! SVG plots.

use std::time::Duration;

use plotters::prelude::*;

use crate::count;

/// One measurement.
pub struct Point {
    pub series: String,
    pub rows: usize,
    pub time: Duration,
}

/// Time against rows, both logarithmic, a line for each series.
pub fn time_against_rows(title: &str, points: &[Point]) -> String {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (860, 480)).into_drawing_area();
        root.fill(&WHITE).unwrap();
        let rows = points.iter().map(|point| point.rows as f64);
        let (least, most) = (rows.clone().fold(f64::MAX, f64::min), rows.fold(0.0, f64::max));
        let times = points.iter().map(|point| point.time.as_secs_f64() * 1e3);
        let (fastest, slowest) = (times.clone().fold(f64::MAX, f64::min), times.fold(0.0, f64::max));
        let mut chart = ChartBuilder::on(&root)
            .caption(title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d((least..most * 1.05).log_scale(), (fastest / 2.0..slowest * 2.0).log_scale())
            .unwrap();
        chart
            .configure_mesh()
            .x_desc("rows of the inventory")
            .y_desc("time (ms)")
            .x_label_formatter(&|rows| count(*rows as usize))
            .y_label_formatter(&|time| if *time < 1.0 { format!("{time:.3}") } else { format!("{time:.0}") })
            .draw()
            .unwrap();
        let mut names: Vec<&str> = Vec::new();
        for point in points {
            if !names.contains(&&*point.series) {
                names.push(&point.series);
            }
        }
        for (index, name) in names.iter().enumerate() {
            let color = Palette99::pick(index).to_rgba();
            let line: Vec<(f64, f64)> = points
                .iter()
                .filter(|point| point.series == *name)
                .map(|point| (point.rows as f64, point.time.as_secs_f64() * 1e3))
                .collect();
            chart
                .draw_series(LineSeries::new(line, color.stroke_width(2)).point_size(3))
                .unwrap()
                .label(name.replace('`', ""))
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
        }
        legend(&mut chart);
        root.present().unwrap();
    }
    svg
}

/// A group of bars: what it is, and the height of each of its bars.
pub struct Bars {
    pub label: String,
    pub heights: Vec<f64>,
}

/// Groups of bars on a logarithmic axis, in each a bar for each of `names`.
pub fn bars(title: &str, unit: &str, names: &[&str], groups: &[Bars]) -> String {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (860, 480)).into_drawing_area();
        root.fill(&WHITE).unwrap();
        let heights = groups.iter().flat_map(|group| group.heights.iter().copied());
        let (least, most) = (heights.clone().fold(f64::MAX, f64::min), heights.fold(0.0, f64::max));
        let floor = least / 2.0;
        let mut chart = ChartBuilder::on(&root)
            .caption(title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(60)
            .y_label_area_size(70)
            .build_cartesian_2d(0.0..groups.len() as f64, (floor..most * 3.0).log_scale())
            .unwrap();
        chart
            .configure_mesh()
            .disable_x_mesh()
            .disable_x_axis()
            .y_desc(unit)
            .y_label_formatter(&|height| {
                if *height < 1.0 { format!("{height:.1}") } else { format!("{height:.0}") }
            })
            .draw()
            .unwrap();
        let width = 0.8 / names.len() as f64;
        for (index, name) in names.iter().enumerate() {
            let color = Palette99::pick(index).to_rgba();
            let bar = |(place, group): (usize, &Bars)| {
                let left = place as f64 + 0.1 + width * index as f64;
                Rectangle::new([(left, floor), (left + width, group.heights[index])], color.filled())
            };
            chart
                .draw_series(groups.iter().enumerate().map(bar))
                .unwrap()
                .label(*name)
                .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], color.filled()));
        }
        let (left, bottom) =
            (chart.plotting_area().get_x_axis_pixel_range(), chart.plotting_area().get_y_axis_pixel_range());
        let step = f64::from(left.end - left.start) / groups.len() as f64;
        for (place, group) in groups.iter().enumerate() {
            let x = f64::from(left.start) + step * (place as f64 + 0.5);
            for (line, text) in group.label.lines().enumerate() {
                let style =
                    ("sans-serif", 12).into_text_style(&root).pos(plotters::style::text_anchor::Pos::new(
                        plotters::style::text_anchor::HPos::Center,
                        plotters::style::text_anchor::VPos::Top,
                    ));
                root.draw_text(text, &style, (x as i32, bottom.end + 6 + 14 * line as i32)).unwrap();
            }
        }
        legend(&mut chart);
        root.present().unwrap();
    }
    svg
}

/// A line: its name, and its points.
pub struct Line {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// Lines from zero, both axes linear.
pub fn lines(title: &str, across: &str, up: &str, lines: &[Line]) -> String {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (860, 480)).into_drawing_area();
        root.fill(&WHITE).unwrap();
        let points = lines.iter().flat_map(|line| line.points.iter());
        let (right, top) =
            points.fold((0.0, 0.0), |(right, top): (f64, f64), (x, y)| (right.max(*x), top.max(*y)));
        let mut chart = ChartBuilder::on(&root)
            .caption(title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d(0.0..right, 0.0..top * 1.3)
            .unwrap();
        chart.configure_mesh().x_desc(across).y_desc(up).draw().unwrap();
        for (index, line) in lines.iter().enumerate() {
            let color = Palette99::pick(index).to_rgba();
            chart
                .draw_series(LineSeries::new(line.points.iter().copied(), color.stroke_width(2)))
                .unwrap()
                .label(&line.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
        }
        legend(&mut chart);
        root.present().unwrap();
    }
    svg
}

fn legend<'a, C: CoordTranslate>(chart: &mut ChartContext<'a, SVGBackend<'a>, C>)
where
    C: 'a,
{
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()
        .unwrap();
}
