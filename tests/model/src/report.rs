//! What a person reads after a run, and `target/model.json` for whoever makes pages of it.

use std::fmt::Write as _;

use crate::explore::Report;

/// A race that was found in Linux's old order, or the first fix.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its name.
    pub name: &'static str,
    /// In which order.
    pub order: &'static str,
    /// Lines of the interleaving.
    pub interleaving: String,
}

/// Returns the run in a few lines.
#[must_use]
pub fn text(report: &Report) -> String {
    let Report { bounds, states, steps, depth, seconds, holds, broken, seen, never } = report;
    let mut text = format!("{}: {bounds}\n", bounds.name);
    let mut line = |words: &str| {
        text.push_str("    ");
        text.push_str(words);
        text.push('\n');
    };
    line(&format!("{states} states, {steps} steps, up to {depth} deep, {seconds:.1} s"));
    let situations = seen.len() + never.len();
    line(&format!(
        "{} properties hold, {} of {situations} situations seen",
        holds.len(),
        seen.len()
    ));
    for (name, steps) in broken {
        line(&format!("BROKEN: {name}, by"));
        steps.iter().for_each(|step| line(&format!("    {step}")));
    }
    text
}

/// Returns what was checked in all runs, and what came of it.
#[must_use]
pub fn total(reports: &[Report]) -> String {
    let mut text = String::from("in every state of every run:\n");
    let is_broken = |name: &'static str| reports.iter().any(|report| !report.holds.contains(&name));
    for name in each_once(reports.iter().flat_map(|report| &report.holds)) {
        let words = if is_broken(name) { "not " } else { "" };
        text += &format!("    {words}{name}\n");
    }
    text += "seen in some run:\n";
    for name in each_once(reports.iter().flat_map(|report| &report.seen)) {
        text += &format!("    {name}\n");
    }
    for name in unseen(reports) {
        text += &format!("never seen: {name}\n");
    }
    let states: usize = reports.iter().map(|report| report.states).sum();
    let seconds: f64 = reports.iter().map(|report| report.seconds).sum();
    let broken: usize = reports.iter().map(|report| report.broken.len()).sum();
    text + &format!("{states} states in {seconds:.0} s, {broken} properties broken")
}

fn each_once<'a>(names: impl Iterator<Item = &'a &'static str>) -> Vec<&'static str> {
    let mut once = Vec::new();
    names.for_each(|name| {
        if !once.contains(name) {
            once.push(*name);
        }
    });
    once
}

/// Returns what should be possible and no run has seen. Not every run can see everything.
#[must_use]
pub fn unseen(reports: &[Report]) -> Vec<&'static str> {
    let (first, others) = match reports.split_first() {
        Some((first, others)) => (first, others),
        None => return Vec::new(),
    };
    let is_unseen = |name: &&str| others.iter().all(|report| report.never.contains(name));
    first.never.iter().copied().filter(is_unseen).collect()
}

/// Returns everything as JSON.
#[must_use]
pub fn json(reports: &[Report], races: &[Found]) -> String {
    let runs = list(reports.iter().map(run));
    let properties = reports.first().map_or(&[][..], |report| &report.holds);
    let properties = list(properties.iter().map(|name| string(name)));
    let races = list(races.iter().map(|race| {
        let Found { name, order, interleaving } = race;
        let (name, order) = (string(name), string(order));
        format!(
            "{{\"name\": {name}, \"order\": {order}, \"interleaving\": {}}}",
            string(interleaving)
        )
    }));
    format!("{{\"runs\": {runs},\n \"properties\": {properties},\n \"races\": {races}}}\n")
}

fn run(report: &Report) -> String {
    let Report { bounds, states, steps, depth, seconds, broken, seen, .. } = report;
    let seen = list(seen.iter().map(|name| string(name)));
    let broken = list(broken.iter().map(|(name, _)| string(name)));
    let mut run = format!("{{\"name\": {}, \"bounds\": {{", string(bounds.name));
    let numbers = [
        ("devices", bounds.devices),
        ("cpus", bounds.cpus),
        ("clients", bounds.clients),
        ("requests_each", bounds.requests_each.into()),
        ("records_each", bounds.records_each.into()),
        ("opens", bounds.opens.into()),
        ("looks", bounds.looks.into()),
        ("transitions", bounds.transitions.into()),
    ];
    for (name, number) in numbers {
        // Writing to a string cannot fail.
        let _ = write!(run, "\"{name}\": {number}, ");
    }
    let _ = write!(run, "\"failures\": {}, ", bounds.failures);
    let _ = write!(run, "\"lost_answers\": {}}}, ", bounds.lost_answers);
    let _ = write!(run, "\"states\": {states}, \"steps\": {steps}, \"depth\": {depth}, ");
    let _ = write!(run, "\"seconds\": {seconds:.1}, \"broken\": {broken}, \"seen\": {seen}}}");
    run
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(",\n  "))
}

/// Returns the text as a JSON string; it has no other control characters than newlines.
fn string(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::{Found, json};

    #[test]
    fn what_is_quoted_stays_one_string() {
        let found = Found { name: "R\"1", order: "old", interleaving: "a\n\\b".to_owned() };
        let text = json(&[], &[found]);
        assert!(text.contains(r#""R\"1""#) && text.contains(r#""a\n\\b""#), "{text}");
    }
}
