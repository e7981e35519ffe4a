//! Sizes as people write them: decimal, `0x` or leading-0 octal, then at most one of K M G T P E.
//!
//! Linux's `memparse` (reference for users: admin-guide/blockdev/zram) ignores what follows; we
//! refuse it, because a mistyped size should not become another size.

/// Returns the bytes that `text` names; one trailing newline is allowed.
///
/// Nothing is returned for empty text, signs, fractions, unknown suffixes, anything behind the
/// suffix, and sizes of 2^64 bytes or more.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let (digits, shift) = split_suffix(text);
    let (digits, radix) = split_radix(digits);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u64::from_str_radix(digits, radix).ok()?;
    number.checked_mul(1 << shift)
}

fn split_suffix(text: &str) -> (&str, u32) {
    let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let shift = match text.as_bytes().last() {
        Some(b'k' | b'K') => 10,
        Some(b'm' | b'M') => 20,
        Some(b'g' | b'G') => 30,
        Some(b't' | b'T') => 40,
        Some(b'p' | b'P') => 50,
        Some(b'e' | b'E') if !hexadecimal => 60,
        _ => return (text, 0),
    };
    (&text[..text.len() - 1], shift)
}

fn split_radix(digits: &str) -> (&str, u32) {
    if let Some(rest) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return (rest, 16);
    }
    match digits.strip_prefix('0') {
        Some(rest) if !rest.is_empty() => (rest, 8),
        _ => (digits, 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_linux_reads_them() {
        for (text, bytes) in [
            ("1", 1),
            ("4097", 4097),
            ("1K", 1024),
            ("8k", 8192),
            ("1m\n", 1 << 20),
            ("0x10000", 0x10000),
            ("010000", 4096),
            ("1T", 1 << 40),
            ("0", 0),
            ("0x1e", 30),
        ] {
            assert_eq!(parse_size(text), Some(bytes), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in
            ["", "\n", "abc", "-1", "+1", "1Mgarbage", "1M ", "1Z", "1.5G", "16E", "0x", "K"]
        {
            assert_eq!(parse_size(text), None, "{text:?}");
        }
    }
}
