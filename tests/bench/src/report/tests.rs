//! The tables show the results and nothing else; the JSON is well formed and its keys differ.

use serde_json::Value;

use super::{Report, Row, key};
use crate::memory::{Growth, Memory};
use crate::rounds::Times;

fn row(name: &str, ns: f64) -> Row {
    let times = |ns| Times { rounds: vec![ns], wall: vec![ns] };
    Row { name: name.into(), store: times(ns), load: times(ns / 4.0), ratio: Some(2.5) }
}

fn growth(name: &str, pool: u64) -> Growth {
    let memory = Memory { original: 64 << 20, objects: 25 << 20, pool, tables: 1 << 20 };
    Growth { name: name.into(), points: vec![memory], settled: vec![memory] }
}

fn report() -> Report {
    Report {
        facts: vec![
            ("file \"a\"", "1\n2".into()),
            ("not measured", "one".into()),
            ("not measured", "other".into()),
        ],
        rows: vec![row("C lz4", 200.0), row("zram lz4", 100.0), row("zram lz4, 2 threads", 125.0)],
        growth: vec![
            growth("zram lz4", 26 << 20),
            growth("zram lz4 level=9", 25 << 20),
            growth("Linux lz4", 29 << 20),
            growth("Linux lzo-rle", 26 << 20),
        ],
    }
}

#[test]
fn what_is_no_number_is_null() {
    let mut report = report();
    report.rows[0].ratio = Some(f64::NAN);
    let parsed: Value = serde_json::from_str(&report.json()).unwrap();
    assert!(parsed["figures"]["c_lz4.compression_ratio"].is_null(), "{parsed}");
}

#[test]
fn a_key_has_no_blanks_or_signs() {
    assert_eq!(key(&["zram lz4, 2 threads", "Store ns"]), "zram_lz4_2_threads.store_ns");
}

#[test]
fn rows_are_compared_with_the_anchors_that_were_measured() {
    let text = report().text();
    assert!(text.contains("100 (100)") && text.contains("2.00 2.00"), "{text}");
    assert!(!text.contains("Linux lz4 128K"), "{text}");
}

#[test]
fn the_ratio_of_a_device_is_that_of_all_it_takes() {
    let report = report();
    let device = |name: &str| Row { ratio: None, ..row(name, 1.0) };
    assert_eq!(report.ratio(&device("zram lz4, 2 threads")), Some(64.0 / 27.0));
    assert_eq!(report.ratio(&device("Linux lz4 4K")), Some(64.0 / 30.0));
    assert_eq!(report.ratio(&device("zram lz4 level=9")), Some(64.0 / 26.0));
    assert_eq!(report.ratio(&device("zram lz4-safe")), None);
    assert_eq!(report.ratio(&report.rows[0]), Some(2.5));
}

#[test]
fn threads_and_memory_are_compared() {
    let results = report().results();
    let value = |name: &str| results.iter().find(|it| it.0 == name).map(|it| it.1);
    assert_eq!(value("zram lz4, 2 threads over 1, CPU time, store"), Some(1.6));
    assert_eq!(value("memory, zram lz4 over Linux lz4, 64 MiB"), Some(0.9));
    assert_eq!(value("memory, zram lz4 over Linux lzo-rle, 64 MiB"), Some(1.0));
    assert_eq!(value("memory, Linux lzo-rle over Linux lz4, 64 MiB"), None);
}

#[test]
fn the_json_is_well_formed_and_has_the_figures_under_their_names() {
    let report = report();
    let json = report.json();
    let parsed: Value = serde_json::from_str(&json).unwrap();
    assert!(parsed["figures"]["zram_lz4.store_cpu_ns_median"].is_number(), "{json}");
    assert!(parsed["figures"]["linux_lz4.settled_65536_kib.pool_bytes"].is_number(), "{json}");
    assert!(parsed["facts"].as_object().unwrap().values().all(Value::is_string), "{json}");
}
