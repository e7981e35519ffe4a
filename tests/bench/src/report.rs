//! What was measured, as tables for people and as `bench.json` for programs.
//!
//! The JSON has facts, and one flat object in which every figure has a name of its own, made of the
//! row's name and what was measured.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::json;

use crate::contenders;
use crate::memory::Growth;
use crate::rounds::Times;

/// The rows that all others are compared with.
const ANCHORS: [&str; 2] = [contenders::ANCHOR, "Linux lz4 128K"];

/// What is compared with Linux: our codec and the same one of Linux.
const OURS: &str = "zram lz4";
const THEIRS: &str = "Linux lz4";

/// Behind the name of a row that is about pages of runs alone.
pub(crate) const RUN_HEAVY: &str = ", run-heavy pages";

/// Behind the name of a device whose slots are gone through in no order.
pub(crate) const RANDOM_ORDER: &str = ", random order";

/// Behind the name of a device whose slots two threads share.
pub(crate) const TWO_THREADS: &str = ", 2 threads";

/// Behind the name of a device of which two threads have one each.
pub(crate) const TWO_DEVICES: &str = ", 2 devices";

/// One line of the table of times.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) store: Times,
    pub(crate) load: Times,
    /// Bytes of the pages over bytes of what is stored of them.
    pub(crate) ratio: Option<f64>,
}

/// Everything that one run gave.
pub(crate) struct Report {
    /// What is said about the run: names and values.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) rows: Vec<Row>,
    pub(crate) growth: Vec<Growth>,
}

impl Report {
    fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    fn growth(&self, name: &str) -> Option<&Growth> {
        self.growth.iter().find(|growth| growth.name == name)
    }

