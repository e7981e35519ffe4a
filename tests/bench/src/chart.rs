//! The chart: speed against ratio, and memory used against pages stored, in one SVG.

use std::error::Error;
use std::path::Path;

use plotters::chart::{ChartBuilder, SeriesLabelPosition};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, Cross, PathElement, Text};
use plotters::prelude::SVGBackend;
use plotters::series::LineSeries;
use plotters::style::{BLACK, Color, Palette, Palette99, WHITE};

use crate::memory::Growth;
use crate::report::Report;

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
    drop((left, right));
    Ok(())
}

/// A circle is storing, a cross is loading.
fn draw_speed(report: &Report, area: &Area<'_>) -> Result<(), Box<dyn Error>> {
    let rows: Vec<_> = report.rows.iter().filter_map(|row| Some((row, row.ratio?))).collect();
    let right = rows.iter().map(|(_, ratio)| *ratio).fold(1.0, f64::max) + 1.0;
    let slowest = rows.iter().map(|(row, _)| row.store.median().max(row.load.median()));
    let top = slowest.fold(1.0, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(area)
        .caption("CPU time of a page: o store, x load", FONT)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(1.0..right, 0.0..top)?;
    chart.configure_mesh().x_desc("compression ratio").y_desc("ns").draw()?;
    for (index, (row, ratio)) in rows.into_iter().enumerate() {
        let style = Palette99::pick(index).to_rgba();
        let (store, load) = (row.store.median(), row.load.median());
        chart.draw_series([Circle::new((ratio, store), 4, style.filled())])?;
        chart.draw_series([Cross::new((ratio, load), 4, style.stroke_width(2))])?;
        let label = |height: f64| Text::new(format!("  {}", row.name), (ratio, height), FONT);
        chart.draw_series([label(store), label(load)])?;
    }
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
