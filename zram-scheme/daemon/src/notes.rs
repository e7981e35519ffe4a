//! The note about a setting that was accepted but is probably a mistake, in one line for
//! `last_note`.
//!
//! Linux accepts such settings silently, and people found out by failed writes. Here they are
//! accepted as well, but the writer is told at once, because the shell and the tools read
//! `last_note` after each write. Neighbour: `words.rs` for refused settings.

use core::fmt::{self, Display, Formatter};

use zram_lifecycle::{Limit, Request, Settings, View};

use crate::text::Words;

/// Bytes of a limit that are few: whoever meant megabytes gets here with less than 64 GiB.
const FEW_BYTES: u64 = 64 << 10;

/// Pages of a device that are few: Linux refuses fewer as swap.
const FEW_PAGES: u32 = 10;

/// Returns what to say of a request that was granted by a write to `file`, if there is something: of the
/// device as it is now, whose pool uses `used_bytes`.
pub(crate) fn note(file: &str, asked: Request, view: View, used_bytes: u64) -> Option<Words> {
    let settings = view.settings;
    let odd = match asked {
        Request::SetLimit(_, Limit::Hard(_)) => odd_limit(settings.limit_bytes, used_bytes),
        Request::SetLimit(_, Limit::Soft(_)) => odd_watermark(settings),
        Request::SetDisksize(..) | Request::Resize(..) => odd_size(view),
        Request::Add { .. } => odd_limit(settings.limit_bytes, used_bytes)
            .or_else(|| odd_watermark(settings))
            .or_else(|| odd_size(view)),
        Request::Remove(_)
        | Request::SetAlgorithm(..)
        | Request::SetParameters(..)
        | Request::Reset(_)
        | Request::Compact(_)
        | Request::Cpu(..)
        | Request::Exit => None,
    };
    odd.map(|odd| Words::of(format_args!("{file}: {odd}")))
}

/// What is odd about a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    /// The pool uses more than the limit by now.
    LimitBelowUse { limit_bytes: u64, used_bytes: u64 },
    /// The limit leaves room for next to nothing.
    LimitOfFewBytes(u64),
    /// The pool never gets to the watermark.
    WatermarkAboveLimit(Settings),
    /// The device has room for next to nothing.
    FewPages(u32),
}

impl Display for Odd {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LimitBelowUse { limit_bytes, used_bytes } => write!(
                to,
                "a mem_limit of {limit_bytes} bytes is below the {used_bytes} in use; nothing more \
                 is stored until they are fewer"
            ),
            Self::LimitOfFewBytes(bytes) => write!(
                to,
                "a mem_limit of {bytes} bytes is {} KiB only; it is in bytes, megabytes have an M",
                bytes >> 10
            ),
            Self::WatermarkAboveLimit(Settings { limit_bytes, watermark_bytes, .. }) => write!(
                to,
                "the pool never comes to {watermark_bytes} bytes: its mem_limit is {limit_bytes}"
            ),
            Self::FewPages(pages) => write!(
                to,
                "the device has room for {pages} page{} only; sizes are in bytes, megabytes have an M",
                if pages == 1 { "" } else { "s" }
            ),
        }
    }
}

fn odd_limit(limit_bytes: u64, used_bytes: u64) -> Option<Odd> {
    match limit_bytes {
        0 => None,
        _ if limit_bytes < used_bytes => Some(Odd::LimitBelowUse { limit_bytes, used_bytes }),
        1..=FEW_BYTES => Some(Odd::LimitOfFewBytes(limit_bytes)),
        _ => None,
    }
}

fn odd_watermark(settings: Settings) -> Option<Odd> {
    let Settings { limit_bytes, watermark_bytes, .. } = settings;
    let is_never = limit_bytes != 0 && watermark_bytes > limit_bytes;
    is_never.then_some(Odd::WatermarkAboveLimit(settings))
}

fn odd_size(view: View) -> Option<Odd> {
    let pages = view.pages?.count();
    (pages < FEW_PAGES).then_some(Odd::FewPages(pages))
}

#[cfg(test)]
mod tests {
    use super::{Odd, odd_limit};

    #[test]
    fn a_limit_that_can_hardly_be_meant_is_said() {
        assert_eq!(odd_limit(0, 4096), None, "no limit");
        assert_eq!(odd_limit(1 << 20, 1 << 20), None);
        assert_eq!(odd_limit(8192, 0), Some(Odd::LimitOfFewBytes(8192)));
        let below = Odd::LimitBelowUse { limit_bytes: 1 << 20, used_bytes: 2 << 20 };
        assert_eq!(odd_limit(1 << 20, 2 << 20), Some(below));
    }
}
