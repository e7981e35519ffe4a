//! Directories, names, permissions, and what an open handle may do.

use syscall::data::Stat;
use syscall::flag::{
    MODE_DIR, MODE_FILE, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY,
};
use syscall::schemev2::{NewFdFlags, Opcode};
use syscall::{EACCES, EBADF, EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR};
use zram_abi::verb::{DISCARD, SWAP_ATTACH};

use super::NOBODY;
use crate::fake::{FakeClient, Machine, page};

#[test]
fn directories_list_one_name_a_line() {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_add", "id=7").unwrap();
    assert_eq!(machine.cat("").unwrap(), "control\n0\n7\n");
    let control = "exit\nhot_add\nhot_remove\nlast_added\nlast_error\nlast_note\n";
    assert_eq!(machine.cat("control").unwrap(), control);
    let handle = machine.open_as("0", O_RDONLY | O_DIRECTORY, NOBODY).unwrap();
    let names = String::from_utf8(machine.read(handle, 0, 4096).unwrap()).unwrap();
    assert_eq!(names.lines().count(), zram_abi::attribute::Attribute::ALL.len());
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
