//! Requests end to end: SQEs in, CQEs out, on the real engine.

mod attributes;
mod resize;

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};
use syscall::data::Stat;
use syscall::flag::{
    MODE_DIR, MODE_FILE, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY,
};
use syscall::schemev2::{NewFdFlags, Opcode, SqeFlags};
use syscall::{
    EACCES, EBADF, EBUSY, EEXIST, EINVAL, EIO, EISDIR, ENAMETOOLONG, ENODATA, ENODEV, ENOENT,
    ENOSPC, ENOTDIR, EOPNOTSUPP,
};
use zram_abi::verb::{Cookie, DISCARD, SWAP_ATTACH};

use crate::fake::{FakeClient, Machine, noise, page};
use crate::lifecycle::MAILBOX_MAX;

const NOBODY: u32 = 1000;

#[test]
fn directories_list_one_name_a_line() {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_add", "id=7").unwrap();
    assert_eq!(machine.cat("").unwrap(), "control\n0\n7\n");
    let control = "exit\nhot_add\nhot_remove\nlast_added\nlast_error\n";
    assert_eq!(machine.cat("control").unwrap(), control);
    let handle = machine.open_as("0", O_RDONLY | O_DIRECTORY, NOBODY).unwrap();
    let names = String::from_utf8(machine.read(handle, 0, 4096).unwrap()).unwrap();
    assert_eq!(names.lines().count(), 13);
    assert!(names.starts_with("algorithm_params\n"));
}

#[test]
fn files_are_opened_below_an_open_directory_too() {
    let mut machine = Machine::with_device("1M");
    let base = machine.open_as("0", O_RDONLY | O_DIRECTORY, NOBODY).unwrap();
    let words = [O_RDONLY as u64, 0, 0];
    let open = FakeClient::new(Opcode::OpenAt, base, words, b"disksize".to_vec());
    let handle = machine.call(open).0.unwrap();
    assert_eq!(machine.read(handle, 0, 100).unwrap(), b"1048576\n");
}

#[test]
fn an_open_asks_the_kernel_to_keep_the_offset() {
    let mut machine = Machine::new();
    let words = [O_RDONLY as u64, 0, 0];
    let tag = machine.send(FakeClient::new(Opcode::OpenAt, 0, words, b"control".to_vec()));
    let (cqe, _) = machine.daemon.socket.answer_to(tag).unwrap();
    assert_eq!(cqe.extra_raw[0], NewFdFlags::POSITIONED.bits());
}

#[test]
fn names_and_permissions_are_checked_at_open() {
    let mut machine = Machine::with_device("1M");
    for (path, flags, uid, expected) in [
        ("nosuch", O_RDONLY, 0, ENOENT),
        ("1", O_RDONLY, 0, ENOENT),
        ("0/nosuch", O_RDONLY, 0, ENOENT),
        ("nosuch", O_WRONLY | O_CREAT, 0, ENOENT),
        ("0/disksize", O_WRONLY | O_CREAT | O_EXCL, 0, EEXIST),
        ("0/disksize/x", O_RDONLY, 0, ENOTDIR),
        ("0/disksize", O_RDONLY | O_DIRECTORY, 0, ENOTDIR),
        ("", O_RDWR, 0, EISDIR),
        ("control", O_WRONLY, 0, EISDIR),
        ("0", O_RDWR, NOBODY, EACCES),
        ("0", O_RDONLY, NOBODY, EACCES),
        ("0", 0, NOBODY, EACCES),
        ("0/disksize", O_WRONLY, NOBODY, EACCES),
        ("0/reset", O_WRONLY, NOBODY, EACCES),
        ("0/reset", O_RDONLY, 0, EACCES),
        ("0/mm_stat", O_RDWR, 0, EACCES),
        ("control/hot_add", O_RDONLY, NOBODY, EACCES),
        ("control/hot_remove", O_WRONLY, NOBODY, EACCES),
        ("control/hot_remove", O_RDWR, 0, EACCES),
        ("control/exit", O_WRONLY, NOBODY, EACCES),
    ] {
        assert_eq!(machine.open_as(path, flags, uid), Err(expected), "{path:?} {flags:#x} {uid}");
    }
    for path in ["0/mm_stat", "0/io_stat", "0/disksize", "0/streams", "control/last_added", ""] {
        assert!(machine.open_as(path, O_RDONLY, NOBODY).is_ok(), "{path:?}");
    }
    assert!(machine.open_as("0/disksize", O_WRONLY | O_CREAT, 0).is_ok());
}

