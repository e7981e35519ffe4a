//! `control/hot_add`: one line of `key=value` that adds a device with its configuration.
//!
//! Keys: `id`, `disksize`, `comp_algorithm`, `level`, `mem_limit`, `mem_watermark`, each at most once, in
//! any order. An empty line adds a default device.

use zram::{Algorithm, Compressor};

use super::mistake::{Keys, Mistake, Wrong};
use super::number::Numbers;
use super::pairs::{Pairs, once};
use super::{algorithm, number, sizes};
use crate::devices::DEVICES_MAX;
use zram_lifecycle::{DeviceId, Pages, Request, Settings};

#[derive(Default)]
struct Line<'a> {
    id: Option<DeviceId>,
    pages: Option<Pages>,
    algorithm: Option<Algorithm>,
    /// The number, and how it was written: which numbers there are, the algorithm decides.
    level: Option<(i32, &'a str)>,
    limit_bytes: Option<u64>,
    watermark_bytes: Option<u64>,
}

/// Returns the request of a line, on a machine of `memory_bytes`.
///
/// # Errors
///
/// The mistake in the line, and where.
pub(crate) fn parse(line: &str, memory_bytes: u64) -> Result<Request, Wrong<'_>> {
    let mut given = Line::default();
    for pair in Pairs::of(line, Keys::HotAdd) {
        let (key, value) = pair?;
        given
            .take(key, value, memory_bytes)
            .map_err(|mistake| Wrong::in_key(key, value, mistake))?;
    }
    given.request()
}

impl<'a> Line<'a> {
    fn take(&mut self, key: &str, value: &'a str, memory_bytes: u64) -> Result<(), Mistake> {
        match key {
            "id" => once(&mut self.id, id(value)),
            "disksize" => once(&mut self.pages, sizes::disksize(value, memory_bytes)),
            "comp_algorithm" => once(&mut self.algorithm, algorithm::parse(value.as_bytes())),
            "level" => {
                let level = number::int(value, Numbers::Level);
                once(&mut self.level, level.map(|level| (level, value)))
            }
            "mem_limit" => once(&mut self.limit_bytes, sizes::limit(value, memory_bytes)),
            "mem_watermark" => once(&mut self.watermark_bytes, sizes::limit(value, memory_bytes)),
            _ => Err(Mistake::UnknownKey(Keys::HotAdd)),
        }
    }

    fn request(self) -> Result<Request, Wrong<'a>> {
        let default = Settings::DEFAULT;
        let algorithm = self.algorithm.unwrap_or(default.compressor.algorithm());
        let compressor = match self.level {
            None if self.algorithm.is_none() => default.compressor,
            None => Compressor::of(algorithm),
            Some((level, written)) => Compressor::with_level(algorithm, level)
                .map_err(|_| Wrong::in_key("level", written, Mistake::NoSuchLevel))?,
        };
        let limit_bytes = self.limit_bytes.unwrap_or(default.limit_bytes);
        let watermark_bytes = self.watermark_bytes.unwrap_or(default.watermark_bytes);
        let settings = Settings { compressor, limit_bytes, watermark_bytes };
        Ok(Request::Add { id: self.id, settings, pages: self.pages })
    }
}

fn id(text: &str) -> Result<DeviceId, Mistake> {
    let id = number::device_id(text)?.filter(|id| id.index() < DEVICES_MAX);
    id.ok_or(Mistake::NoSuchId)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use zram::{Algorithm, Compressor};

    use crate::attributes::mistake::{Keys, Mistake};
    use crate::attributes::number::Numbers;
    use zram_abi::size::NotASize;
    use zram_lifecycle::{DeviceId, Pages, Request, Settings};

    const MEMORY_BYTES: u64 = 256 << 20;

    #[test]
    fn an_empty_line_is_a_default_device() {
        let default = Request::Add { id: None, settings: Settings::DEFAULT, pages: None };
        for line in ["\n", "", "  \n"] {
            assert_eq!(parse(line, MEMORY_BYTES), Ok(default));
        }
    }

    #[test]
    fn all_keys_make_one_request_in_any_order() {
        let request = Request::Add {
            id: DeviceId::new(3),
            settings: Settings {
                compressor: Compressor::with_level(Algorithm::Lz4, 2).expect("it has that level"),
                limit_bytes: 8192,
                watermark_bytes: 4096,
            },
            pages: Pages::holding(1 << 20).ok(),
        };
        for line in [
            "id=3 disksize=1M comp_algorithm=lz4 level=2 mem_limit=4097 mem_watermark=4K\n",
            " level=2 mem_watermark=1 mem_limit=\"8K\"  disksize=1m   id=3 comp_algorithm=\"lz4\"",
        ] {
            assert_eq!(parse(line, MEMORY_BYTES), Ok(request), "{line:?}");
        }
    }

    #[test]
    fn sizes_may_be_shares_of_memory() {
        let Ok(Request::Add { settings, pages, .. }) =
            parse("disksize=250% mem_limit=25%", MEMORY_BYTES)
        else {
            panic!("it is a line with two right keys");
        };
        assert_eq!(pages.map(Pages::bytes), Some(640 << 20));
        assert_eq!(settings.limit_bytes, 64 << 20);
    }

    #[test]
    fn the_key_that_is_wrong_is_named_among_five() {
        let line = "id=1 disksize=64M comp_algorithm=lz4 level=0 mem_limit=1M";
        let wrong = parse(line, MEMORY_BYTES).expect_err("no algorithm has level 0");
        assert_eq!((wrong.key, wrong.value), (Some("level"), &b"0"[..]));
    }

    #[test]
    fn a_mistake_anywhere_refuses_the_whole_line() {
        for (line, mistake) in [
            ("disksize", Mistake::NoValue(Keys::HotAdd)),
            ("disksize=", Mistake::NoValue(Keys::HotAdd)),
            ("id=1 disksize", Mistake::NoValue(Keys::HotAdd)),
            ("x disksize=1M", Mistake::NoValue(Keys::HotAdd)),
            ("bogus=1", Mistake::UnknownKey(Keys::HotAdd)),
            ("disksize=1M bogus=1", Mistake::UnknownKey(Keys::HotAdd)),
            ("id=1 id=1", Mistake::KeyTwice),
            ("disksize=0", Mistake::ZeroSize),
            ("disksize=1Mgarbage", Mistake::NotASize(NotASize::Syntax)),
            ("disksize=16T", Mistake::TooBig),
            ("id=-1", Mistake::NotANumber(Numbers::Id)),
            ("id=99999999999", Mistake::OutOfRange(Numbers::Id)),
            ("id=70000", Mistake::NoSuchId),
            ("id=32", Mistake::NoSuchId),
            ("comp_algorithm=nosuch", Mistake::UnknownAlgorithm),
            ("comp_algorithm=\"lz4", Mistake::OpenQuote),
            ("comp_algorithm=\"lz4\"x", Mistake::OpenQuote),
            ("mem_limit=much", Mistake::NotASize(NotASize::Syntax)),
            ("level=0", Mistake::NoSuchLevel),
            ("comp_algorithm=lz4-safe level=2", Mistake::NoSuchLevel),
            ("level=fast", Mistake::NotANumber(Numbers::Level)),
        ] {
            let refused = parse(line, MEMORY_BYTES).map_err(|wrong| wrong.mistake);
            assert_eq!(refused, Err(mistake), "{line:?}");
        }
    }
}
