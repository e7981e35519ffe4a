//! The guide's tables name all attributes, keys and statistics, no more and no less.

use zram_abi::attribute::Attribute;

use crate::attributes::mistake::Keys;
use crate::fake::Machine;
use crate::scheme::ControlFile;

const GUIDE: &str = include_str!("../../../../../docs/guide.md");

/// Returns the names in the first columns of the tables under a heading, table after table.
fn tables(heading: &str) -> Vec<Vec<&'static str>> {
    let section = GUIDE.split_once(heading).expect("the guide has that section").1;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let name = |line: &'static str| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name);
    let tables = section.split("| --- |").skip(1);
    let names = tables.map(|table| table.lines().filter_map(name).collect::<Vec<_>>());
    // The line under a head has several columns, so there is nothing between them.
    names.filter(|names| !names.is_empty()).collect()
}

#[test]
fn every_attribute_control_file_and_key_is_in_the_guide() {
    let attributes: Vec<_> = Attribute::ALL.iter().map(|attribute| attribute.name()).collect();
    let control: Vec<_> = ControlFile::ALL.iter().map(|file| file.name()).collect();
    let keys = Keys::HotAdd.names().to_vec();
    assert_eq!(tables("## Attributes and keys"), [attributes, control, keys]);
}

#[test]
fn every_statistic_is_in_the_guide() {
    let mut machine = Machine::with_device("1M");
    let text = machine.cat("0/statistics").unwrap();
    let mut names: Vec<_> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    // They have lines only once something was timed.
    names.extend(["load_ns_below", "store_ns_below"]);
    assert_eq!(tables("## Statistics"), [names]);
}
