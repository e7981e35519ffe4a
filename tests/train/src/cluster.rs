//! Grouping of pages that share a code: each page goes to the code that needs the fewest bits for
//! it, and each code is made for the pages that went to it, until nothing changes or for [`TURNS`]
//! turns (k-means, with the bits as distance).

use crate::lengths::{Lengths, lengths};
use crate::streams::Counts;

/// Turns at most; the last ones gain less than a thousandth.
const TURNS: usize = 24;

/// Weights are in units of 1/1000 of a byte.
const UNIT: u64 = 1000;

/// Of the weight of a group, this many thousandths are added, spread as in all pages and evenly: other
/// programs have other bytes.
const DOUBT: u64 = 20;

/// Returns `count` codes for pages with these counts.
pub(crate) fn codes(pages: &[Counts], count: usize) -> Vec<Lengths> {
    let all = sum(pages.iter());
    let part = pages.len().div_ceil(count).max(1);
    // Pages of one program are neighbours: a good beginning.
    let mut groups: Vec<Counts64> = pages.chunks(part).map(|part| sum(part.iter())).collect();
    groups.resize(count, all);
    let mut codes = Vec::new();
    for _ in 0..TURNS {
        let next: Vec<Lengths> = groups.iter().map(|group| code(group, &all)).collect();
        if next == codes {
            break;
        }
        codes = next;
        groups = vec![[0; 256]; count];
        for page in pages {
            let best = (0..count).min_by_key(|index| bits(page, &codes[*index])).unwrap_or(0);
            groups[best].iter_mut().zip(page).for_each(|(sum, count)| *sum += u64::from(*count));
        }
    }
    codes
}

type Counts64 = [u64; 256];

fn sum<'a>(pages: impl Iterator<Item = &'a Counts>) -> Counts64 {
    let mut sums = [0; 256];
    for page in pages {
        sums.iter_mut().zip(page).for_each(|(sum, count)| *sum += u64::from(*count));
    }
    sums
}

/// Returns the code of a group.
fn code(group: &Counts64, all: &Counts64) -> Lengths {
    let (own, every) = (group.iter().sum::<u64>(), all.iter().sum::<u64>().max(1));
    // At least a few bytes of doubt, for a group of few.
    let doubt = own * DOUBT + 50 * UNIT;
    let weight = |byte: usize| {
        let as_all = u128::from(doubt) * u128::from(all[byte]) / (2 * u128::from(every));
        group[byte] * UNIT + as_all as u64 + doubt / 512
    };
    lengths(&core::array::from_fn(weight))
}

fn bits(page: &Counts, code: &Lengths) -> u64 {
    page.iter().zip(code).map(|(count, length)| u64::from(*count) * u64::from(*length)).sum()
}

#[cfg(test)]
mod tests {
    use super::{bits, codes};

    #[test]
    fn pages_of_two_kinds_get_a_code_each() {
        let kind = |first: usize| {
            let mut counts = [0; 256];
            counts[first..first + 16].fill(60);
            counts
        };
        // A third, so that the beginning has both kinds in one of the groups.
        let pages: Vec<_> =
            (0..60).map(|number| kind(if number < 20 { 10 } else { 200 })).collect();
        let two = codes(&pages, 2);
        for page in [kind(10), kind(200)] {
            let best = two.iter().map(|code| bits(&page, code)).min();
            assert!(best < Some(16 * 60 * 5), "about four bits a byte: {best:?}");
        }
    }
}