#[test]
fn a_handle_does_only_what_it_was_opened_for() {
    let mut machine = Machine::with_device("1M");
    let reader = machine.open_as("0/disksize", O_RDONLY, 0).unwrap();
    assert_eq!(machine.write(reader, 0, b"1M"), Err(EBADF));
    let writer = machine.open_as("0/disksize", O_WRONLY, 0).unwrap();
    assert_eq!(machine.read(writer, 0, 10), Err(EBADF));
    let device = machine.open_as("0", O_RDONLY, 0).unwrap();
    assert_eq!(machine.write(device, 0, &page(1)), Err(EBADF));
    assert_eq!(machine.verb(device, [DISCARD, 0, 1]), Err(EBADF));
    assert_eq!(machine.verb(device, [SWAP_ATTACH, 0, 0]), Err(EBADF));
    let device = machine.open_as("0", O_WRONLY, 0).unwrap();
    assert_eq!(machine.read(device, 0, 4096), Err(EBADF));
}

#[test]
fn hot_add_gives_the_lowest_free_id_and_tells_it() {
    let mut machine = Machine::new();
    assert_eq!(machine.cat("control/last_added").unwrap(), "");
    let first = machine.open("control/hot_add");
    assert_eq!(machine.write(first, 0, b"\n"), Ok(1));
    let second = machine.open("control/hot_add");
    assert_eq!(machine.write(second, 0, b"disksize=1M mem_limit=8K\n"), Ok(25));
    assert_eq!(machine.cat("control/last_added").unwrap(), "1\n");
    assert_eq!(machine.read(first, 0, 10).unwrap(), b"0\n", "on the writing handle, its own");
    assert_eq!(machine.echo("control/hot_remove", "0"), Ok(1));
    assert_eq!(machine.echo("control/hot_add", "\n"), Ok(1));
    assert_eq!(machine.cat("control/last_added").unwrap(), "0\n");
    assert_eq!(machine.cat("0/disksize").unwrap(), "0\n");
    assert_eq!(machine.cat("1/disksize").unwrap(), "1048576\n");
    assert_eq!(machine.column("1/mm_stat", 3), 8192);
}

#[test]
fn pages_come_back_and_are_counted() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    let mut pages: Vec<u8> = (0..10).flat_map(page).collect();
    pages.extend([0; 4096]);
    pages.extend(b"abcdefgh".repeat(512));
    pages.extend(noise(1));
    assert_eq!(machine.write(handle, 4096, &pages), Ok(pages.len()));
    assert_eq!(machine.read(handle, 4096, pages.len()), Ok(pages));
    assert_eq!(machine.read(handle, 0, 4096), Ok(vec![0; 4096]), "never written");
    let columns = |machine: &mut Machine, index| machine.column("0/mm_stat", index);
    assert_eq!(columns(&mut machine, 0), 13 * 4096);
    assert_eq!(columns(&mut machine, 5), 2, "same-filled");
    assert_eq!((columns(&mut machine, 7), columns(&mut machine, 8)), (1, 1), "incompressible");
    assert!(columns(&mut machine, 1) < columns(&mut machine, 2));
    assert_eq!(machine.verb(handle, [DISCARD, 1, 13]), Ok(0));
    assert_eq!((columns(&mut machine, 0), columns(&mut machine, 5)), (0, 0));
    assert_eq!(columns(&mut machine, 8), 1, "ever");
    assert_eq!(machine.column("0/io_stat", 3), 13);
    assert_eq!(machine.read(handle, 4096, 4096), Ok(vec![0; 4096]));
}

