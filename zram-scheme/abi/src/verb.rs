//! Verbs: the first metadata word of `SYS_CALL` on our files.
//!
//! Redox's `SYS_CALL(fd, payload, flags, metadata)` carries up to three words. The first is the
//! verb; a file that does not know it answers EOPNOTSUPP.

/// On `/scheme/swap/pager/CPU/in` and `out`: completes the record in the payload, waits for the
/// next one and writes it there. Answers 0; ENODEV once the queue is revoked. After EINTR the
/// record was not completed, and the same call is right again.
pub const QUEUE_NEXT: u64 = 1;

/// On `/scheme/swap/control`: the payload is one descriptor (flag FD) of an open device, word 1
/// the priority (as i64; higher is used first). Answers the number of the area.
pub const SWAPON: u64 = 2;

/// On `/scheme/swap/control`: word 1 is the device id. Answers 0 once the area is empty and gone;
/// EINVAL if no such area is mounted, ENOMEM if the pages do not fit back.
pub const SWAPOFF: u64 = 3;

/// On `/scheme/swap/control`: hands this CPU to the daemon's `in` thread with a record without
/// entries, and comes back; for measuring. Answers 0; EAGAIN if that thread is busy or nothing is
/// mounted.
pub const HAND_OFF: u64 = 4;

/// On `/scheme/swap/control`: word 1 is a [`Cookie`], whose pages the device's area is to have; word 2 is
/// [`RESIZE_DAEMON`] or [`RESIZE_USER`].
///
/// From the daemon, and from no other process (EACCES): its device has so many pages now. The area takes
/// them at once. EBUSY, and nothing changes, if the area is larger and must be made smaller first.
///
/// From a user: the area is to end there; the cookie names the device alone, its generation is not looked
/// at, because a mounted device has no other life. Pages above come back first; the call waits for that, can be
/// interrupted, and changes nothing if it fails (ENOMEM: they do not fit; EBUSY: another such call or
/// SWAPOFF is under way). Up to the size that the device is known to have the area grows at once.
/// EINVAL if the device, or for the daemon that life of it, is not mounted, or for other sizes.
pub const SWAP_RESIZE: u64 = 5;

/// Word 2 of [`SWAP_RESIZE`] from a user.
pub const RESIZE_USER: u64 = 0;

/// Word 2 of [`SWAP_RESIZE`] from the daemon.
pub const RESIZE_DAEMON: u64 = 1;

/// On a device file, by the kernel only: answers the cookie ([`Cookie`]) of an initialised device.
/// ENODATA before disksize was set; EBUSY while others have the device open. The kernel keeps the file
/// open while the area is mounted, and until it is closed nobody else can open the device (EBUSY).
pub const SWAP_ATTACH: u64 = 0x10;

/// On a device file: forgets the pages of word 1 (first slot) and word 2 (how many slots).
pub const DISCARD: u64 = 0x11;

/// What `SWAP_ATTACH` answers: which device, which life of it, and how big.
///
/// Packed into one non-negative `i64` result: pages in bits 32..63, generation in bits 16..32, id
/// in bits 0..16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Device id.
    pub device: u16,
    /// Generation of the device; another life of the same id has another one.
    pub generation: u16,
    /// Size of the device in pages, below 2^31.
    pub pages: u32,
}

impl Cookie {
    /// Returns the packed form, or nothing if there are 2^31 pages or more.
    pub fn pack(self) -> Option<u64> {
        let pages = (self.pages < 1 << 31).then_some(u64::from(self.pages))?;
        Some(pages << 32 | u64::from(self.generation) << 16 | u64::from(self.device))
    }

    /// Returns the cookie in `word`, or nothing if it is no packed cookie (its sign bit is set).
    pub fn unpack(word: u64) -> Option<Self> {
        (word >> 63 == 0).then_some(Self {
            device: word as u16,
            generation: (word >> 16) as u16,
            pages: (word >> 32) as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_has_this_golden_word() {
        let cookie = Cookie { device: 2, generation: 0x0103, pages: 0x1_8000 };
        assert_eq!(cookie.pack(), Some(0x0001_8000_0103_0002));
        assert_eq!(Cookie::unpack(0x0001_8000_0103_0002), Some(cookie));
    }

    #[test]
    fn a_word_with_the_sign_bit_is_no_cookie() {
        assert_eq!(Cookie::unpack(1 << 63), None);
        assert_eq!(Cookie { device: 0, generation: 0, pages: 1 << 31 }.pack(), None);
    }
}
