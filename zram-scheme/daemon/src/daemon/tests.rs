//! All threads at once: clients, actor, CPU events and a swap queue on one daemon.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use hotplug::{CpuId, Stage};
use syscall::schemev2::Opcode;
use syscall::{EAGAIN, EBUSY, EEXIST, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, O_RDWR, O_WRONLY};
use zram::Worker;
use zram_abi::record::{ENTRIES_MAX, Operation, Record, Status};

use super::Remains;
use crate::fake::{Called, FakeClient, FakeDaemon, FakePorts, Machine, page, result_of};
use crate::scheme::serve::Server;
use crate::threads::queue;

/// A client with a server of its own, so that requests run at once; the actor answers from its thread.
struct Client {
    daemon: &'static FakeDaemon,
    server: Server<'static, FakePorts>,
    tags: &'static AtomicU32,
}

impl Client {
    fn call(&mut self, mut client: FakeClient) -> Called<usize> {
        let tag = self.tags.fetch_add(1, Ordering::Relaxed);
        client.sqe.tag = tag;
        self.server.serve(client);
        // Bounded: the actor answers every message; a lost one would fail here.
        for _ in 0..10_000_000 {
            if let Some((cqe, _)) = self.daemon.socket.answer_to(tag) {
                return result_of(cqe);
            }
            std::thread::yield_now();
        }
        panic!("request {tag} was not answered");
    }

    fn open(&mut self, path: &str, flags: usize) -> Called<usize> {
        self.call(FakeClient::new(Opcode::OpenAt, 0, [flags as u64, 0, 0], path.into()))
    }

    fn write(&mut self, handle: usize, bytes: &[u8]) -> Called<usize> {
        self.call(FakeClient::new(Opcode::Write, handle, [0; 3], bytes.into()))
    }

    fn close(&mut self, handle: usize) {
        self.server.serve(FakeClient::new(Opcode::CloseMsg, handle, [0; 3], Vec::new()));
    }

    fn echo(&mut self, path: &str, text: &str) -> Called<usize> {
        let handle = self.open(path, O_WRONLY)?;
        let result = self.write(handle, text.as_bytes());
        self.close(handle);
        result
    }

    fn round(&mut self, number: u32) {
        let id = number % 2;
        let expected = [EAGAIN, EBUSY, EEXIST, EINVAL, ENODEV, ENOENT, ENOSPC, EIO];
        let expect = |result: Called<usize>| match result {
            Ok(_) => {}
            Err(errno) => assert!(expected.contains(&errno), "errno {errno}"),
        };
        expect(self.echo("control/hot_add", &format!("id={id} disksize=64K")));
        if let Ok(handle) = self.open(&format!("{id}"), O_RDWR) {
            let result = self.write(handle, &page(u64::from(number)));
            self.close(handle);
            expect(result);
        }
        expect(self.echo(&format!("{id}/reset"), "1"));
        expect(self.echo(&format!("{id}/disksize"), "128K"));
        for size in ["256K", "32K", "64M"] {
            expect(self.echo(&format!("{id}/resize"), size));
        }
        expect(self.echo(&format!("{id}/compact"), "1"));
        expect(self.echo("control/hot_remove", &format!("{id}")));
    }
}

fn toggle_cpu(daemon: &FakeDaemon, is_over: &AtomicBool) -> u32 {
    let cpu = CpuId::new(3).unwrap();
    let mut cycles = 0;
    while !is_over.load(Ordering::Relaxed) {
        for stage in [Stage::Prepare, Stage::Online, Stage::Dying, Stage::Dead] {
            assert_eq!(daemon.change_cpu(cpu, stage), Ok(()), "memory is there");
        }
        cycles += 1;
    }
    cycles
}

/// Swaps on whatever generation device 0 has; a record finds it whole or not at all.
fn swap(daemon: &FakeDaemon, is_over: &AtomicBool) -> u32 {
    let mut worker = Worker::new(3).unwrap();
    let mut window = [[0; 4096]; ENTRIES_MAX];
    let mut stored = 0;
    while !is_over.load(Ordering::Relaxed) {
        let generation = daemon.devices.generation(hotplug::InstanceId::new(0).unwrap());
        window[0] = page(u64::from(generation));
        for operation in [Operation::Store, Operation::Take] {
            let mut record = Record::new(operation, 0, generation.into(), 0);
            assert!(record.push(9));
            queue::serve(daemon, &mut worker, &mut record, &mut window);
            match record.entries()[0].status {
                Status::Ok => stored += 1,
                Status::Gone => {}
                other => panic!("{operation:?}: {other:?}"),
            }
        }
    }
    stored
}

#[test]
fn a_storm_of_everything_at_once_ends_with_nothing_left() {
    const ROUNDS: u32 = 150;
    let mut machine = Machine::new();
    let daemon = machine.daemon;
    let actor = machine.actor.take().unwrap();
    let tags: &AtomicU32 = Box::leak(Box::new(AtomicU32::new(1000)));
    let is_over = AtomicBool::new(false);
    let client = || Client { daemon, server: Server::new(daemon).unwrap(), tags };
    std::thread::scope(|scope| {
        scope.spawn(|| actor.run());
        let toggler = scope.spawn(|| toggle_cpu(daemon, &is_over));
        let swapper = scope.spawn(|| swap(daemon, &is_over));
        let clients = [0, 1].map(|first| {
            let mut client = client();
            scope.spawn(move || (first..ROUNDS).for_each(|number| client.round(number)))
        });
        clients.into_iter().for_each(|client| client.join().unwrap());
        is_over.store(true, Ordering::Relaxed);
        assert!(toggler.join().unwrap() > 0);
        let _ = swapper.join().unwrap();
        assert_eq!(client().echo("control/exit", "1"), Ok(1));
    });
    let nothing =
        Remains { instances: 0, devices: 0, pool_pages: 0, table_bytes: 0, streams: 0, handles: 0 };
    assert_eq!(daemon.remains(), nothing);
    assert_eq!(
        nothing.to_string(),
        "instances 0 devices 0 pool_pages 0 table_bytes 0 streams 0 handles 0"
    );
}