#[test]
fn misaligned_and_foreign_ranges_are_refused() {
    let mut machine = Machine::with_device("40960");
    let handle = machine.open("0");
    for (offset, size, expected) in [
        (1, 4096, Err(EINVAL)),
        (0, 100, Err(EINVAL)),
        (0, 257 * 4096, Err(EINVAL)),
        (40960, 4096, Err(ENOSPC)),
        (u64::MAX - 4095, 4096, Err(ENOSPC)),
        (u64::MAX, 4096, Err(EINVAL)),
        (36864, 8192, Ok(4096)),
        (0, 0, Ok(0)),
        (40960, 0, Ok(0)),
    ] {
        assert_eq!(machine.write(handle, offset, &vec![1; size]), expected, "{offset} {size}");
    }
    assert_eq!(machine.read(handle, 40960, 4096), Ok(vec![]));
    assert_eq!(machine.read(handle, 36864, 8192).unwrap().len(), 4096);
    assert_eq!(machine.read(handle, 3, 4096), Err(EINVAL));
    for (first, count) in [(0, 11), (10, 1), (u64::MAX, 1), (1, u64::MAX)] {
        assert_eq!(machine.verb(handle, [DISCARD, first, count]), Err(EINVAL), "{first} {count}");
    }
}

#[test]
fn a_device_without_size_is_empty() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    let handle = machine.open("0");
    assert_eq!(machine.read(handle, 0, 4096), Ok(vec![]));
    assert_eq!(machine.write(handle, 0, &page(1)), Err(ENOSPC));
    assert_eq!(machine.verb(handle, [SWAP_ATTACH, 0, 0]), Err(ENODATA));
    assert_eq!(machine.verb(handle, [DISCARD, 0, 0]), Err(ENODATA));
    assert_eq!(machine.echo("0/disksize", "1M"), Ok(2), "an open device may get a size");
    assert_eq!(machine.write(handle, 0, &page(1)), Ok(4096));
}

#[test]
fn a_failed_write_leaves_the_page_and_is_counted() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    machine.echo("0/mem_limit", "4096").unwrap();
    assert_eq!(machine.write(handle, 0, &page(1)), Ok(4096));
    let two = [noise(2), noise(3)].concat();
    assert_eq!(machine.write(handle, 0, &two), Err(EIO));
    assert_eq!(machine.read(handle, 0, 4096), Ok(page(1).to_vec()));
    assert_eq!(machine.column("0/io_stat", 1), 1);
    let zero_then_noise = [[0; 4096], noise(3)].concat();
    assert_eq!(machine.write(handle, 4096, &zero_then_noise), Ok(4096), "a shorter write");
    machine.echo("0/mem_limit", "0").unwrap();
    machine.platform.grant_pages(0);
    assert_eq!(machine.write(handle, 8192, &noise(4)), Err(EIO));
    machine.platform.grant_pages(-1);
    assert_eq!(machine.write(handle, 8192, &noise(4)), Ok(4096));
}

#[test]
fn an_open_device_is_neither_reset_nor_removed() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    let second = machine.open_as("0", O_RDONLY, 0).unwrap();
    let attribute = machine.open("0/disksize");
    for _ in 0..2 {
        assert_eq!(machine.echo("0/reset", "1"), Err(EBUSY));
        assert_eq!(machine.echo("control/hot_remove", "0"), Err(EBUSY));
    }
    machine.close(handle);
    assert_eq!(machine.echo("0/reset", "1"), Err(EBUSY));
    machine.close(second);
    assert_eq!(machine.echo("0/reset", "1"), Ok(1), "open attributes do not count");
    assert_eq!(machine.read(attribute, 0, 10).unwrap(), b"0\n");
}

#[test]
fn nothing_persists_over_a_reset() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    machine.write(handle, 0, &[page(1), noise(1)].concat()).unwrap();
    machine.close(handle);
    machine.echo("0/mem_limit", "1M").unwrap();
    machine.echo("0/disksize", "2M").unwrap_err();
    machine.echo("0/reset", "1").unwrap();
    let mut fresh = Machine::new();
    fresh.echo("control/hot_add", "\n").unwrap();
    for file in ["disksize", "initstate", "mm_stat", "io_stat", "streams", "last_error"] {
        let path = format!("0/{file}");
        assert_eq!(machine.cat(&path), fresh.cat(&path), "{file}");
    }
    assert_eq!(machine.daemon.remains().pool_pages, 0);
}

