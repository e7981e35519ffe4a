//! Requests that no honest client sends: floods, garbage, any sequence at all.

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};
use syscall::flag::{O_RDWR, O_WRONLY};
use syscall::schemev2::{Opcode, SqeFlags};
use syscall::{EBADF, EINVAL, ENAMETOOLONG, ENOENT, EOPNOTSUPP};
use zram_abi::verb::DISCARD;

use crate::fake::{FakeClient, Machine, page};
use crate::scheme::handles::HANDLES_MAX;
use crate::threads::MAILBOX_MAX;

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
    assert_eq!((refusal, handles.len()), (syscall::EMFILE, HANDLES_MAX));
    for handle in handles {
        machine.close(handle);
    }
    assert_eq!(machine.daemon.remains().handles, 0);
    assert_eq!(machine.echo("0/reset", "1"), Ok(1), "no open is left over");
}

#[test]
fn a_reader_of_mm_stat_makes_no_reset_swapon_or_exit_fail() {
    let mut machine = Machine::with_device("1M");
    let mut opened = 0;
    while machine.open_as("0/mm_stat", syscall::O_RDONLY, 1000).is_ok() {
        opened += 1;
    }
    assert!(opened < HANDLES_MAX);
    let device = machine.open("0");
    assert!(machine.verb(device, [zram_abi::verb::SWAP_ATTACH, 0, 0]).is_ok(), "swapon");
    machine.close(device);
    assert_eq!(machine.echo("0/reset", "1"), Ok(1));
    assert_eq!(machine.echo("control/exit", "1"), Ok(1));
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
