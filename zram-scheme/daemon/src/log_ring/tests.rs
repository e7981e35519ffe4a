use super::{LogRing, RING_SIZE};
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
    let ring = LogRing::new(FakePlatform::new());
    let mut kept = Kept::default();
    ring.push("one");
    ring.push("two");
    assert!(ring.flush(&mut kept));
    assert!(!ring.flush(&mut kept));
    assert_eq!(kept.0, b"one\ntwo\n");
}

#[test]
fn a_full_ring_drops_lines_and_tells_how_many() {
    let ring = LogRing::new(FakePlatform::new());
    let line = "x".repeat(99);
    let fitting = (RING_SIZE - 1) / 100;
    for _ in 0..fitting + 7 {
        ring.push(&line);
    }
    let mut kept = Kept::default();
    assert!(ring.flush(&mut kept));
    let text = String::from_utf8(kept.0).unwrap();
    assert_eq!(text.lines().count(), fitting + 1);
    assert!(text.ends_with("zramd: 7 lines lost\n"));
}
