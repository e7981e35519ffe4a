//! The checks of LTP's zram01 to zram03 for Linux (testcases/kernel/device-drivers/zram), made
//! here.
//!
//! Swapping to the device, in a machine and with the daemon restarted in between, is tested under QEMU.

use std::collections::BTreeMap;

use syscall::ENOSPC;
use zram_abi::verb::{DISCARD, SWAP_ATTACH};

use crate::daemon::Remains;
use crate::fake::{Machine, noise, page};

const PAGE: u64 = 4096;

/// Pages of one transfer.
const TRANSFER: u64 = 256;

#[test]
fn devices_are_added_with_numbers_in_a_row() {
    let mut machine = Machine::new();
    for expected in 0..4 {
        machine.echo("control/hot_add", "\n").unwrap();
        assert_eq!(machine.cat("control/last_added").unwrap(), format!("{expected}\n"));
    }
    assert_eq!(machine.cat("").unwrap(), "control\n0\n1\n2\n3\n");
}

#[test]
fn a_tear_down_leaves_nothing() {
    let mut machine = Machine::new();
    for id in 0..4_u64 {
        machine.echo("control/hot_add", "disksize=25M").unwrap();
        let handle = machine.open(&id.to_string());
        machine.verb(handle, [SWAP_ATTACH, 0, 0]).unwrap();
        machine.write(handle, id * PAGE, &noise(id)).unwrap();
        machine.close(handle);
    }
    for id in 0..4 {
        machine.echo(&format!("{id}/reset"), "1").unwrap();
        machine.echo("control/hot_remove", &id.to_string()).unwrap();
    }
    let nothing =
        Remains { instances: 0, devices: 0, pool_pages: 0, table_bytes: 0, streams: 0, handles: 0 };
    assert_eq!(machine.daemon.remains(), nothing);
}

#[test]
fn every_algorithm_that_is_listed_can_be_chosen_and_gives_pages_back() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    let listed = machine.cat("0/comp_algorithm").unwrap().replace(['[', ']'], "");
    for name in listed.split_whitespace() {
        machine.echo("0/comp_algorithm", name).unwrap();
        assert!(machine.cat("0/comp_algorithm").unwrap().contains(&format!("[{name}]")));
        machine.echo("0/disksize", "1M").unwrap();
        let handle = machine.open("0");
        for (slot, content) in [(0, page(3)), (1, noise(3)), (2, [b'x'; 4096])] {
            machine.write(handle, slot * PAGE, &content).unwrap();
            assert_eq!(machine.read(handle, slot * PAGE, 4096).unwrap(), content, "{name}");
        }
        machine.close(handle);
        machine.echo("0/reset", "1").unwrap();
    }
}

#[test]
fn sizes_and_limits_of_ltp_are_taken() {
    let mut machine = Machine::new();
    for (id, (disksize, limit)) in
        [("26214400", "25M"), ("402653184", "384M"), ("314572800", "300M")].into_iter().enumerate()
    {
        machine.echo("control/hot_add", "\n").unwrap();
        machine.echo(&format!("{id}/disksize"), disksize).unwrap();
        machine.echo(&format!("{id}/mem_limit"), limit).unwrap();
        assert_eq!(machine.cat(&format!("{id}/disksize")).unwrap(), format!("{disksize}\n"));
        assert_eq!(machine.column(&format!("{id}/mm_stat"), 3).to_string(), disksize);
    }
}

#[test]
fn any_traffic_of_blocks_reads_back_as_a_plain_map_says() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    let mut model = BTreeMap::new();
    let mut state = 0x2026_1128_u64;
    for number in 0..3000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let (slot, what) = ((state >> 33) % 256, (state >> 50) % 5);
        let content = [page(number), noise(number), [number as u8; 4096]];
        match what {
            0..3 => {
                machine.write(handle, slot * PAGE, &content[what as usize]).unwrap();
                model.insert(slot, content[what as usize]);
            }
            3 => {
                machine.verb(handle, [DISCARD, slot, 1]).unwrap();
                model.remove(&slot);
            }
            _ => {
                let expected = model.get(&slot).copied().unwrap_or([0; 4096]);
                let found = machine.read(handle, slot * PAGE, 4096).unwrap();
                assert_eq!(found, expected, "operation {number}, slot {slot}");
            }
        }
    }
    assert_eq!(machine.column("0/mm_stat", 0), model.len() as u64 * PAGE);
}

#[test]
fn a_device_filled_with_zeros_is_full_at_its_end_and_takes_no_pool() {
    let mut machine = Machine::with_device("25M");
    let handle = machine.open("0");
    let zeros = vec![0; (TRANSFER * PAGE) as usize];
    let written: usize =
        (0..).map_while(|at| machine.write(handle, at * TRANSFER * PAGE, &zeros).ok()).sum();
    assert_eq!(written, 25 << 20);
    assert_eq!(machine.write(handle, 25 << 20, &zeros[..4096]), Err(ENOSPC));
    assert_eq!(machine.column("0/mm_stat", 0), 25 << 20);
    assert_eq!(machine.column("0/mm_stat", 5), (25 << 20) / PAGE, "same-filled pages");
    assert_eq!(machine.column("0/mm_stat", 2), 0, "the pool, so the ratio is at least 1");
}

#[test]
fn a_device_of_100_gib_is_cheap_and_its_limit_of_1_mib_holds() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    machine.echo("0/disksize", "107374182400").unwrap();
    machine.echo("0/mem_limit", "1M").unwrap();
    let tables = machine.daemon.remains().table_bytes;
    assert!(tables < 1 << 20, "{tables} bytes before anything is stored");
    let handle = machine.open("0");
    // Far from each other, so that each needs a leaf of the table.
    let far = (100 << 30) / PAGE / 512;
    let stored = (0..512).map(|index| machine.write(handle, index * far * PAGE, &noise(index)));
    let stored = stored.filter(|result| result.is_ok()).count();
    assert_eq!(stored, 256, "pages of 1 MiB");
    assert_eq!(machine.column("0/mm_stat", 2), 1 << 20);
    assert!(machine.column("0/mm_stat", 4) <= 1 << 20, "the highest use, too");
}

#[test]
fn a_device_of_512_mib_filled_with_a_letter_has_the_statistics_of_zram03() {
    let mut machine = Machine::with_device("512M");
    let handle = machine.open("0");
    let mut content = vec![b'a'; (TRANSFER * PAGE) as usize];
    let transfers = (512 << 20) / (TRANSFER * PAGE);
    for number in 0..transfers {
        if number == transfers - 1 {
            *content.last_mut().unwrap() = 0;
        }
        machine.write(handle, number * TRANSFER * PAGE, &content).unwrap();
    }
    assert_eq!(machine.cat("0/initstate").unwrap(), "1\n");
    let columns = [0, 5].map(|column| machine.column("0/mm_stat", column));
    assert_eq!(columns, [536_870_912, 131_071], "stored; same-filled, all but the last page");
    let compressed = machine.column("0/mm_stat", 1);
    assert!(compressed < 100, "one small object: {compressed}");
    let last = machine.read(handle, (512 << 20) - TRANSFER * PAGE, content.len()).unwrap();
    assert_eq!(last, content);
    machine.close(handle);
    machine.echo("0/reset", "1").unwrap();
    assert_eq!(machine.cat("0/initstate").unwrap(), "0\n");
    let text = machine.cat("0/mm_stat").unwrap();
    assert!(text.split_whitespace().all(|column| column == "0"), "{text}");
}
