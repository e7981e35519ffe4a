use super::{BUFFER_SIZE, LogBuffer};
use crate::fake::FakePlatform;
use crate::platform::LogSink;

#[derive(Default)]
struct Kept(Vec<u8>);

impl LogSink for Kept {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

#[test]
fn lines_come_out_in_order() {
    let buffer = LogBuffer::new(FakePlatform::new());
    let mut kept = Kept::default();
    buffer.push("one");
    buffer.push("two");
    assert!(buffer.flush(&mut kept));
    assert!(!buffer.flush(&mut kept));
    assert_eq!(kept.0, b"one\ntwo\n");
}

#[test]
fn a_full_ring_drops_lines_and_tells_how_many() {
    let buffer = LogBuffer::new(FakePlatform::new());
    let line = "x".repeat(99);
    let fitting = (BUFFER_SIZE - 1) / 100;
    for _ in 0..fitting + 7 {
        buffer.push(&line);
    }
    let mut kept = Kept::default();
    assert!(buffer.flush(&mut kept));
    let text = String::from_utf8(kept.0).unwrap();
    assert_eq!(text.lines().count(), fitting + 1);
    assert!(text.ends_with("zramd: 7 lines lost\n"));
}
