//! Tables of the tools: columns that always line up, or plain for programs (`--raw`, `--json`).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Which side of its column a cell stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Names.
    Left,
    /// Numbers.
    Right,
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Columns that line up; a cell without a value is `-`.
    #[default]
    Columns,
    /// One blank between cells; a cell without a value, or an empty one, is `-`.
    Raw,
    /// One object with one array of objects, as util-linux prints it.
    Json,
}

/// A heading, and the side of its cells.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The heading.
    pub name: &'static str,
    /// The side.
    pub side: Side,
    /// Whether JSON shows the cell as a number, if it is one.
    pub is_number: bool,
}

/// Cells in rows; each row has one for each column, and none is a value that is not known.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// Returns a table without rows.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Panics
    ///
    /// If it has not one cell for each column.
    pub fn add(&mut self, row: Vec<Option<String>>) {
        assert_eq!(row.len(), self.columns.len(), "a row has a cell for each column");
        self.rows.push(row);
    }

    /// Returns the text of the table. `name` is what JSON calls the list.
    pub fn text(&self, form: Form, with_headings: bool, name: &str) -> String {
        match form {
            Form::Columns => self.in_columns(with_headings),
            Form::Raw => self.raw(with_headings),
            Form::Json => self.json(name),
        }
    }

    fn in_columns(&self, with_headings: bool) -> String {
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| {
                let cells = self.rows.iter().map(|row| width(row[at].as_deref().unwrap_or("-")));
                let heading = if with_headings { self.columns[at].name.len() } else { 0 };
                cells.chain([heading]).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        if with_headings {
            let headings: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
            self.line(&mut text, &widths, &headings);
        }
        for row in &self.rows {
            let cells: Vec<&str> = row.iter().map(|cell| cell.as_deref().unwrap_or("-")).collect();
            self.line(&mut text, &widths, &cells);
        }
        text
    }

    fn line(&self, text: &mut String, widths: &[usize], cells: &[&str]) {
        let start = text.len();
        for ((column, &wide), cell) in self.columns.iter().zip(widths).zip(cells) {
            if text.len() > start {
                text.push(' ');
            }
            let padding = wide - width(cell);
            let padding = core::iter::repeat_n(' ', padding);
            match column.side {
                Side::Left => {
                    text.push_str(cell);
                    text.extend(padding);
                }
                Side::Right => {
                    text.extend(padding);
                    text.push_str(cell);
                }
            }
        }
        text.truncate(text.trim_end_matches(' ').len().max(start));
        text.push('\n');
    }

    fn raw(&self, with_headings: bool) -> String {
        let headings = with_headings.then(|| {
            self.columns.iter().map(|column| String::from(column.name)).collect::<Vec<_>>()
        });
        let rows = self.rows.iter().map(|row| {
            // A blank inside would look like the next column.
            let cell = |cell: &Option<String>| match cell.as_deref() {
                None | Some("") => String::from("-"),
                Some(text) => text.replace(' ', "\\x20"),
            };
            row.iter().map(cell).collect::<Vec<_>>()
        });
        headings.into_iter().chain(rows).map(|row| row.join(" ") + "\n").collect()
    }

    fn json(&self, name: &str) -> String {
        let rows: Vec<String> = self.rows.iter().map(|row| self.object(row)).collect();
        format!("{{\n   {}: [{}\n   ]\n}}\n", quoted(name), rows.join(","))
    }

    fn object(&self, row: &[Option<String>]) -> String {
        let members = self.columns.iter().zip(row).map(|(column, cell)| {
            let value = match cell.as_deref() {
                None => String::from("null"),
                Some(text) if column.is_number && is_number(text) => String::from(text),
                Some(text) => quoted(text),
            };
            format!("\n         {}: {value}", quoted(&column.name.to_ascii_lowercase()))
        });
        format!("\n      {{{}\n      }}", members.collect::<Vec<_>>().join(","))
    }
}

/// Returns how many columns of a terminal a cell takes; ours are ASCII.
fn width(cell: &str) -> usize {
    cell.chars().count()
}

/// Returns whether a text is a number as JSON writes it.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = text.split_once('.').map_or((text, None), |(a, b)| (a, Some(b)));
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && (whole == "0" || !whole.starts_with('0')) && rest.is_none_or(are_digits)
}

/// Returns a text as a JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control.is_control() => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec;

    use super::{Column, Form, Side, Table};

    fn table() -> Table {
        let mut table = Table::new(vec![
            Column { name: "NAME", side: Side::Left, is_number: false },
            Column { name: "SIZE", side: Side::Right, is_number: true },
            Column { name: "NOTE", side: Side::Left, is_number: false },
        ]);
        let cell = |text: &str| Some(text.to_string());
        table.add(vec![cell("zram:0"), cell("1"), cell("a b")]);
        table.add(vec![cell("zram:10"), cell("18446744073709551615"), None]);
        table
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_end_without_blanks() {
        let text = table().text(Form::Columns, true, "list");
        let expected = "\
NAME                    SIZE NOTE
zram:0                     1 a b
zram:10 18446744073709551615 -
";
        assert_eq!(text, expected);
        assert_eq!(
            table().text(Form::Columns, false, "list"),
            expected.split_once('\n').expect("it has a heading").1
        );
    }

    #[test]
    fn raw_has_one_blank_between_cells_and_none_in_them() {
        let text = table().text(Form::Raw, true, "list");
        assert_eq!(text, "NAME SIZE NOTE\nzram:0 1 a\\x20b\nzram:10 18446744073709551615 -\n");
    }

    #[test]
    fn json_has_numbers_texts_and_nulls() {
        let text = table().text(Form::Json, true, "list");
        let expected = "{
   \"list\": [
      {
         \"name\": \"zram:0\",
         \"size\": 1,
         \"note\": \"a b\"
      },
      {
         \"name\": \"zram:10\",
         \"size\": 18446744073709551615,
         \"note\": null
      }
   ]
}
";
        assert_eq!(text, expected);
        assert_eq!(super::quoted("a\"\\\n"), "\"a\\\"\\\\\\u000a\"");
        assert_eq!(
            ["0", "1.5", "-3", "007", "1.", ""].map(super::is_number),
            [true, true, true, false, false, false]
        );
    }

    #[test]
    fn an_empty_table_is_its_heading() {
        let empty = Table::new(vec![Column { name: "NAME", side: Side::Left, is_number: false }]);
        assert_eq!(empty.text(Form::Columns, true, "list"), "NAME\n");
        assert_eq!(empty.text(Form::Columns, false, "list"), String::new());
    }
}
