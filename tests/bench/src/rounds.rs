//! Interleaved rounds: everything is measured once per round, so that a disturbance of the machine
//! affects all alike, and figures are compared within a round.

use crate::clock::Spent;

/// One thing that is measured.
pub(crate) struct Case<'a> {
    /// Pages that one run handles.
    pub(crate) pages: usize,
    /// Runs once and returns the time.
    pub(crate) run: Box<dyn FnMut() -> Result<Spent, String> + 'a>,
}

/// What the rounds gave for one case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    /// CPU nanoseconds per page, by round.
    pub(crate) rounds: Vec<f64>,
    /// Nanoseconds per page on the wall, by round.
    pub(crate) wall: Vec<f64>,
}

impl Times {
    pub(crate) fn median(&self) -> f64 {
        median(self.rounds.clone())
    }

    pub(crate) fn minimum(&self) -> f64 {
        minimum(&self.rounds)
    }

    /// Returns the least time on the wall: that of the round that nobody disturbed.
    pub(crate) fn wall_minimum(&self) -> f64 {
        minimum(&self.wall)
    }

    /// Returns how many times faster this is than `anchor`: the median of the rounds' ratios.
    pub(crate) fn speed_over(&self, anchor: &Self) -> f64 {
        median(self.rounds.iter().zip(&anchor.rounds).map(|(own, other)| other / own).collect())
    }
}

/// Runs every case once to warm up, then `rounds` times in turn.
///
/// # Errors
/// The first error of a case.
pub(crate) fn measure(cases: &mut [Case<'_>], rounds: usize) -> Result<Vec<Times>, String> {
    let mut times = vec![Times::default(); cases.len()];
    for round in 0..=rounds {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            let spent = (case.run)()?;
            if round > 0 {
                let pages = case.pages.max(1) as f64;
                times.rounds.push(spent.cpu_ns as f64 / pages);
                times.wall.push(spent.wall_ns as f64 / pages);
            }
        }
        if round > 0 {
            eprint!("\rround {round} of {rounds}");
        }
    }
    eprintln!();
    Ok(times)
}

fn minimum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, Times, measure, median};
    use crate::clock::Spent;

    #[test]
    fn the_median_is_the_middle_or_between_the_two() {
        assert!((median(vec![9.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 9.0]) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_slow_round_of_both_does_not_change_the_ratio() {
        let anchor = Times { rounds: vec![100.0, 500.0, 100.0], wall: Vec::new() };
        let own = Times { rounds: vec![50.0, 250.0, 50.0], wall: Vec::new() };
        assert!((own.speed_over(&anchor) - 2.0).abs() < 1e-9);
    }
    #[test]
    fn cases_take_turns_and_the_first_round_does_not_count() {
        let order = std::cell::RefCell::new(String::new());
        let case = |name: char, cpu_ns: u64| {
            let order = &order;
            let run = move || {
                order.borrow_mut().push(name);
                Ok(Spent { cpu_ns, wall_ns: 2 * cpu_ns })
            };
            Case { pages: 10, run: Box::new(run) }
        };
        let times = measure(&mut [case('a', 100), case('b', 500)], 2).expect("nothing fails");
        assert_eq!(*order.borrow(), "ababab");
        assert_eq!((&times[0].rounds, &times[1].wall), (&vec![10.0; 2], &vec![100.0; 2]));
    }
}