#[test]
fn a_handle_of_a_removed_device_never_reaches_the_next_one() {
    let mut machine = Machine::with_device("1M");
    let size = machine.open("0/disksize");
    let reset = machine.open_as("0/reset", O_WRONLY, 0).unwrap();
    let directory = machine.open_as("0", O_RDONLY | O_DIRECTORY, 0).unwrap();
    machine.echo("control/hot_remove", "0").unwrap();
    machine.echo("control/hot_add", "disksize=2M").unwrap();
    assert_eq!(machine.read(size, 0, 10), Err(ENODEV));
    assert_eq!(machine.write(size, 0, b"1M"), Err(ENODEV));
    assert_eq!(machine.write(reset, 0, b"1"), Err(ENODEV));
    assert_eq!(machine.read(directory, 0, 100), Err(ENODEV));
    assert_eq!(machine.cat("0/disksize").unwrap(), "2097152\n");
    assert_eq!(machine.cat("0/last_error").unwrap(), "", "the refusal was not this device's");
}

#[test]
fn a_read_in_pieces_sees_one_moment() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open_as("0/mm_stat", O_RDONLY, 0).unwrap();
    let whole = machine.read(handle, 0, 4096).unwrap();
    let device = machine.open("0");
    machine.write(device, 0, &page(3)).unwrap();
    let mut pieces = Vec::new();
    for offset in (10..whole.len()).step_by(7) {
        pieces.extend(machine.read(handle, offset as u64, 7).unwrap());
    }
    assert_eq!(pieces, whole[10..]);
    assert_eq!(machine.read(handle, 5000, 10), Ok(vec![]));
    assert_eq!(machine.read(handle, u64::MAX, 10), Ok(vec![]));
    assert_ne!(machine.read(handle, 0, 4096).unwrap(), whole, "from the beginning, it is new");
}

#[test]
fn attach_tells_id_generation_and_pages_and_a_reset_ends_the_generation() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "id=3 disksize=1M").unwrap();
    let attach = |machine: &mut Machine| {
        let handle = machine.open("3");
        let word = machine.verb(handle, [SWAP_ATTACH, 0, 0]).unwrap();
        machine.close(handle);
        Cookie::unpack(word as u64).unwrap()
    };
    let cookie = attach(&mut machine);
    assert_eq!((cookie.device, cookie.pages), (3, 256));
    assert_eq!(attach(&mut machine), cookie);
    machine.echo("3/reset", "1").unwrap();
    machine.echo("3/disksize", "1M").unwrap();
    let after_reset = attach(&mut machine);
    assert_ne!(after_reset.generation, cookie.generation);
    machine.echo("control/hot_remove", "3").unwrap();
    machine.echo("control/hot_add", "id=3 disksize=1M").unwrap();
    let after_remove = attach(&mut machine);
    assert!(![cookie.generation, after_reset.generation].contains(&after_remove.generation));
}

#[test]
fn a_mounted_device_is_opened_by_nobody_until_it_is_closed() {
    let mut machine = Machine::with_device("1M");
    let mounted = machine.open("0");
    machine.verb(mounted, [SWAP_ATTACH, 0, 0]).unwrap();
    for flags in [O_RDONLY, O_WRONLY, O_RDWR] {
        assert_eq!(machine.open_as("0", flags, 0), Err(EBUSY));
    }
    assert_eq!(machine.cat("0/disksize").unwrap(), "1048576\n");
    machine.close(mounted);
    assert!(machine.open_as("0", O_RDWR, 0).is_ok());
}

#[test]
fn a_device_that_others_have_open_is_not_attached() {
    let mut machine = Machine::with_device("1M");
    let other = machine.open_as("0", O_RDONLY, 0).unwrap();
    let device = machine.open("0");
    assert_eq!(machine.verb(device, [SWAP_ATTACH, 0, 0]), Err(EBUSY));
    machine.close(other);
    assert!(machine.verb(device, [SWAP_ATTACH, 0, 0]).is_ok());
}

