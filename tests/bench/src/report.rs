//! The results, as tables for people and as `bench.json` for programs.
//!
//! The JSON has facts, and one flat object in which every figure has a name of its own, made of the
//! row's name and what was measured.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::json;

use crate::contenders;
use crate::memory::{Growth, Memory};
use crate::rounds::Times;
use crate::tiers;

/// The rows that all others are compared with.
const ANCHORS: [&str; 2] = [contenders::ANCHOR, "Linux lz4 128K"];

/// What is compared with Linux: the denser of our quick tiers, and the one of Linux's algorithm.
const OURS: [&str; 2] = [tiers::OURS, "zram lz4"];

/// Linux's algorithms that memory is compared with.
const THEIRS: [&str; 2] = ["Linux lz4", "Linux lzo-rle"];

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
        // The name of one tier may begin with that of another.
        let named = || self.growth.iter().filter(of_device).max_by_key(|it| it.name.len());
        row.ratio.or_else(|| Some(1.0 / named()?.settled.first()?.share()))
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
            let _ = writeln!(text, "{name:64}{value:>8.3}");
        }
        text
    }

    fn write_times(&self, text: &mut String) {
        let _ = write!(text, "{:32}{:>7}{:>16}{:>16}", "", "ratio", "store", "load");
        for anchor in ANCHORS.iter().filter(|anchor| self.row(anchor).is_some()) {
            let _ = write!(text, "{anchor:>16}");
        }
        text.push('\n');
        for row in &self.rows {
            let ratio = row.ratio.map_or("-".into(), |ratio| format!("{ratio:.3}"));
            let time = |times: &Times| format!("{:.0} ({:.0})", times.median(), times.minimum());
            let (store, load) = (time(&row.store), time(&row.load));
            let _ = write!(text, "{:32}{ratio:>7}{store:>16}{load:>16}", row.name);
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
        for ours in OURS {
            results.extend(self.speeds_of(ours));
            results.extend(
                [TWO_THREADS, TWO_DEVICES].into_iter().flat_map(|two| self.gains(ours, two)),
            );
        }
        results.extend(self.of_runs());
        for ours in &self.growth {
            results.extend(THEIRS.into_iter().flat_map(|theirs| self.memory_over(ours, theirs)));
        }
        results
    }

    /// Returns how much faster a device is than each anchor, in the order of its slots and in none.
    fn speeds_of(&self, ours: &str) -> Vec<(String, f64)> {
        let both = [ours.to_owned(), format!("{ours}{RANDOM_ORDER}")];
        let rows = both.iter().filter_map(|name| self.row(name));
        let speeds = rows.flat_map(|row| self.speeds(row).into_iter().map(|it| (&row.name, it)));
        let words = |(name, (anchor, store, load)): (&String, (&str, f64, f64))| {
            let words = |what| format!("speed, {name} over {anchor}, {what}");
            [(words("store"), store), (words("load"), load)]
        };
        speeds.flat_map(words).collect()
    }

    /// Returns how much faster our codecs are than the anchor on pages of runs alone.
    fn of_runs(&self) -> Vec<(String, f64)> {
        let row = |name: &str| self.row(&format!("{name}{RUN_HEAVY}"));
        let Some(anchor) = row(contenders::ANCHOR) else { return Vec::new() };
        let speeds = |ours: &str| {
            let own = row(ours)?;
            let name = format!("speed, {ours} over {}{RUN_HEAVY}", contenders::ANCHOR);
            let store = (format!("{name}, store"), own.store.speed_over(&anchor.store));
            Some([store, (format!("{name}, load"), own.load.speed_over(&anchor.load))])
        };
        contenders::OURS.into_iter().filter_map(speeds).flatten().collect()
    }

    /// Returns the memory of a tier of ours over that of Linux, for each size of the device.
    fn memory_over(&self, ours: &Growth, theirs: &str) -> Vec<(String, f64)> {
        let other = self.growth(theirs).filter(|_| ours.name.starts_with("zram "));
        let pairs = other.map(|other| ours.settled.iter().zip(&other.settled));
        let share = |(own, other): (&Memory, &Memory)| {
            let name = format!("memory, {} over {theirs}, {} MiB", ours.name, own.original >> 20);
            (name, own.used() as f64 / other.used() as f64)
        };
        pairs.into_iter().flatten().map(share).collect()
    }

    /// Returns what a second thread gains, as far as that was measured.
    fn gains(&self, ours: &str, two: &str) -> Vec<(String, f64)> {
        let rows = self.row(ours).zip(self.row(&format!("{ours}{two}")));
        let Some((one, both)) = rows else { return Vec::new() };
        let cpu = |one: &Times, both: &Times| 2.0 * both.speed_over(one);
        let wall = |one: &Times, both: &Times| one.wall_minimum() / both.wall_minimum();
        let words = |what| format!("{ours}{two} over 1, {what}");
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
