use std::collections::VecDeque;

use zram::{PageBytes, Worker};
use zram_abi::record::{ENTRIES_MAX, Operation, RECORD_SIZE, Record, Status};
use zram_abi::verb::{Cookie, SWAP_ATTACH};

use super::{run, serve};
use crate::fake::{Machine, noise, page};
use crate::platform::{Closed, SwapQueue};

type Window = [PageBytes; ENTRIES_MAX];

fn window(pages: impl IntoIterator<Item = PageBytes>) -> Box<Window> {
    let mut window: Box<Window> = vec![[0; 4096]; ENTRIES_MAX].try_into().unwrap();
    for (place, page) in window.iter_mut().zip(pages) {
        *place = page;
    }
    window
}

/// A device of 1 MiB that is mounted: its cookie.
fn mounted(machine: &mut Machine) -> Cookie {
    let handle = machine.open("0");
    Cookie::unpack(machine.verb(handle, [SWAP_ATTACH, 0, 0]).unwrap() as u64).unwrap()
}

fn record(cookie: Cookie, operation: Operation, slots: impl IntoIterator<Item = u32>) -> Record {
    let (device, generation) = (u32::from(cookie.device), u32::from(cookie.generation));
    let mut record = Record::new(operation, device, generation, 77);
    for slot in slots {
        assert!(record.push(slot));
    }
    record
}

fn statuses(machine: &Machine, mut record: Record, window: &mut Window) -> Vec<Status> {
    let mut worker = Worker::new(1).unwrap();
    serve(machine.daemon, &mut worker, &mut record, window);
    record.entries().iter().map(|entry| entry.status).collect()
}

#[test]
fn pages_that_are_stored_come_back_and_a_take_frees_them() {
    let mut machine = Machine::with_device("1M");
    let cookie = mounted(&mut machine);
    let pages = [page(1), [9; 4096], page(2)];
    let store = record(cookie, Operation::Store, [5, 6, 255]);
    assert_eq!(statuses(&machine, store, &mut window(pages)), [Status::Ok; 3]);
    let mut back = window([]);
    let load = record(cookie, Operation::Load, [5, 6, 255]);
    assert_eq!(statuses(&machine, load, &mut back), [Status::Ok; 3]);
    assert!(back[..3] == pages);
    let mut taken = window([]);
    let take = record(cookie, Operation::Take, [255, 5]);
    assert_eq!(statuses(&machine, take, &mut taken), [Status::Ok; 2]);
    assert!(taken[..2] == [page(2), page(1)]);
    assert_eq!(machine.column("0/mm_stat", 0), 4096);
    let free = record(cookie, Operation::Free, [6, 7]);
    assert_eq!(statuses(&machine, free, &mut window([])), [Status::Ok; 2]);
    assert_eq!(machine.column("0/mm_stat", 0), 0);
    assert_eq!(machine.column("0/io_stat", 3), 2);
    let streams = machine.cat("0/streams").unwrap();
    assert!(streams.contains("1               2        4\n"), "this cpu's stream: {streams}");
}

#[test]
fn each_page_has_its_own_status() {
    let mut machine = Machine::with_device("1M");
    let cookie = mounted(&mut machine);
    let pages = [page(1), noise(1), page(2), page(3)];
    let store = record(cookie, Operation::Store, [0, 1, 256, 2]);
    let expected = [Status::Ok, Status::NoGain, Status::Gone, Status::Ok];
    assert_eq!(statuses(&machine, store, &mut window(pages)), expected);
    let load = record(cookie, Operation::Load, [0, u32::MAX]);
    assert_eq!(statuses(&machine, load, &mut window([])), [Status::Ok, Status::Gone]);
    let free = record(cookie, Operation::Free, [256, 0]);
    assert_eq!(statuses(&machine, free, &mut window([])), [Status::Gone, Status::Ok]);
}

#[test]
fn a_batch_stops_when_frames_are_gone_and_the_rest_is_not_tried() {
    let mut machine = Machine::with_device("1M");
    let cookie = mounted(&mut machine);
    machine.platform.grant_pages(3);
    let pages: Vec<PageBytes> = (0..8).map(page).chain([[1; 4096]]).collect();
    let store = record(cookie, Operation::Store, 0..9);
    let result = statuses(&machine, store, &mut window(pages));
    let done = result.iter().take_while(|status| **status == Status::Ok).count();
    assert!((1..8).contains(&done), "{result:?}");
    assert!(result[done..].iter().all(|status| *status == Status::NoReserve), "{result:?}");
    assert_eq!(machine.column("0/mm_stat", 5), 0, "not even the same-filled page");
}

