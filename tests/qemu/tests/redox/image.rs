//! The image for a Redox kernel, beside that of the kernel of this repository.

use std::fs;

use qemu::image::redox::RedoxKernel;
use qemu::image::{Build, Contents, DAEMON, Image};
use qemu::place;

/// Returns a file that passes for a kernel: the headers, and a page of code.
pub(crate) fn something_like_a_kernel() -> Vec<u8> {
    const BASE: u64 = 0xffff_ffff_8000_0000;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    let header = [BASE + 0x1000, 64, 0];
    file.extend(header.map(u64::to_le_bytes).concat());
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 0, 0, 0, 0]);
    file.extend([1, 0, 0, 0, 5, 0, 0, 0]);
    let segment = [0x1000, BASE + 0x1000, 0, 0x1000, 0x1000, 0x1000];
    file.extend(segment.map(u64::to_le_bytes).concat());
    file.resize(0x2000, 0x90);
    file
}

#[test]
fn both_kernels_get_the_same_programs_byte_for_byte() {
    let folder = place::under_target("redox-test/kernel").expect("a folder");
    fs::write(&folder, something_like_a_kernel()).expect("target can be written");
    let kernel = RedoxKernel::read(&folder).expect("it passes");
    let sample = place::root().join("README.md");
    let contents = Contents {
        build: Build::Checked,
        corpus: &sample,
        script: Some("exit 0\n"),
        configuration: None,
        daemon: DAEMON,
    };
    let own = Image::pack("same-own", contents).expect("it is packed");
    let redox = Image::pack_for_redox("same-redox", contents, &kernel).expect("it is packed");
    let read = |image: &Image| fs::read(image.initrd()).expect("it was just written");
    let (own, redox) = (read(&own), read(&redox));
    assert!(own.len() > 1 << 20, "programs are in it");
    assert!(redox.ends_with(&own), "the programs of both are the same bytes");
}