    /// Returns a codec's ratio, or a device's with all that it takes.
    pub(crate) fn ratio(&self, row: &Row) -> Option<f64> {
        let of_device = |growth: &&Growth| {
            let rest = row.name.strip_prefix(&growth.name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ',']))
        };
        let device = || Some(1.0 / self.growth.iter().find(of_device)?.settled.first()?.share());
        row.ratio.or_else(device)
    }

    /// Returns how much faster a row stores and loads than each anchor that was measured.
    fn speeds(&self, row: &Row) -> Vec<(&'static str, f64, f64)> {
        let speed = |anchor: &&'static str| {
            let other = self.row(anchor)?;
            Some((*anchor, row.store.speed_over(&other.store), row.load.speed_over(&other.load)))
        };
        // The anchors have all pages.
        let is_comparable = !row.name.ends_with(RUN_HEAVY);
        ANCHORS.iter().filter(|_| is_comparable).filter_map(speed).collect()
    }

    /// Returns all that people read.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.facts {
            let _ = writeln!(text, "{name}: {value}");
        }
        text +=
            "\nCPU ns a page: median (least); then speed over each anchor, storing and loading\n\n";
        self.write_times(&mut text);
        text += "\nbytes over bytes: pool pages / objects, tables / pages, all / pages; every page was\n\
                 replaced once and the device compacted\n\n";
        self.write_memory(&mut text);
        text.push('\n');
        for (name, value) in self.results() {
            let _ = writeln!(text, "{name:52}{value:>8.3}");
        }
        text
    }

    fn write_times(&self, text: &mut String) {
        let _ = write!(text, "{:28}{:>7}{:>16}{:>16}", "", "ratio", "store", "load");
        for anchor in ANCHORS.iter().filter(|anchor| self.row(anchor).is_some()) {
            let _ = write!(text, "{anchor:>16}");
        }
        text.push('\n');
        for row in &self.rows {
            let ratio = row.ratio.map_or("-".into(), |ratio| format!("{ratio:.3}"));
            let time = |times: &Times| format!("{:.0} ({:.0})", times.median(), times.minimum());
            let (store, load) = (time(&row.store), time(&row.load));
            let _ = write!(text, "{:28}{ratio:>7}{store:>16}{load:>16}", row.name);
            for (_, store, load) in self.speeds(row) {
                let _ = write!(text, "{:>16}", format!("{store:.2} {load:.2}"));
            }
            text.push('\n');
        }
    }

    fn write_memory(&self, text: &mut String) {
        for growth in &self.growth {
            let _ = write!(text, "{:24}", growth.name);
            for memory in &growth.settled {
                let mib = memory.original >> 20;
                let (pool, tables) = (memory.pool_over_objects(), memory.tables_share());
                let all = memory.share();
                let _ = write!(text, "{mib:>6} MiB: {pool:.4} {tables:.4} {all:.4}");
            }
            text.push('\n');
        }
    }

    /// Returns what the run is for: ratios, each with its name.
    fn results(&self) -> Vec<(String, f64)> {
        let mut results = Vec::new();
        if let Some(ours) = self.row(OURS) {
            for (anchor, store, load) in self.speeds(ours) {
                results.push((format!("speed, {OURS} over {anchor}, store"), store));
                results.push((format!("speed, {OURS} over {anchor}, load"), load));
            }
        }
        results.extend([TWO_THREADS, TWO_DEVICES].into_iter().flat_map(|two| self.gains(two)));
        let of_runs = |name| self.row(&format!("{name}{RUN_HEAVY}"));
        if let (Some(ours), Some(anchor)) = (of_runs(contenders::OURS), of_runs(contenders::ANCHOR))
        {
            let name =
                format!("speed, {} over {}{RUN_HEAVY}", contenders::OURS, contenders::ANCHOR);
            let speed = |ours: &Times, anchor: &Times| ours.speed_over(anchor);
            results.push((format!("{name}, store"), speed(&ours.store, &anchor.store)));
            results.push((format!("{name}, load"), speed(&ours.load, &anchor.load)));
        }
        if let (Some(ours), Some(theirs)) = (self.growth(OURS), self.growth(THEIRS)) {
            for (ours, theirs) in ours.settled.iter().zip(&theirs.settled) {
                let name = format!("memory, {OURS} over {THEIRS}, {} MiB", ours.original >> 20);
                results.push((name, ours.used() as f64 / theirs.used() as f64));
            }
        }
        results
    }

    /// Returns what a second thread gains, as far as that was measured.
    fn gains(&self, two: &str) -> Vec<(String, f64)> {
        let rows = self.row(OURS).zip(self.row(&format!("{OURS}{two}")));
        let Some((one, both)) = rows else { return Vec::new() };
        let cpu = |one: &Times, both: &Times| 2.0 * both.speed_over(one);
        let wall = |one: &Times, both: &Times| one.wall_minimum() / both.wall_minimum();
        let words = |what| format!("{} over 1, {what}", two.trim_start_matches(", "));
        vec![
            (words("CPU time, store"), cpu(&one.store, &both.store)),
            (words("CPU time, load"), cpu(&one.load, &both.load)),
            (words("least wall time, store"), wall(&one.store, &both.store)),
            (words("least wall time, load"), wall(&one.load, &both.load)),
        ]
    }

    /// Returns all figures, each with its name.
    pub(crate) fn json(&self) -> String {
        let mut facts = BTreeMap::<&str, String>::new();
        for (name, value) in &self.facts {
            let words = facts.entry(name).or_default();
            *words += if words.is_empty() { "" } else { "; " };
            *words += value;
        }
        // JSON has no word for what is no number: it becomes null.
        let figures = self.figures();
        format!("{:#}\n", json!({ "facts": facts, "figures": figures }))
    }

    fn figures(&self) -> BTreeMap<String, f64> {
        let mut figures = BTreeMap::new();
        for row in &self.rows {
            let mut add = |what: &str, value| figures.insert(key(&[&row.name, what]), value);
            row.ratio.map(|ratio| add("compression ratio", ratio));
            for (direction, times) in [("store", &row.store), ("load", &row.load)] {
                add(&format!("{direction} cpu ns median"), times.median());
                add(&format!("{direction} cpu ns min"), times.minimum());
                add(&format!("{direction} wall ns min"), times.wall_minimum());
            }
            for (anchor, store, load) in self.speeds(row) {
                add(&format!("store speed over {anchor}"), store);
                add(&format!("load speed over {anchor}"), load);
            }
        }
        for growth in &self.growth {
            let settled = growth.settled.iter().map(|memory| ("settled", memory));
            for (state, memory) in growth.points.iter().map(|it| ("filled", it)).chain(settled) {
                let at = format!("{state} {} kib", memory.original >> 10);
                let mut add = |what, bytes: u64| {
                    figures.insert(key(&[&growth.name, &at, what]), bytes as f64)
                };
                add("object bytes", memory.objects);
                add("pool bytes", memory.pool);
                add("table bytes", memory.tables);
            }
        }
        figures.extend(self.results().into_iter().map(|(name, value)| (key(&[&name]), value)));
        figures
    }
}

/// Returns a key of lower case letters, digits and underscores, the parts set apart by dots.
fn key(parts: &[&str]) -> String {
    let part = |part: &&str| {
        let words = part.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_").to_lowercase()
    };
    parts.iter().map(part).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests;
