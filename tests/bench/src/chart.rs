//! The chart, one SVG: codecs by ratio and speed, devices by memory and CPU time, and how memory grows.
//!
//! The panel in the middle is the frontier for choosing a tier: a device to the left of another and
//! below it is better in every way.

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

const SIZE: (u32, u32) = (2250, 620);
const FONT: (&str, u32) = ("sans-serif", 14);
const MIB: f64 = 1_048_576.0;

/// Draws `report` into a file.
///
/// # Errors
/// What plotters says.
pub(crate) fn draw(report: &Report, path: &Path) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    if let [left, middle, right] = &area.split_evenly((1, 3))[..] {
        draw_dots(&speed(report), left)?;
        draw_dots(&frontier(report), middle)?;
        draw_memory(&report.growth, right)?;
    }
    area.present()?;
    Ok(())
}

/// A picture of dots for storing and crosses for loading.
struct Dots {
    caption: &'static str,
    /// What goes to the right, and upwards.
    axes: (&'static str, &'static str),
    points: Vec<Point>,
}

/// One subject.
struct Point {
    name: String,
    right: f64,
    store: f64,
    load: f64,
}

/// Codecs by what remains of the pages. Of devices the ratio is what remains of it with all tables.
fn speed(report: &Report) -> Dots {
    let drawn = |row: &&Row| !NOT_DRAWN.iter().any(|end| row.name.ends_with(end));
    let point = |row: &Row| {
        let speed = |times: &Times| PAGE_SIZE as f64 * 1e9 / MIB / times.median();
        let (store, load) = (speed(&row.store), speed(&row.load));
        Some(Point { name: row.name.clone(), right: report.ratio(row)?, store, load })
    };
    Dots {
        caption: "speed: dot store, cross load",
        axes: ("ratio (of devices: with all tables)", "MiB of pages a CPU second"),
        points: report.rows.iter().filter(drawn).filter_map(point).collect(),
    }
}

/// Devices by the memory that they take with 64 MiB stored, which all were measured with, and the CPU time
/// that a page costs; of Linux's with 128 KiB a transfer.
fn frontier(report: &Report) -> Dots {
    let point = |growth: &Growth| {
        let names = [growth.name.clone(), format!("{} 128K", growth.name)];
        let row = report.rows.iter().find(|row| names.contains(&row.name))?;
        let right = 100.0 * growth.settled.first()?.share();
        let (store, load) = (row.store.median(), row.load.median());
        Some(Point { name: growth.name.clone(), right, store, load })
    };
    Dots {
        caption: "devices: dot store, cross load; lower and further left is better",
        axes: (
            "memory used with 64 MiB stored, all tables counted, % of the pages",
            "CPU ns a page",
        ),
        points: report.growth.iter().filter_map(point).collect(),
    }
}

fn draw_dots(dots: &Dots, area: &Area<'_>) -> Result<(), Box<dyn Error>> {
    let (mut right, mut up) = ((f64::INFINITY, 0.0_f64), (f64::INFINITY, 0.0_f64));
    for point in &dots.points {
        right = (right.0.min(point.right), right.1.max(point.right));
        up = (up.0.min(point.store.min(point.load)), up.1.max(point.store.max(point.load)));
    }
    if dots.points.is_empty() {
        (right, up) = ((0.0, 1.0), (1.0, 10.0));
    }
    let margin = ((right.1 - right.0) / 20.0).max(0.1);
    let mut chart = ChartBuilder::on(area)
        .caption(dots.caption, FONT)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(
            right.0 - margin..right.1 + margin,
            (up.0 / 1.2..up.1 * 2.0).log_scale(),
        )?;
    chart.configure_mesh().x_desc(dots.axes.0).y_desc(dots.axes.1).draw()?;
    for (index, point) in dots.points.iter().enumerate() {
        let style = Palette99::pick(index).to_rgba();
        let place = (point.right, point.store);
        chart.draw_series([Circle::new(place, 4, style.filled())])?;
        chart
            .draw_series([Cross::new((point.right, point.load), 4, style.stroke_width(2))])?
            .label(point.name.clone())
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
    use super::{draw, frontier};
    use crate::memory::{Growth, Memory};
    use crate::report::{Report, Row};
    use crate::rounds::Times;

    fn report() -> Report {
        let times = |ns| Times { rounds: vec![ns], wall: vec![ns] };
        let row = |name: &str, ns| Row {
            name: name.into(),
            store: times(ns),
            load: times(ns / 4.0),
            ratio: Some(ns / 1000.0),
        };
        let memory = Memory { original: 4 << 20, objects: 1 << 20, pool: 2 << 20, tables: 0 };
        let growth = |name: &str| Growth {
            name: name.into(),
            points: vec![memory],
            settled: vec![memory, Memory::default()],
        };
        Report {
            facts: Vec::new(),
            rows: vec![row("first", 4000.0), row("second 128K", 2000.0)],
            growth: vec![growth("first"), growth("second"), growth("third")],
        }
    }

    #[test]
    fn the_chart_names_every_row_and_ends_as_a_file_should() {
        let name = format!("zram-bench-{}.svg", std::process::id());
        let path = std::env::temp_dir().join(name);
        draw(&report(), &path).expect("the chart is drawn");
        let svg = std::fs::read_to_string(&path).expect("it was written");
        std::fs::remove_file(&path).expect("it is there");
        assert!(["first", "second", "third"].iter().all(|name| svg.contains(name)));
        assert!(svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn the_frontier_has_every_device_whose_time_was_measured() {
        let points = frontier(&report()).points;
        let shown: Vec<_> =
            points.iter().map(|it| (it.name.as_str(), it.right, it.store, it.load)).collect();
        assert_eq!(shown, [("first", 50.0, 4000.0, 1000.0), ("second", 50.0, 2000.0, 500.0)]);
    }
}
