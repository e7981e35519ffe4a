//! `zramctl --resize SIZE zram:N`: a new size for a device that keeps its pages, mounted or not.
//!
//! A mounted device holds pages of programs, so it cannot just be made smaller. The kernel first
//! gives up the end of its area: the pages there move to memory or to other places in swap. Then
//! the device has nothing above its new end and takes its size. If the device refuses the size, the
//! area gets its end back, so that area and device are as before.

use alloc::format;
use alloc::string::{String, ToString};

use zram_abi::PAGE_SIZE;
use zram_abi::size::parse_size;

use crate::areas::areas;
use crate::device::DeviceNumber;
use crate::system::{self, AREAS, Errno, System, set};

/// Gives a device another size.
///
/// # Errors
///
/// In words; nothing has changed then.
pub(super) fn resize(system: &impl System, device: DeviceNumber, size: &str) -> Result<(), String> {
    let Some(before) = area_pages(system, device) else {
        return set(system, device, "resize", size);
    };
    // A share of memory is for the device to reckon, and so is a size that is none.
    let Some(pages) = parse_size(size).and_then(pages_of) else {
        return set(system, device, "resize", size);
    };
    let has = system.read(&system::attribute(device, "disksize")).ok();
    let has = has.and_then(|text| pages_of(text.trim().parse().ok()?));
    // A device that grows tells the kernel by itself.
    let is_within = has.is_some_and(|has| pages <= has);
    if is_within {
        system
            .resize_area(device, pages)
            .map_err(|errno| format!("{device}: resize {size}: {}", refusal(system, errno)))?;
    }
    set(system, device, "resize", size).map_err(|why| match is_within && pages != before {
        true => given_back(system, device, before, why),
        false => why,
    })
}

/// Gives the area the end back that it gave up in vain; returns why it was in vain.
fn given_back(system: &impl System, device: DeviceNumber, pages: u32, why: String) -> String {
    match system.resize_area(device, pages) {
        Ok(()) => why,
        Err(errno) => {
            let words = system::in_words(system, errno);
            format!("{why}; and its area stays smaller than it was: {words}")
        }
    }
}

/// Returns how many pages the living area of a device has, if it is mounted.
fn area_pages(system: &impl System, device: DeviceNumber) -> Option<u32> {
    let table = system.read(AREAS).ok()?;
    let name = device.to_string();
    let area = areas(&table).find(|area| area.name == name && !area.is_dead())?;
    pages_of(area.size_kib.checked_mul(1024)?)
}

/// Returns the pages of a size, rounded up as the device does; nothing for sizes that no device has.
fn pages_of(bytes: u64) -> Option<u32> {
    u32::try_from(bytes.div_ceil(PAGE_SIZE as u64)).ok().filter(|pages| *pages > 0)
}

/// Returns what it means that the kernel does not give up the end of an area.
fn refusal(system: &impl System, errno: Errno) -> String {
    let why = match errno.0 {
        syscall::ENOMEM => {
            "what lies above the new end fits neither into memory nor elsewhere in swap; nothing changed"
        }
        syscall::EBUSY => {
            "a swapoff or another resize is under way, or pages are lost and still in use; nothing changed"
        }
        syscall::EINTR => "interrupted; nothing changed",
        syscall::EINVAL => {
            "it is not mounted any more, or has another size now; look and try again"
        }
        _ => return system::in_words(system, errno),
    };
    String::from(why)
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::resize;
    use crate::device::DeviceNumber;
    use crate::system::fake::Fake;

    /// `zram:0` of 64 MiB, which is mounted and has given up nothing, and `zram:1`, which is not mounted.
    fn system() -> Fake {
        Fake::with(&[
            ("/scheme/swap/areas", "head\nzram:0\tpartition\t65536\t4096\t-1\tactive\n"),
            ("/scheme/zram/0/disksize", "67108864\n"),
            ("/scheme/zram/1/disksize", "67108864\n"),
        ])
    }

    fn outcome(system: &Fake, number: u16, size: &str) -> (Result<(), String>, Vec<String>) {
        let result = resize(system, DeviceNumber::new(number), size);
        (result, system.done())
    }

    #[test]
    fn the_end_of_a_mounted_device_is_given_up_before_it_is_made_smaller() {
        let expected = ["resize zram:0 8192", "write /scheme/zram/0/resize 32M"];
        let (result, done) = outcome(&system(), 0, "32M");
        assert_eq!((result, done.as_slice()), (Ok(()), &expected.map(String::from)[..]));
    }

    #[test]
    fn a_size_between_two_pages_is_that_of_the_larger() {
        assert_eq!(outcome(&system(), 0, "4097").1[0], "resize zram:0 2");
    }

    #[test]
    fn a_device_that_grows_or_is_not_mounted_or_takes_a_share_of_memory_is_written_alone() {
        for (number, size) in [(0, "128M"), (1, "32M"), (0, "25%"), (0, "0"), (0, "64Q")] {
            let (_, done) = outcome(&system(), number, size);
            let written = alloc::format!("write /scheme/zram/{number}/resize {size}");
            assert_eq!(done, [written], "{size}");
        }
    }

    #[test]
    fn each_refusal_of_the_kernel_has_words_and_the_device_is_left_alone() {
        for (errno, words) in [
            (syscall::ENOMEM, "fits neither into memory nor elsewhere in swap; nothing changed"),
            (syscall::EBUSY, "a swapoff or another resize is under way"),
            (syscall::EINTR, "interrupted; nothing changed"),
            (syscall::EINVAL, "it is not mounted any more"),
            (syscall::EACCES, "this needs root"),
        ] {
            let system = Fake { fails: [("resize", errno)].into(), ..system() };
            let (result, done) = outcome(&system, 0, "32M");
            let why = result.unwrap_err();
            assert!(why.starts_with("zram:0: resize 32M: ") && why.contains(words), "{why}");
            assert_eq!(done, ["resize zram:0 8192"], "{errno}");
        }
    }

    #[test]
    fn an_area_whose_device_is_not_made_smaller_gets_its_end_back() {
        let system = Fake { fails: [("write", syscall::EBUSY)].into(), ..system() };
        let (result, done) = outcome(&system, 0, "32M");
        assert_eq!(result, Err(String::from("zram:0: resize 32M: error 16")));
        assert_eq!(done.last().map(String::as_str), Some("resize zram:0 16384"));
    }
}
