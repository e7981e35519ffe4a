use super::{MAILBOX_MAX, Mailbox, Message, PostError, ReplyTo};
use crate::fake::FakePlatform;
use crate::scheme::{File, HandleId, PendingWrite};
use zram_lifecycle::{DeviceId, Request};

fn from_client(tag: u32) -> Message<u32> {
    let (file, handle) = (File::Root, HandleId(0));
    let write = PendingWrite { client: tag, file, handle, size: 1, asked: None };
    let request = Request::Remove(DeviceId::new(tag % 64).unwrap());
    Message { request, reply_to: ReplyTo::Client(write) }
}

fn from_cpu() -> Message<u32> {
    let cpu = hotplug::CpuId::new(0).unwrap();
    Message { request: Request::Cpu(cpu, hotplug::Stage::Dead), reply_to: ReplyTo::CpuEvents }
}

fn tag(message: Message<u32>) -> u32 {
    match message.reply_to {
        ReplyTo::Client(write) => write.client,
        ReplyTo::CpuEvents => u32::MAX,
    }
}

#[test]
fn messages_come_out_in_order_of_arrival() {
    let platform = FakePlatform::new();
    let mailbox = Mailbox::new();
    for number in 0..5 {
        mailbox.post(&platform, from_client(number)).unwrap();
    }
    let taken: Vec<u32> = (0..5).map(|_| tag(mailbox.take(&platform))).collect();
    assert_eq!(taken, [0, 1, 2, 3, 4]);
}

#[test]
fn messages_that_come_one_by_one_use_the_same_place() {
    let platform = FakePlatform::new();
    let mailbox = Mailbox::new();
    let places: Vec<*const Message<u32>> = (0..2 * MAILBOX_MAX as u32)
        .map(|number| {
            mailbox.post(&platform, from_client(number)).unwrap();
            let place = mailbox.queue.lock().messages.as_slices().0.as_ptr();
            mailbox.take(&platform);
            place
        })
        .collect();
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
}

#[test]
fn a_full_mailbox_gives_the_message_back_but_takes_a_cpu_event() {
    let platform = FakePlatform::new();
    let mailbox = Mailbox::new();
    for number in 0..MAILBOX_MAX as u32 {
        mailbox.post(&platform, from_client(number)).unwrap();
    }
    let (error, message) = mailbox.post(&platform, from_client(777)).unwrap_err();
    assert_eq!((error, tag(message)), (PostError::Full, 777));
    assert!(mailbox.post(&platform, from_cpu()).is_ok());
    mailbox.take(&platform);
    mailbox.take(&platform);
    assert!(mailbox.post(&platform, from_client(778)).is_ok());
}

#[test]
fn a_closed_mailbox_gives_out_what_it_has_and_takes_nothing() {
    let platform = FakePlatform::new();
    let mailbox = Mailbox::new();
    mailbox.post(&platform, from_client(1)).unwrap();
    mailbox.post(&platform, from_cpu()).unwrap();
    let rest: Vec<u32> = mailbox.close().into_iter().map(tag).collect();
    assert_eq!(rest, [1, u32::MAX]);
    let (error, _) = mailbox.post(&platform, from_client(2)).unwrap_err();
    assert_eq!(error, PostError::Closed);
    let (error, _) = mailbox.post(&platform, from_cpu()).unwrap_err();
    assert_eq!(error, PostError::Closed);
}

#[test]
fn no_message_of_many_senders_is_lost_or_doubled() {
    const SENDERS: u32 = 4;
    const EACH: u32 = 500;
    let platform = FakePlatform::new();
    let mailbox = Mailbox::new();
    let mut taken = std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (platform, mailbox) = (&platform, &mailbox);
            scope.spawn(move || {
                for number in 0..EACH {
                    let message = from_client(sender * EACH + number);
                    let mut result = mailbox.post(platform, message);
                    while let Err((PostError::Full, message)) = result {
                        std::thread::yield_now();
                        result = mailbox.post(platform, message);
                    }
                    result.unwrap();
                }
            });
        }
        (0..SENDERS * EACH).map(|_| tag(mailbox.take(&platform))).collect::<Vec<u32>>()
    });
    taken.sort_unstable();
    assert_eq!(taken, (0..SENDERS * EACH).collect::<Vec<u32>>());
}
