//! The source file with the tables.

use std::fmt::Write;

use crate::lengths::Lengths;

/// Names by stream.
const NAMES: [(&str, &str); 3] =
    [("OPERANDS", "operands"), ("LITERALS", "literals"), ("TOKENS", "tokens")];

/// Digits in a line.
const LINE: usize = 64;

/// Returns the file; `facts` say where the tables come from.
pub(crate) fn text(facts: &[String], tables: &[Vec<Lengths>]) -> String {
    let mut text = String::from(
        "//! The tables: by byte, the length of its code as a hexadecimal digit.\n//!\n\
         //! Made by `make train-tables`, not by hand. A changed table is another format.\n//!\n",
    );
    for fact in facts {
        text += &wrapped(fact);
    }
    for ((name, words), tables) in NAMES.iter().zip(tables) {
        let count = tables.len();
        let of = format!(
            "\n/// Of {words}.\npub(in crate::zcomp::pagelz) static {name}: [[u8; 256]; {count}] = [\n"
        );
        text += &of;
        for table in tables {
            text += &digits(table);
        }
        text += "];\n";
    }
    text
}

/// Breaks a line into lines of comment.
fn wrapped(words: &str) -> String {
    let mut text = String::from("//!");
    let mut width = 3;
    for word in words.split(' ') {
        if width + 1 + word.len() > 100 {
            text += "\n//!";
            width = 3;
        }
        text += " ";
        text += word;
        width += 1 + word.len();
    }
    text + "\n"
}

fn digits(table: &Lengths) -> String {
    let mut text = String::new();
    for (index, line) in table.chunks(LINE).enumerate() {
        text += if index == 0 { "    *b\"" } else { "      " };
        for length in line {
            // Writing to a string cannot fail.
            let _ = write!(text, "{length:x}");
        }
        text += if (index + 1) * LINE < table.len() { "\\\n" } else { "\",\n" };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{text, wrapped};

    #[test]
    fn a_table_is_four_lines_of_digits() {
        let mut table = [8; 256];
        (table[0], table[63], table[255]) = (1, 11, 9);
        let text = text(&[], &[vec![table]]);
        let lines: Vec<_> = text.lines().skip_while(|line| !line.contains("*b\"")).collect();
        assert_eq!(lines[0], format!("    *b\"1{}b\\", "8".repeat(62)));
        assert_eq!(lines[3], format!("      {}9\",", "8".repeat(63)));
        assert_eq!(lines[4], "];");
    }

    #[test]
    fn a_long_fact_is_broken_at_spaces() {
        let fact = "page ".repeat(40);
        assert!(wrapped(fact.trim()).lines().all(|line| line.len() <= 100));
    }
}
