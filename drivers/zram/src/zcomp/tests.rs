//! Streams come and go with their CPUs while compression goes on.

use std::thread;

use super::{OUTPUT_MAX, Zcomp};
use crate::home::Home;
use crate::test_support::TestLock;
use crate::{Compressor, PAGE_SIZE, PageBytes};
use alloc::vec::Vec;

/// Returns a page built of runs of one byte and of noise, from `pieces` of (byte, length, is noise).
pub(super) fn page_of(pieces: &[(u8, usize, bool)], seed: u32) -> PageBytes {
    let mut page = [0; PAGE_SIZE];
    let mut random = seed | 1;
    let mut bytes = page.iter_mut();
    for &(byte, length, is_noise) in pieces.iter().cycle().take(4 * PAGE_SIZE) {
        for place in bytes.by_ref().take(length) {
            random = random.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
            *place = if is_noise { (random >> 24) as u8 } else { byte };
        }
    }
    page
}

fn compressed_by(zcomp: &Zcomp<TestLock>) -> Vec<(Option<usize>, bool, u64)> {
    zcomp.streams().map(|line| (line.cpu, line.is_up, line.pages_compressed)).collect()
}

#[test]
fn a_cpu_without_a_stream_uses_the_fallback() {
    let zcomp = Zcomp::<TestLock>::new(Compressor::DEFAULT, 2).expect("memory");
    let (page, mut output) = ([5; PAGE_SIZE], [0; OUTPUT_MAX]);
    zcomp.cpu_up(1).expect("memory");
    for cpu in [0, 1, 1, 7] {
        assert!(zcomp.compress(Home::Cpu(cpu), &page, &mut output).is_some());
    }
    let expected = [(Some(0), false, 0), (Some(1), true, 2), (None, true, 2)];
    assert_eq!(compressed_by(&zcomp), expected);
}

#[test]
fn up_and_down_again_leave_no_memory_behind() {
    let zcomp = Zcomp::<TestLock>::new(Compressor::DEFAULT, 4).expect("memory");
    let before = zcomp.metadata_bytes();
    for _ in 0..3 {
        for cpu in 0..4 {
            zcomp.cpu_up(cpu).expect("memory");
            zcomp.cpu_up(cpu).expect("memory");
        }
        assert!(zcomp.metadata_bytes() > before);
        (0..5).for_each(|cpu| zcomp.cpu_down(cpu));
        assert_eq!(zcomp.metadata_bytes(), before);
    }
}

#[test]
fn compression_goes_on_while_its_cpu_comes_and_goes() {
    let zcomp = Zcomp::<TestLock>::new(Compressor::DEFAULT, 1).expect("memory");
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..500 {
                zcomp.cpu_up(0).expect("memory");
                zcomp.cpu_down(0);
            }
        });
        scope.spawn(|| {
            let (page, mut output) = ([5; PAGE_SIZE], [0; OUTPUT_MAX]);
            for _ in 0..500 {
                assert!(zcomp.compress(Home::Cpu(0), &page, &mut output).is_some());
            }
        });
    });
    assert_eq!(compressed_by(&zcomp).iter().map(|line| line.2).sum::<u64>(), 500);
}
