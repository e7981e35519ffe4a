//! The output of `free`: memory and swap, in the columns of Linux's free(1). In every row and unit,
//! used and free add up to the total.

use alloc::format;
use alloc::string::String;

use crate::options::{Given, Known, Value, flag, long};

/// The options of `free`.
pub const OPTIONS: &[Known] = &[
    flag('b', "bytes"),
    flag('k', "kibi"),
    flag('m', "mebi"),
    flag('g', "gibi"),
    flag('h', "human"),
    long("help", Value::Never),
];

/// How it is used.
pub const USAGE: &str = "free [-b | -k | -m | -g | -h]    (KiB without an option)";

/// In which unit sizes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// So many bytes are one.
    Bytes(u64),
    /// For each row the largest one that leaves a whole number, with one decimal.
    Human,
}

impl Unit {
    /// Returns the unit of the options.
    ///
    /// # Errors
    ///
    /// In words, if there are several, or an operand.
    pub fn of(given: &Given<'_>) -> Result<Self, String> {
        if let Some(operand) = given.operands.first() {
            return Err(format!("{operand}: unknown option or argument"));
        }
        given.excludes(&["bytes", "kibi", "mebi", "gibi", "human"])?;
        let chosen = [("bytes", 0), ("mebi", 20), ("gibi", 30)];
        let chosen = chosen.into_iter().find(|(name, _)| given.has(name));
        Ok(match chosen {
            _ if given.has("human") => Self::Human,
            Some((_, shift)) => Self::Bytes(1 << shift),
            None => Self::Bytes(1 << 10),
        })
    }
}

/// A row's sizes, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// All there is.
    pub total: u64,
    /// The unused part of the total; a larger number counts as the total.
    pub free: u64,
}

/// Returns the table.
pub fn table(memory: Sizes, swap: Sizes, unit: Unit) -> String {
    let mut text = format!("{:6}{:>12}{:>12}{:>12}\n", "", "total", "used", "free");
    for (name, sizes) in [("Mem:", memory), ("Swap:", swap)] {
        let [total, used, free] = cells(sizes, unit);
        text.push_str(&format!("{name:6}{total:>12}{used:>12}{free:>12}\n"));
    }
    text
}

/// Returns total, used and free; used is what is left of the other two as they are shown.
fn cells(Sizes { total, free }: Sizes, unit: Unit) -> [String; 3] {
    let free = free.min(total);
    match unit {
        Unit::Bytes(size) => {
            let (total, free) = (total / size, free / size);
            [total, total - free, free].map(|number| format!("{number}"))
        }
        Unit::Human => {
            let (shift, suffix) = human(total);
            let tenths = |bytes: u64| (u128::from(bytes) * 10) >> shift;
            let (total, free) = (tenths(total), tenths(free));
            [total, total - free, free].map(|tenths| match (suffix, tenths % 10) {
                ("B", _) => format!("{}B", tenths / 10),
                (suffix, tenth) => format!("{}.{tenth}{suffix}i", tenths / 10),
            })
        }
    }
}

/// Returns the unit of a size: how far to shift, and its letter.
fn human(bytes: u64) -> (u32, &'static str) {
    let units = [(40, "T"), (30, "G"), (20, "M"), (10, "K")];
    units.into_iter().find(|(shift, _)| bytes >> shift > 0).unwrap_or((0, "B"))
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::{OPTIONS, Sizes, Unit, table};
    use crate::options::Given;

    const MEMORY: Sizes = Sizes { total: 257_122_304, free: 123_456_789 };
    const SWAP: Sizes = Sizes { total: 805_306_368, free: 805_306_367 };

    fn shown(unit: Unit) -> String {
        table(MEMORY, SWAP, unit)
    }

    #[test]
    fn sizes_are_in_kib_unless_another_unit_is_chosen() {
        let expected = "             total        used        free
Mem:        251096      130533      120563
Swap:       786432           1      786431
";
        assert_eq!(shown(Unit::Bytes(1024)), expected);
        let human = "             total        used        free
Mem:       245.2Mi     127.5Mi     117.7Mi
Swap:      768.0Mi       0.1Mi     767.9Mi
";
        assert_eq!(shown(Unit::Human), human);
    }

    #[test]
    fn used_and_free_are_the_total_in_every_unit() {
        for shift in [0, 10, 20, 30] {
            for line in shown(Unit::Bytes(1 << shift)).lines().skip(1) {
                let numbers: Vec<u64> =
                    line.split_whitespace().skip(1).map(|cell| cell.parse().unwrap()).collect();
                assert_eq!(numbers[0], numbers[1] + numbers[2], "{line}");
            }
        }
    }

    #[test]
    fn more_free_than_there_is_never_makes_a_number_near_two_to_the_sixty_fourth() {
        let odd = Sizes { total: 4096, free: 8192 };
        let text = table(odd, Sizes { total: 0, free: 0 }, Unit::Bytes(1));
        assert!(text.contains("Mem:          4096           0        4096"), "{text}");
    }

    #[test]
    fn unknown_and_several_units_are_refused() {
        let unit = |words: &[&str]| Unit::of(&Given::parse(OPTIONS, words)?);
        assert_eq!(unit(&["-m"]), Ok(Unit::Bytes(1 << 20)));
        assert_eq!(unit(&["-h"]), Ok(Unit::Human));
        assert_eq!(unit(&["x"]), Err("x: unknown option or argument".to_string()));
        assert_eq!(unit(&["-x"]), Err("-x: unknown option".to_string()));
        assert_eq!(unit(&["-b", "-m"]), Err("--bytes and --mebi: one of them".to_string()));
    }
}
