//! SVG plots.

use std::time::Duration;

use plotters::prelude::*;

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
            .x_label_formatter(&|rows| crate::table::count(*rows as usize))
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
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.3))
            .draw()
            .unwrap();
        root.present().unwrap();
    }
    svg
}
