//! The machine that `MEM=` and `CPUS=` ask for, and the configuration that `CONF=` asks for.

use std::str::FromStr;

use qemu::image::USUAL_CONFIGURATION;

/// Memory and CPUs of the machine to boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) memory_mib: u32,
    pub(crate) cpus: u32,
}

impl Settings {
    /// Reads the environment: 256 MiB and 2 CPUs unless it says otherwise.
    ///
    /// # Errors
    ///
    /// In words, for what is no number or not within the kernel's limits.
    pub(crate) fn from_environment() -> Result<Self, String> {
        Self::from_environment_with(2)
    }

    /// Reads the environment as [`Self::from_environment`] does, with other CPUs where it says nothing.
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) fn from_environment_with(cpus: u32) -> Result<Self, String> {
        let variable = |name| std::env::var(name).unwrap_or_default();
        let wanted = variable("CPUS");
        let wanted = if wanted.is_empty() { cpus.to_string() } else { wanted };
        Self::new(&variable("MEM"), &wanted)
    }

    fn new(memory: &str, cpus: &str) -> Result<Self, String> {
        let (digits, unit_mib) = match memory.as_bytes().last() {
            Some(b'G' | b'g') => (&memory[..memory.len() - 1], 1024),
            Some(b'M' | b'm') => (&memory[..memory.len() - 1], 1),
            _ => (memory, 1),
        };
        let memory_mib = number("MEM", digits, 256)?.saturating_mul(unit_mib);
        let cpus = number("CPUS", cpus, 2)?;
        if !(128..=2048).contains(&memory_mib) {
            return Err(format!("MEM={memory}: the kernel runs with 128 MiB to 2 GiB"));
        }
        if !(1..=8).contains(&cpus) {
            return Err(format!("CPUS={cpus}: the kernel runs with 1 to 8 CPUs"));
        }
        Ok(Self { memory_mib, cpus })
    }
}

/// Returns the boot configuration that `CONF=` asks for: a file's, none for `none`, else the usual one.
///
/// # Errors
///
/// In words, if the file cannot be read.
pub(crate) fn configuration() -> Result<Option<String>, String> {
    configuration_of(&std::env::var("CONF").unwrap_or_default())
}

fn configuration_of(wanted: &str) -> Result<Option<String>, String> {
    match wanted {
        "" => Ok(Some(USUAL_CONFIGURATION.to_owned())),
        "none" => Ok(None),
        file => {
            let text = std::fs::read_to_string(file);
            text.map(Some).map_err(|error| format!("CONF={file}: {error}"))
        }
    }
}

fn number(name: &str, text: &str, default: u32) -> Result<u32, String> {
    if text.is_empty() {
        return Ok(default);
    }
    u32::from_str(text).map_err(|_| format!("{name}={text}: not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_with_and_without_unit() {
        let memory = |text| Settings::new(text, "").map(|settings| settings.memory_mib);
        assert_eq!(memory(""), Ok(256));
        assert_eq!(memory("512"), Ok(512));
        assert_eq!(memory("512M"), Ok(512));
        assert_eq!(memory("1G"), Ok(1024));
    }

    #[test]
    fn a_configuration_is_the_usual_one_none_or_a_file() {
        let usual = configuration_of("").expect("it is built in").expect("it is there");
        assert!(usual.contains("swap-priority"));
        assert_eq!(configuration_of("none"), Ok(None));
        let refusal = configuration_of("/nosuch").expect_err("it is not there");
        assert!(refusal.starts_with("CONF=/nosuch: "), "{refusal}");
    }

    #[test]
    fn machines_that_the_kernel_cannot_run_on_are_refused() {
        for (memory, cpus) in
            [("64", ""), ("4G", ""), ("5000000G", ""), ("much", ""), ("", "0"), ("", "9")]
        {
            assert!(Settings::new(memory, cpus).is_err(), "MEM={memory} CPUS={cpus}");
        }
    }
}