#[test]
fn pages_that_are_not_tried_count_as_refused_like_those_that_are() {
    let mut machine = Machine::with_device("1M");
    let cookie = mounted(&mut machine);
    machine.platform.grant_pages(3);
    let store = record(cookie, Operation::Store, 0..8);
    let result = statuses(&machine, store, &mut window((0..8).map(page)));
    let refused = result.iter().filter(|status| **status == Status::NoReserve).count();
    assert!(refused > 1, "{result:?}");
    assert_eq!(machine.column("0/io_stat", 1), refused as u64);
}

#[test]
fn the_limit_refuses_pages_one_by_one() {
    let mut machine = Machine::with_device("1M");
    let cookie = mounted(&mut machine);
    machine.echo("0/mem_limit", "4K").unwrap();
    let pages: Vec<PageBytes> = (0..4).map(page).chain([[1; 4096]]).collect();
    let store = record(cookie, Operation::Store, 0..5);
    let result = statuses(&machine, store, &mut window(pages));
    assert_eq!(result.first(), Some(&Status::Ok));
    assert!(result.contains(&Status::Limit));
    assert_eq!(result.last(), Some(&Status::Ok), "a same-filled page needs no pool");
}

#[test]
fn another_device_or_generation_is_gone() {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_add", "\n").unwrap();
    let cookie = mounted(&mut machine);
    for wrong in [
        Cookie { generation: cookie.generation.wrapping_add(1), ..cookie },
        Cookie { device: 1, ..cookie },
        Cookie { device: 2, ..cookie },
        Cookie { device: 999, ..cookie },
    ] {
        for operation in [Operation::Store, Operation::Load, Operation::Take, Operation::Free] {
            let result = statuses(&machine, record(wrong, operation, [0, 1]), &mut window([]));
            assert_eq!(result, [Status::Gone; 2], "{wrong:?} {operation:?}");
        }
    }
    let mut far = Record::new(Operation::Load, 0, 0x1_0000 + u32::from(cookie.generation), 0);
    far.push(0);
    assert_eq!(statuses(&machine, far, &mut window([])), [Status::Gone]);
}

#[test]
fn a_cookie_of_before_a_reset_reaches_nothing() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    let word = machine.verb(handle, [SWAP_ATTACH, 0, 0]).unwrap();
    machine.close(handle);
    let cookie = Cookie::unpack(word as u64).unwrap();
    machine.echo("0/reset", "1").unwrap();
    machine.echo("0/disksize", "1M").unwrap();
    let store = record(cookie, Operation::Store, [0]);
    assert_eq!(statuses(&machine, store, &mut window([page(1)])), [Status::Gone]);
    assert_eq!(machine.column("0/mm_stat", 0), 0);
    assert_eq!(machine.echo("0/reset", "1"), Ok(1), "the record's own open is closed again");
}

#[test]
fn a_damaged_page_is_told_and_the_others_are_read() {
    let slots = [3, 4, 5];
    let mut record = Record::new(Operation::Load, 0, 0, 0);
    assert!(slots.into_iter().all(|slot| record.push(slot)));
    let mut window = window([]);
    super::read(&mut record, &mut window, |slot, page| {
        page.fill(slot as u8);
        if slot == 4 { Err(zram::LoadError::Damaged) } else { Ok(()) }
    });
    let statuses: Vec<Status> = record.entries().iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [Status::Ok, Status::Damaged, Status::Ok]);
    assert_eq!((window[0][0], window[2][0]), (3, 5));
}

/// A queue of the kernel that asks for what is given and then revokes.
struct Script {
    asked: VecDeque<Vec<u8>>,
    answered: Vec<Vec<u8>>,
    window: Box<Window>,
}

impl SwapQueue for Script {
    fn next(&mut self, bytes: &mut [u8; RECORD_SIZE]) -> Result<(), Closed> {
        self.answered.push(bytes.to_vec());
        let next = self.asked.pop_front().ok_or(Closed)?;
        bytes.copy_from_slice(&next);
        Ok(())
    }

    fn window(&mut self) -> &mut Window {
        &mut self.window
    }
}

#[test]
fn a_queue_thread_completes_each_record_and_survives_garbage() {
    let mut machine = Machine::with_device("1M");
    let cookie = mounted(&mut machine);
    let store = record(cookie, Operation::Store, [3]);
    let mut garbage = vec![0xff; RECORD_SIZE];
    garbage[0] = 9;
    let asked = [store.encode().to_vec(), garbage, store.encode().to_vec()];
    let mut script =
        Script { asked: asked.into(), answered: Vec::new(), window: window([page(8)]) };
    run(machine.daemon, 0, &mut script).unwrap();
    let mut done = store;
    done.entries_mut()[0].status = Status::Ok;
    let none = Record::none().encode().to_vec();
    let expected = [none.clone(), done.encode().to_vec(), none, done.encode().to_vec()];
    assert_eq!(script.answered, expected);
}
