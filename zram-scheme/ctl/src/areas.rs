//! The lines of `/scheme/swap/areas`: the columns of Linux's /proc/swaps, and the state of the area.

/// One swap area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area<'a> {
    /// The device, as `zram:0`.
    pub name: &'a str,
    /// What kind of area it is, in Linux's word.
    pub kind: &'a str,
    /// Its size, in KiB.
    pub size_kib: u64,
    /// How much of it is in use, in KiB.
    pub used_kib: u64,
    /// Higher is used first.
    pub priority: &'a str,
    /// `active`, `draining` (`swapoff` is under way) or `dead` (its daemon is; what was in it is lost).
    pub state: &'a str,
}

impl Area<'_> {
    /// Returns whether its daemon has died.
    pub fn is_dead(&self) -> bool {
        self.state == "dead"
    }
}

/// Returns the areas of the table `text`, whose first line is its head.
pub fn areas(text: &str) -> impl Iterator<Item = Area<'_>> {
    text.lines().skip(1).filter_map(|line| {
        let mut columns = line.split_whitespace();
        Some(Area {
            name: columns.next()?,
            kind: columns.next()?,
            size_kib: columns.next()?.parse().ok()?,
            used_kib: columns.next()?.parse().ok()?,
            priority: columns.next()?,
            state: columns.next()?,
        })
    })
}

/// Size and use of areas together, in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All of it.
    pub size_kib: u64,
    /// What holds a page.
    pub used_kib: u64,
}

/// Returns the totals of all areas that pages can go to or come back from.
pub fn totals(text: &str) -> Totals {
    let living = areas(text).filter(|area| !area.is_dead());
    living.fold(Totals::default(), |sum, area| Totals {
        size_kib: sum.size_kib + area.size_kib,
        used_kib: sum.used_kib + area.used_kib,
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{Totals, areas, totals};

    #[test]
    fn a_dead_area_is_neither_used_nor_free() {
        let table = "Filename\tType\tSize\tUsed\tPriority\tState\n\
                     zram:0\tpartition\t65536\t1024\t-1\tactive\n\
                     zram:1\tpartition\t4096\t512\t5\tdead\n\
                     zram:2\tpartition\t2048\t8\t0\tdraining\n";
        let names: Vec<_> = areas(table).map(|area| (area.name, area.is_dead())).collect();
        assert_eq!(names, [("zram:0", false), ("zram:1", true), ("zram:2", false)]);
        assert_eq!(totals(table), Totals { size_kib: 67584, used_kib: 1032 });
        assert_eq!(totals(""), Totals::default());
    }
}