#[test]
fn fstat_and_fsize_tell_the_disksize() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    let fsize = FakeClient::new(Opcode::Fsize, handle, [0; 3], Vec::new());
    assert_eq!(machine.call(fsize).0, Ok(1 << 20));
    let stat_of = |machine: &mut Machine, opcode, words, handle| {
        let client = FakeClient::new(opcode, handle, words, vec![0; size_of::<Stat>()]);
        let (result, payload) = machine.call(client);
        let mut stat = Stat::default();
        stat.copy_from_slice(&payload);
        result.map(|_| (stat.st_mode, stat.st_size))
    };
    for (opcode, words) in [(Opcode::Fstat, [0; 3]), (Opcode::StdFsCall, [4, 0, 0])] {
        let result = stat_of(&mut machine, opcode, words, handle);
        assert_eq!(result, Ok((MODE_FILE | 0o600, 1 << 20)));
        assert_eq!(stat_of(&mut machine, opcode, words, 0), Ok((MODE_DIR | 0o555, 0)));
    }
    let short = FakeClient::new(Opcode::Fstat, handle, [0; 3], vec![0; 8]);
    assert_eq!(machine.call(short).0, Err(EINVAL));
}

#[test]
fn a_full_mailbox_is_eagain_and_nobody_waits() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open_as("0/compact", O_WRONLY, 0).unwrap();
    let write = || FakeClient::new(Opcode::Write, handle, [0; 3], b"1".to_vec());
    let tags: Vec<u32> = (0..MAILBOX_MAX).map(|_| machine.send(write())).collect();
    assert!(tags.iter().all(|&tag| machine.daemon.socket.answer_to(tag).is_none()));
    let tag = machine.send(write());
    let (cqe, _) = machine.daemon.socket.answer_to(tag).expect("answered at once");
    assert_eq!(crate::fake::result_of(cqe), Err(syscall::EAGAIN));
    let device = machine.open("0");
    assert_eq!(machine.write(device, 0, &page(1)), Ok(4096), "pages go on meanwhile");
    for tag in tags {
        machine.turn();
        let (cqe, _) = machine.daemon.socket.answer_to(tag).expect("in order of arrival");
        assert_eq!(crate::fake::result_of(cqe), Ok(1));
    }
}

#[test]
fn hostile_requests_are_refused_and_leave_nothing() {
    let mut machine = Machine::with_device("1M");
    let before = machine.daemon.remains();
    let device = machine.open("0");
    let huge = vec![b'x'; 1025];
    for (client, errno) in [
        (FakeClient::new(Opcode::OpenAt, 0, [0; 3], huge), ENAMETOOLONG),
        (FakeClient::new(Opcode::OpenAt, 0, [0; 3], vec![b'/'; 200]), ENOENT),
        (FakeClient::new(Opcode::OpenAt, 0, [0; 3], vec![0xff; 9]), ENOENT),
        (FakeClient::new(Opcode::OpenAt, 77, [0; 3], Vec::new()), EBADF),
        (FakeClient::new(Opcode::Read, 12345, [0; 3], vec![0; 10]), EBADF),
        (FakeClient::new(Opcode::Read, device, [0; 3], vec![0; 10]), EINVAL),
        (FakeClient::new(Opcode::Write, usize::MAX, [0; 3], vec![0; 10]), EBADF),
        (FakeClient::new(Opcode::Write, 0, [0; 3], vec![0; 10]), EBADF),
        (FakeClient::new(Opcode::Call, device, [99, 0, 0], Vec::new()), EOPNOTSUPP),
        (FakeClient::new(Opcode::Call, 0, [DISCARD, 0, 0], Vec::new()), EOPNOTSUPP),
        (FakeClient::new(Opcode::StdFsCall, device, [200, 0, 0], Vec::new()), EOPNOTSUPP),
        (FakeClient::new(Opcode::MmapPrep, device, [0; 3], Vec::new()), EOPNOTSUPP),
        (FakeClient::new(Opcode::UnlinkAt, 0, [0; 3], b"0".to_vec()), EOPNOTSUPP),
        (FakeClient::new(Opcode::Dup, device, [0; 3], b"x".to_vec()), EOPNOTSUPP),
        (FakeClient::new(Opcode::Close, 99, [0; 3], Vec::new()), EBADF),
    ] {
        let shown = format!("{client:?}");
        assert_eq!(machine.call(client).0, Err(errno), "{shown}");
    }
    let mut garbage = FakeClient::new(Opcode::Read, 0, [0; 3], Vec::new());
    garbage.sqe.opcode = 250;
    assert_eq!(machine.call(garbage).0, Err(EOPNOTSUPP));
    machine.close(device);
    machine.close(device);
    assert_eq!(machine.daemon.remains(), before);
}

