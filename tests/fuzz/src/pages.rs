//! Pages of many kinds: ordinary contents of programs' memory, and contents that are hard for a
//! codec.

use zram::{PAGE_SIZE, PageBytes};

use crate::Random;

/// Returns a page of a random kind, or one that changes from one kind to another.
#[must_use]
pub fn page(random: &mut Random) -> PageBytes {
    let mut page = one_kind(random);
    if random.index(3) == 0 {
        let other = one_kind(random);
        let at = random.index(PAGE_SIZE);
        page[at..].copy_from_slice(&other[at..]);
    }
    page
}

fn one_kind(random: &mut Random) -> PageBytes {
    match random.index(6) {
        0 => runs(random),
        1 => records(random),
        2 => words(random),
        3 => small_alphabet(random),
        4 => copies(random),
        _ => noise(random),
    }
}

/// Runs of one byte, and of noise between them.
fn runs(random: &mut Random) -> PageBytes {
    let mut page = [0; PAGE_SIZE];
    let mut rest = &mut page[..];
    let longest = 1 + random.index(600);
    while !rest.is_empty() {
        let length = (1 + random.index(longest)).min(rest.len());
        let (run, behind) = rest.split_at_mut(length);
        if random.index(3) == 0 {
            run.fill_with(|| random.next() as u8);
        } else {
            run.fill(random.next() as u8);
        }
        rest = behind;
    }
    page
}

/// A record over and over, with some bytes changed.
fn records(random: &mut Random) -> PageBytes {
    let width = 1 + random.index(300);
    let record: Vec<u8> = (0..width).map(|_| random.next() as u8).collect();
    let mut page = [0; PAGE_SIZE];
    page.iter_mut().zip(record.iter().cycle()).for_each(|(to, byte)| *to = *byte);
    for _ in 0..random.index(500) {
        page[random.index(PAGE_SIZE)] = random.next() as u8;
    }
    page
}

/// 64-bit words with the same upper bytes, as pointers are, and zeros.
fn words(random: &mut Random) -> PageBytes {
    let (base, spread) = (random.next(), 1 << random.index(20));
    let mut page = [0; PAGE_SIZE];
    for word in page.as_chunks_mut::<8>().0 {
        let value = base.wrapping_add(random.next() % spread);
        *word = if random.index(4) == 0 { [0; 8] } else { value.to_le_bytes() };
    }
    page
}

/// Few values: many short matches.
fn small_alphabet(random: &mut Random) -> PageBytes {
    let letters = 2 + random.index(14);
    let mut page = [0; PAGE_SIZE];
    page.fill_with(|| random.index(letters) as u8);
    page
}

/// Noise with pieces of itself copied about, overlapping ones included.
fn copies(random: &mut Random) -> PageBytes {
    let mut page = noise(random);
    for _ in 0..1 + random.index(300) {
        let (from, to) = (random.index(PAGE_SIZE), random.index(PAGE_SIZE));
        let length = (4 + random.index(60)).min(PAGE_SIZE - from.max(to));
        page.copy_within(from..from + length, to);
    }
    page
}

fn noise(random: &mut Random) -> PageBytes {
    let mut page = [0; PAGE_SIZE];
    page.as_chunks_mut::<8>().0.fill_with(|| random.next().to_le_bytes());
    page
}
