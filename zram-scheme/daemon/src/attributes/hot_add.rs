//! `control/hot_add`: one line of `key=value` that adds a device with its configuration.
//!
//! Keys: `id`, `disksize`, `comp_algorithm`, `level`, `mem_limit`, each at most once, in any order. An
//! empty line adds a default device.

use zram::Compressor;

use super::mistake::Mistake;
use super::pairs::Pairs;
use super::{algorithm, number, sizes};
use crate::devices::DEVICES_MAX;
use zram_lifecycle::{DeviceId, Pages, Request, Settings};

#[derive(Default)]
struct Line<'a> {
    id: Option<&'a str>,
    disksize: Option<&'a str>,
    comp_algorithm: Option<&'a str>,
    level: Option<&'a str>,
    mem_limit: Option<&'a str>,
}

/// Returns the request of a line.
///
/// # Errors
///
/// The [`Mistake`] in the line.
pub(crate) fn parse(line: &str) -> Result<Request, Mistake> {
    let mut given = Line::default();
    for pair in Pairs::of(line) {
        let (key, value) = pair?;
        let place = match key {
            "id" => &mut given.id,
            "disksize" => &mut given.disksize,
            "comp_algorithm" => &mut given.comp_algorithm,
            "level" => &mut given.level,
            "mem_limit" => &mut given.mem_limit,
            _ => return Err(Mistake::UnknownKey),
        };
        if place.replace(value).is_some() {
            return Err(Mistake::KeyTwice);
        }
    }
    given.request()
}

impl Line<'_> {
    fn request(&self) -> Result<Request, Mistake> {
        let id = self.id.map(id).transpose()?;
        let pages: Option<Pages> = self.disksize.map(sizes::disksize).transpose()?;
        let mut settings = Settings::DEFAULT;
        if let Some(name) = self.comp_algorithm {
            settings.compressor = Compressor::of(algorithm::parse(name.as_bytes())?);
        }
        if let Some(level) = self.level.map(number::int).transpose()? {
            let algorithm = settings.compressor.algorithm();
            settings.compressor =
                Compressor::with_level(algorithm, level).map_err(|_| Mistake::NoSuchLevel)?;
        }
        if let Some(limit) = self.mem_limit {
            settings.limit_bytes = sizes::limit(limit)?;
        }
        Ok(Request::Add { id, settings, pages })
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

    use crate::attributes::mistake::Mistake;
    use zram_lifecycle::{DeviceId, Pages, Request, Settings};

    #[test]
    fn an_empty_line_is_a_default_device() {
        let default = Request::Add { id: None, settings: Settings::DEFAULT, pages: None };
        for line in ["\n", "", "  \n"] {
            assert_eq!(parse(line), Ok(default));
        }
    }

    #[test]
    fn all_keys_make_one_request_in_any_order() {
        let request = Request::Add {
            id: DeviceId::new(3),
            settings: Settings {
                compressor: Compressor::with_level(Algorithm::Lz4, 2).expect("it has that level"),
                limit_bytes: 8192,
            },
            pages: Pages::holding(1 << 20).ok(),
        };
        for line in [
            "id=3 disksize=1M comp_algorithm=lz4 level=2 mem_limit=4097\n",
            " level=2 mem_limit=\"8K\"  disksize=1m   id=3 comp_algorithm=\"lz4\"",
        ] {
            assert_eq!(parse(line), Ok(request), "{line:?}");
        }
    }

    #[test]
    fn a_mistake_anywhere_refuses_the_whole_line() {
        for (line, mistake) in [
            ("disksize", Mistake::NoValue),
            ("disksize=", Mistake::NoValue),
            ("id=1 disksize", Mistake::NoValue),
            ("x disksize=1M", Mistake::NoValue),
            ("bogus=1", Mistake::UnknownKey),
            ("disksize=1M bogus=1", Mistake::UnknownKey),
            ("id=1 id=1", Mistake::KeyTwice),
            ("disksize=0", Mistake::ZeroSize),
            ("disksize=1Mgarbage", Mistake::NotASize),
            ("disksize=16T", Mistake::TooBig),
            ("id=-1", Mistake::NotANumber),
            ("id=99999999999", Mistake::OutOfRange),
            ("id=70000", Mistake::NoSuchId),
            ("id=32", Mistake::NoSuchId),
            ("comp_algorithm=nosuch", Mistake::UnknownAlgorithm),
            ("comp_algorithm=\"lz4", Mistake::OpenQuote),
            ("comp_algorithm=\"lz4\"x", Mistake::OpenQuote),
            ("mem_limit=much", Mistake::NotASize),
            ("level=0", Mistake::NoSuchLevel),
            ("comp_algorithm=lz4-safe level=2", Mistake::NoSuchLevel),
            ("level=fast", Mistake::NotANumber),
        ] {
            assert_eq!(parse(line), Err(mistake), "{line:?}");
        }
    }
}
