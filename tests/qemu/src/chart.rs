//! A chart over time as SVG: panels below each other, a few lines in each.
//!
//! Written by hand and not by a crate: three panels of lines need rectangles, polylines and texts.

use std::fmt::Write;

use crate::judge::Sample;

const WIDTH: f64 = 800.0;
const PANEL_HEIGHT: f64 = 160.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 160.0;
const GAP: f64 = 46.0;
const COLOURS: [&str; 3] = ["#1f6fb2", "#c4561b", "#3a8a3a"];

/// A line: its name, and its value at a moment.
pub struct Line<'a> {
    /// What it shows.
    pub name: &'a str,
    /// Its value at each sample; a sample without one is left out.
    pub value: &'a dyn Fn(&Sample) -> Option<f64>,
}

/// Lines over one scale.
pub struct Panel<'a> {
    /// What it shows, with its unit.
    pub title: &'a str,
    /// The lines.
    pub lines: Vec<Line<'a>>,
}

/// Returns the chart of some samples; they have their time as `at_ms`.
pub fn svg(samples: &[Sample], panels: &[Panel<'_>]) -> String {
    let height = GAP + panels.len() as f64 * (PANEL_HEIGHT + GAP);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    let times: Vec<f64> =
        samples.iter().filter_map(|sample| sample.get("at_ms").copied()).collect();
    let start = times.iter().copied().fold(f64::INFINITY, f64::min);
    let end = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = if end > start { end - start } else { 1.0 };
    for (number, panel) in panels.iter().enumerate() {
        let top = GAP + number as f64 * (PANEL_HEIGHT + GAP);
        draw(&mut out, panel, samples, Frame { top, start, span });
    }
    out.push_str("</svg>\n");
    out
}

/// Where a panel is, and which time it shows.
#[derive(Clone, Copy)]
struct Frame {
    top: f64,
    start: f64,
    span: f64,
}

fn draw(out: &mut String, panel: &Panel<'_>, samples: &[Sample], frame: Frame) {
    let Frame { top, start, span } = frame;
    let right = WIDTH - RIGHT;
    let bottom = top + PANEL_HEIGHT;
    let points: Vec<Vec<(f64, f64)>> =
        panel.lines.iter().map(|line| points_of(line, samples)).collect();
    let most = points.iter().flatten().map(|(_, value)| *value).fold(0.0, f64::max);
    let scale = if most > 0.0 { most } else { 1.0 };
    text(out, LEFT, top - 8.0, "start", panel.title);
    let _ =
        writeln!(out, "<path d=\"M{LEFT} {top}V{bottom}H{right}\" fill=\"none\" stroke=\"#888\"/>");
    text(out, LEFT - 6.0, top + 4.0, "end", &short(most));
    text(out, LEFT - 6.0, bottom, "end", "0");
    text(out, right, bottom + 16.0, "end", &format!("{:.0} s", span / 1000.0));
    for (number, (line, points)) in panel.lines.iter().zip(&points).enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let place = |&(time, value): &(f64, f64)| {
            let x = LEFT + (time - start) / span * (right - LEFT);
            format!("{x:.1},{:.1}", bottom - value / scale * PANEL_HEIGHT)
        };
        let places: Vec<String> = points.iter().map(place).collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            places.join(" ")
        );
        let y = top + 14.0 + 18.0 * number as f64;
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>",
            right + 12.0,
            y - 9.0
        );
        text(out, right + 28.0, y, "start", line.name);
    }
}

fn points_of(line: &Line<'_>, samples: &[Sample]) -> Vec<(f64, f64)> {
    let point = |sample: &Sample| Some((*sample.get("at_ms")?, (line.value)(sample)?));
    samples.iter().filter_map(point).collect()
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{words}</text>");
}

/// Returns a number with few digits.
fn short(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::{Line, Panel, svg};
    use crate::judge::sample;

    #[test]
    fn a_line_goes_from_the_first_sample_to_the_last_and_up_to_its_greatest_value() {
        let samples: Vec<_> =
            ["sample at_ms 1000 a 0", "sample at_ms 2000 a 4", "sample at_ms 3000 a 2"]
                .iter()
                .filter_map(|line| sample(line))
                .collect();
        let value = |sample: &crate::judge::Sample| sample.get("a").copied();
        let panel = Panel { title: "a < b", lines: vec![Line { name: "a", value: &value }] };
        let text = svg(&samples, &[panel]);
        assert!(text.contains("points=\"80.0,206.0 360.0,46.0 640.0,126.0\""), "{text}");
        assert!(text.contains("a &lt; b") && text.ends_with("</svg>\n"), "{text}");
    }

    #[test]
    fn a_chart_without_samples_is_still_one() {
        let nothing = |_: &crate::judge::Sample| None;
        let panel = Panel { title: "a", lines: vec![Line { name: "a", value: &nothing }] };
        let text = svg(&[], &[panel]);
        assert!(text.contains("<polyline points=\"\"") && !text.contains("NaN"), "{text}");
    }
}
