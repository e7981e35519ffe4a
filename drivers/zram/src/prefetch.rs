//! A hint to the processor that some bytes will be read soon, so that it fetches them meanwhile.
//!
//! A load decodes for more than a microsecond without a cache miss; the object of the next slot
//! arrives in that time if it is requested before ([`crate::Zram::load`] does so in a row of
//! loads). In the same way a place for an object arrives while its checksum is computed. A hint
//! reads nothing, changes nothing and cannot fault, so it may be late, wrong or missing; it is
//! missing on processors that nobody has measured yet.

#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "core has no safe prefetch, and no other way to wait for nothing"
    )
)]

/// Bytes of a cache line on every processor that the hint is given to.
const LINE: usize = 64;

/// Asks for `bytes`.
pub(crate) fn prefetch(bytes: &[u8]) {
    bytes.iter().step_by(LINE).for_each(prefetch_line);
    bytes.last().into_iter().for_each(prefetch_line);
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch_line(byte: &u8) {
    // SAFETY: the instruction belongs to every x86_64 processor, loads no register, writes no
    // memory and no flag, uses no stack, and never faults, whatever the address.
    unsafe {
        core::arch::asm!(
            "prefetcht0 byte ptr [{}]",
            in(reg) core::ptr::from_ref(byte),
            options(nostack, preserves_flags, readonly)
        );
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn prefetch_line(_: &u8) {}
