//! Takes the figures out of what the guest printed.
//!
//! Programs of the image print a line `figure NAME VALUE` for each number that somebody may want to
//! read by machine; what they print for people is not parsed. The demo keeps them as JSON.

use std::collections::BTreeMap;

/// Figures by name, as the guest printed them.
pub type Figures = BTreeMap<String, String>;

/// Returns name and value if `line` is a figure.
pub fn figure(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix("figure ")?.trim().split_once(' ')?;
    Some((name, value.trim()))
}

/// Returns all figures of a log; a name printed twice keeps its last value.
pub fn figures(log: &str) -> Figures {
    log.lines()
        .filter_map(figure)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Returns the figures as a JSON object: numbers as numbers, everything else as text.
pub fn to_json(figures: &Figures) -> String {
    let members: Vec<String> = figures
        .iter()
        .map(|(name, value)| format!("  {}: {}", quoted(name), number_or_text(value)))
        .collect();
    format!("{{\n{}\n}}\n", members.join(",\n"))
}

fn number_or_text(value: &str) -> String {
    // Rust reads "inf", "+1" and ".5" as numbers, JSON does not.
    let plain = value.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        && value.ends_with(|last: char| last.is_ascii_digit());
    let leading_zero = value.trim_start_matches('-').strip_prefix('0');
    let octal = leading_zero.is_some_and(|rest| rest.starts_with(|next: char| next != '.'));
    if plain && !octal && value.parse::<f64>().is_ok_and(f64::is_finite) {
        value.to_owned()
    } else {
        quoted(value)
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", control as u32)),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_among_other_lines() {
        let found = figures("hello\nfigure b_ns 12\n figure c 1\nfigure a two words\nfigure x\n");
        let expected = [("a", "two words"), ("b_ns", "12")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found, Figures::from(expected));
    }

    #[test]
    fn json_tells_numbers_from_text() {
        let found = figures(
            "figure a 1\nfigure b 2.5\nfigure c say \"no\"\nfigure d inf\nfigure e 007\n\
             figure f -3\nfigure g 0.25\nfigure h 1.",
        );
        let expected = "{\n  \"a\": 1,\n  \"b\": 2.5,\n  \"c\": \"say \\\"no\\\"\",\n  \
                        \"d\": \"inf\",\n  \"e\": \"007\",\n  \"f\": -3,\n  \"g\": 0.25,\n  \
                        \"h\": \"1.\"\n}\n";
        assert_eq!(to_json(&found), expected);
    }
}
