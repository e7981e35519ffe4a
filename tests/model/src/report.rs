//! The report of a run for people, and `target/model.json` for programs that make pages of it.

use serde_json::{Value, json};

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
    let runs: Vec<Value> = reports.iter().map(run).collect();
    let properties = reports.first().map_or(&[][..], |report| &report.holds);
    let race = |race: &Found| {
        let Found { name, order, interleaving } = race;
        json!({ "name": name, "order": order, "interleaving": interleaving })
    };
    let races: Vec<Value> = races.iter().map(race).collect();
    format!("{:#}\n", json!({ "runs": runs, "properties": properties, "races": races }))
}

fn run(report: &Report) -> Value {
    let Report { bounds, states, steps, depth, seconds, broken, seen, .. } = report;
    let broken: Vec<_> = broken.iter().map(|(name, _)| name).collect();
    json!({
        "name": bounds.name,
        "bounds": {
            "devices": bounds.devices,
            "cpus": bounds.cpus,
            "clients": bounds.clients,
            "requests_each": bounds.requests_each,
            "records_each": bounds.records_each,
            "opens": bounds.opens,
            "looks": bounds.looks,
            "transitions": bounds.transitions,
            "failures": bounds.failures,
            "lost_answers": bounds.lost_answers,
        },
        "states": states,
        "steps": steps,
        "depth": depth,
        "seconds": seconds,
        "broken": broken,
        "seen": seen,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{Found, json};

    #[test]
    fn what_is_quoted_stays_one_string() {
        let found = Found { name: "R\"1", order: "old", interleaving: "a\n\\b".to_owned() };
        let text = json(&[], &[found]);
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed["races"][0]["name"], "R\"1");
        assert_eq!(parsed["races"][0]["interleaving"], "a\n\\b");
    }
}