#[test]
fn one_way_requests_are_never_answered() {
    let mut machine = Machine::new();
    for opcode in [Opcode::CloseMsg, Opcode::Cancel, Opcode::Detach] {
        let tag = machine.send(FakeClient::new(opcode, 5, [0; 3], Vec::new()));
        assert!(machine.daemon.socket.answer_to(tag).is_none());
    }
    let mut read = FakeClient::new(Opcode::Read, 0, [0; 3], vec![0; 10]);
    read.sqe.sqe_flags = SqeFlags::ONEWAY;
    let tag = machine.send(read);
    assert!(machine.daemon.socket.answer_to(tag).is_none());
}

#[test]
fn a_flood_of_opens_is_refused_and_ends_with_its_closes() {
    let mut machine = Machine::with_device("1M");
    let mut handles = Vec::new();
    let refusal = loop {
        match machine.open_as("0", O_RDWR, 0) {
            Ok(handle) => handles.push(handle),
            Err(errno) => break errno,
        }
    };
    assert_eq!((refusal, handles.len()), (syscall::EMFILE, super::handles::HANDLES_MAX));
    for handle in handles {
        machine.close(handle);
    }
    assert_eq!(machine.daemon.remains().handles, 0);
    assert_eq!(machine.echo("0/reset", "1"), Ok(1), "no open is left over");
}

fn any_client() -> impl Strategy<Value = (u8, bool, u64, [u64; 4], Vec<u8>)> {
    let small = prop_oneof![Just(0), 0..20_u64, Just(4096), any::<u64>()];
    let words = [small.clone(), small.clone(), small.clone(), small];
    let path = prop_oneof![
        Just("0"),
        Just("0/disksize"),
        Just("0/reset"),
        Just("control/hot_add"),
        Just("control/hot_remove"),
        Just("1"),
        Just("64K"),
        Just(""),
    ];
    let payload = prop_oneof![
        path.prop_map(|text| text.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..64),
        (0..3_usize).prop_map(|pages| vec![3; pages * 4096]),
    ];
    let opcode = prop_oneof![
        Just(Opcode::OpenAt as u8),
        Just(Opcode::Read as u8),
        Just(Opcode::Write as u8),
        Just(Opcode::CloseMsg as u8),
        Just(Opcode::Call as u8),
        any::<u8>(),
    ];
    (opcode, any::<bool>(), 0..12_u64, words, payload)
}

proptest! {
    #[test]
    fn no_sequence_of_requests_panics_or_is_answered_twice(
        clients in proptest::collection::vec(any_client(), 1..60),
    ) {
        let mut machine = Machine::with_device("64K");
        let mut handles = vec![0];
        for (opcode, is_root, handle, words, payload) in clients {
            let number = handles.get(handle as usize).copied().unwrap_or(handle as usize);
            let flags = if is_root { O_RDWR as u64 } else { words[0] };
            let first = if opcode == Opcode::OpenAt as u8 { flags } else { words[0] };
            let mut client =
                FakeClient::new(Opcode::Read, number, [first, words[1], words[2]], payload);
            client.sqe.opcode = opcode;
            if opcode == Opcode::OpenAt as u8 {
                client.sqe.args[5] = u64::from(!is_root);
            }
            let is_one_way = [25, 27, 34].contains(&opcode);
            let tag = machine.send(client);
            let answer = machine.daemon.socket.answer_to(tag);
            let answer = if is_one_way || answer.is_some() { answer } else {
                machine.turn();
                machine.daemon.socket.answer_to(tag)
            };
            prop_assert!(answer.is_some() != is_one_way);
            prop_assert!(machine.daemon.socket.answer_to(tag).is_none());
            if let (29, Some(Ok(handle))) = (opcode, answer.map(|(cqe, _)| crate::fake::result_of(cqe))) {
                handles.push(handle);
            }
        }
        for handle in handles {
            machine.close(handle);
        }
        prop_assert!(machine.daemon.remains().handles == 0);
        machine.echo("control/exit", "1").ok();
        prop_assert!(machine.daemon.remains().pool_pages == 0);
    }
}
