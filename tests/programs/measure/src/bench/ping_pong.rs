//! Two threads on one CPU that wake each other in turn: a switch there and a switch back.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use zram_rt::errno::Result;
use zram_rt::{futex, thread, time};

use crate::{ROUNDS, middle};

/// Exchanges of one round.
const EXCHANGES: u32 = 200;

/// Both threads run here.
const CPU: u32 = 0;

/// Whose turn it is: even numbers are the first thread's.
struct Ball {
    turn: AtomicU32,
    elapsed_ns: AtomicU64,
}

impl Ball {
    /// Waits until the turn is `turn` and passes on.
    fn play(&self, turn: u32) {
        loop {
            // Acquire and Release pair the two threads with each other.
            let now = self.turn.load(Ordering::Acquire);
            if now == turn {
                break;
            }
            // Without a deadline there is no error.
            let _ = futex::wait(&self.turn, now, None);
        }
        self.turn.store(turn + 1, Ordering::Release);
        futex::wake(&self.turn, 1);
    }
}

/// Returns the nanoseconds of one exchange, in the median round.
///
/// # Errors
///
/// Those of starting threads.
pub(crate) fn round_trip_ns() -> Result<u64> {
    let mut rounds = [0; ROUNDS];
    for round in &mut rounds {
        *round = one_round()?;
    }
    Ok(middle(&mut rounds))
}

fn one_round() -> Result<u64> {
    let ball = Arc::new(Ball { turn: AtomicU32::new(0), elapsed_ns: AtomicU64::new(0) });
    let (first, second) = (Arc::clone(&ball), Arc::clone(&ball));
    let on_cpu = |name| thread::Builder::new(name).pinned_to(CPU);
    let second = on_cpu("pong").spawn(move || {
        (0..=EXCHANGES).for_each(|exchange| second.play(2 * exchange + 1));
    })?;
    let first = on_cpu("ping").spawn(move || {
        // The first exchange starts both threads and is not timed.
        first.play(0);
        let mut start_ns = 0;
        for exchange in 1..=EXCHANGES {
            first.play(2 * exchange);
            if exchange == 1 {
                start_ns = time::now_ns();
            }
        }
        let elapsed_ns = time::since_ns(start_ns);
        // Relaxed: `join` orders it.
        first.elapsed_ns.store(elapsed_ns, Ordering::Relaxed);
    })?;
    first.join();
    second.join();
    Ok(ball.elapsed_ns.load(Ordering::Relaxed) / u64::from(EXCHANGES - 1))
}
