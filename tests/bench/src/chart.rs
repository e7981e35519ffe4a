//! The chart: speed against ratio, and memory used against pages stored, in one SVG.

use std::error::Error;
use std::path::Path;

use plotters::chart::{ChartBuilder, SeriesLabelPosition};
use plotters::coord::Shift;
use plotters::coord::combinators::IntoLogRange;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, Cross, PathElement};
use plotters::prelude::SVGBackend;
use plotters::series::LineSeries;
use plotters::style::{BLACK, Color, Palette, Palette99, WHITE};
use zram::PAGE_SIZE;

use crate::memory::Growth;
use crate::report::{Report, Row};
use crate::rounds::Times;

/// Ends of the names of rows that would only hide others.
const NOT_DRAWN: [&str; 5] = ["random order", "2 threads", "2 devices", "4K", "1M"];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const SIZE: (u32, u32) = (1500, 620);
const FONT: (&str, u32) = ("sans-serif", 14);
const MIB: f64 = 1_048_576.0;

/// Draws `report` into a file.
///
/// # Errors
/// What plotters says.
pub(crate) fn draw(report: &Report, path: &Path) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(SIZE.0 / 2);
    draw_speed(report, &left)?;
    draw_memory(&report.growth, &right)?;
    area.present()?;
    Ok(())
}

/// A dot is storing, a cross is loading. Of devices the ratio is what remains of it with all tables.
fn draw_speed(report: &Report, area: &Area<'_>) -> Result<(), Box<dyn Error>> {
    let drawn = |row: &&Row| !NOT_DRAWN.iter().any(|end| row.name.ends_with(end));
    let point = |row: &Row| {
        let speed = |times: &Times| PAGE_SIZE as f64 * 1e9 / MIB / times.median();
        Some((row.name.clone(), report.ratio(row)?, speed(&row.store), speed(&row.load)))
    };
    let points: Vec<_> = report.rows.iter().filter(drawn).filter_map(point).collect();
    let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
    let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    let left = least(&mut points.iter().map(|point| point.1)) - 0.1;
    let right = most(&mut points.iter().map(|point| point.1)) + 0.1;
    let bottom = least(&mut points.iter().map(|point| point.2)) / 1.2;
    let top = most(&mut points.iter().map(|point| point.3)) * 2.0;
    let mut chart = ChartBuilder::on(area)
        .caption("speed: dot store, cross load", FONT)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(left..right, (bottom..top).log_scale())?;
    let mut mesh = chart.configure_mesh();
    mesh.x_desc("ratio (of devices: with all tables)")
        .y_desc("MiB of pages a CPU second")
        .draw()?;
    for (index, (name, ratio, store, load)) in points.into_iter().enumerate() {
        let style = Palette99::pick(index).to_rgba();
        chart.draw_series([Circle::new((ratio, store), 4, style.filled())])?;
        chart
            .draw_series([Cross::new((ratio, load), 4, style.stroke_width(2))])?
            .label(name)
            .legend(move |(x, y)| Circle::new((x + 10, y), 4, style.filled()));
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperRight).background_style(WHITE.mix(0.8));
    legend.border_style(BLACK).draw()?;
    Ok(())
}

/// A thick line is what the device uses, a thin one what its objects take.
fn draw_memory(growth: &[Growth], area: &Area<'_>) -> Result<(), Box<dyn Error>> {
    let points = || growth.iter().flat_map(|growth| &growth.points);
    let right = points().map(|point| point.original as f64 / MIB).fold(1.0, f64::max);
    let top = points().map(|point| point.used() as f64 / MIB).fold(0.1, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(area)
        .caption("memory used, all tables counted (thin: the objects alone)", FONT)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..right, 0.0..top)?;
    chart.configure_mesh().x_desc("pages stored, MiB").y_desc("MiB").draw()?;
    for (index, growth) in growth.iter().enumerate() {
        let style = Palette99::pick(index).to_rgba();
        let point = |bytes: u64, original: u64| (original as f64 / MIB, bytes as f64 / MIB);
        let used = growth.points.iter().map(|it| point(it.used(), it.original));
        let ideal = growth.points.iter().map(|it| point(it.objects, it.original));
        chart.draw_series(LineSeries::new(ideal, style.mix(0.5)))?;
        chart
            .draw_series(LineSeries::new(used, style.stroke_width(2)))?
            .label(growth.name.clone())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperLeft).background_style(WHITE.mix(0.8));
    legend.border_style(BLACK).draw()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::draw;
    use crate::memory::{Growth, Memory};
    use crate::report::{Report, Row};
    use crate::rounds::Times;

    #[test]
    fn the_chart_names_every_row_and_ends_as_a_file_should() {
        let times = |ns| Times { rounds: vec![ns], wall: vec![ns] };
        let row = |name: &str, ns| Row {
            name: name.into(),
            store: times(ns),
            load: times(ns / 4.0),
            ratio: Some(ns / 1000.0),
        };
        let memory = Memory { original: 4 << 20, objects: 1 << 20, pool: 2 << 20, tables: 1 };
        let report = Report {
            facts: Vec::new(),
            rows: vec![row("first", 4000.0), row("second", 2000.0)],
            growth: vec![Growth { name: "third".into(), points: vec![memory], settled: vec![] }],
        };
        let name = format!("zram-bench-{}.svg", std::process::id());
        let path = std::env::temp_dir().join(name);
        draw(&report, &path).expect("the chart is drawn");
        let svg = std::fs::read_to_string(&path).expect("it was written");
        std::fs::remove_file(&path).expect("it is there");
        assert!(["first", "second", "third"].iter().all(|name| svg.contains(name)));
        assert!(svg.trim_end().ends_with("</svg>"));
    }
}
