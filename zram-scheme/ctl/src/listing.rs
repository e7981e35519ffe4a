//! The list of swap areas, in the columns of `swapon --show` and one of ours, the state.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::areas::{Area, areas};
use crate::options::Given;
use crate::table::{Column, Form, Side, Table};
use crate::units::shortened;

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    Type,
    Size,
    Used,
    Priority,
    State,
}

const FIELDS: [(Field, Column); 6] = [
    (Field::Name, Column { name: "NAME", side: Side::Left, is_number: false }),
    (Field::Type, Column { name: "TYPE", side: Side::Left, is_number: false }),
    (Field::Size, Column { name: "SIZE", side: Side::Right, is_number: true }),
    (Field::Used, Column { name: "USED", side: Side::Right, is_number: true }),
    (Field::Priority, Column { name: "PRIO", side: Side::Right, is_number: true }),
    (Field::State, Column { name: "STATE", side: Side::Left, is_number: false }),
];

/// How the list is shown.
#[derive(Debug)]
pub struct Listing {
    fields: Vec<(Field, Column)>,
    form: Form,
    has_headings: bool,
    in_bytes: bool,
    is_summary: bool,
}

impl Listing {
    /// Returns what the options of `swapon` ask for.
    ///
    /// # Errors
    ///
    /// In words: a column that there is not, forms that exclude each other.
    pub fn of(given: &Given<'_>) -> Result<Self, String> {
        given.excludes(&["raw", "json"])?;
        given.excludes(&["summary", "show", "output-all"])?;
        let fields = match given.value("show") {
            Some(names) => names.split(',').map(field).collect::<Result<_, _>>()?,
            None => FIELDS.to_vec(),
        };
        let form = match (given.has("raw"), given.has("json")) {
            (true, _) => Form::Raw,
            (_, true) => Form::Json,
            _ => Form::Columns,
        };
        Ok(Self {
            fields,
            form,
            has_headings: !given.has("noheadings"),
            in_bytes: given.has("bytes"),
            is_summary: given.has("summary"),
        })
    }
}

fn field(name: &str) -> Result<(Field, Column), String> {
    let found = FIELDS.into_iter().find(|(_, column)| column.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let names = FIELDS.map(|(_, column)| column.name).join(", ");
        format!("{name}: no such column; there are {names}")
    })
}

/// Returns the list of the areas in `table`, the text of `swap:areas`.
pub fn text(table: &str, listing: &Listing) -> String {
    if listing.is_summary {
        return summary(table);
    }
    let columns = listing.fields.iter().map(|(_, column)| *column).collect();
    let mut shown = Table::new(columns);
    for area in areas(table) {
        let cell = |(field, _): &(Field, Column)| Some(cell(&area, *field, listing.in_bytes));
        shown.add(listing.fields.iter().map(cell).collect());
    }
    shown.text(listing.form, listing.has_headings, "swaps")
}

fn cell(area: &Area<'_>, field: Field, in_bytes: bool) -> String {
    let size = |kib: u64| match in_bytes {
        true => format!("{}", kib << 10),
        false => shortened(kib << 10),
    };
    match field {
        Field::Name => area.name.to_string(),
        Field::Type => area.kind.to_string(),
        Field::Size => size(area.size_kib),
        Field::Used => size(area.used_kib),
        Field::Priority => area.priority.to_string(),
        Field::State => area.state.to_string(),
    }
}

/// Returns the list as Linux's /proc/swaps has it, in KiB.
fn summary(table: &str) -> String {
    let column = |name, side| Column { name, side, is_number: false };
    let mut shown = Table::new(vec![
        column("Filename", Side::Left),
        column("Type", Side::Left),
        column("Size", Side::Right),
        column("Used", Side::Right),
        column("Priority", Side::Right),
    ]);
    for area in areas(table) {
        let sizes = [area.size_kib, area.used_kib].map(|kib| Some(format!("{kib}")));
        let [size, used] = sizes;
        let text = |text: &str| Some(text.to_string());
        shown.add(vec![text(area.name), text(area.kind), size, used, text(area.priority)]);
    }
    shown.text(Form::Columns, true, "swaps")
}
