//! Reads the figures from the guest's output.
//!
//! Programs of the image print a line `figure NAME VALUE` for each number that another program may
//! want to read; their text for people is not parsed. The demo keeps the figures as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

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

/// Numbers by name that belong to one moment.
pub type Sample = BTreeMap<String, f64>;

/// Returns the numbers of a line `sample NAME VALUE NAME VALUE ...`, which a program prints now and then.
pub fn sample(line: &str) -> Option<Sample> {
    let words: Vec<&str> = line.strip_prefix("sample ")?.split_whitespace().collect();
    let (pairs, rest) = words.as_chunks::<2>();
    let number = |[name, value]: &[&str; 2]| Some(((*name).to_owned(), value.parse().ok()?));
    if rest.is_empty() { pairs.iter().map(number).collect() } else { None }
}

/// Returns the figures as a JSON object: numbers as numbers, everything else as text.
pub fn to_json(figures: &Figures) -> String {
    let members: Map<String, Value> =
        figures.iter().map(|(name, value)| (name.clone(), number_or_text(value))).collect();
    format!("{:#}\n", Value::Object(members))
}

fn number_or_text(value: &str) -> Value {
    value.parse::<Number>().map_or_else(|_| Value::from(value), Value::Number)
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
    fn a_sample_is_names_and_numbers_and_nothing_else() {
        let found = sample("sample at_ms 5 pages_out 7").expect("it is one");
        assert_eq!((found["at_ms"], found["pages_out"]), (5.0, 7.0));
        for line in ["sample at_ms", "sample at_ms x", "samples a 1", ""] {
            assert_eq!(sample(line), None, "{line:?}");
        }
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
