//! Threads of which only the resumed one runs.
//!
//! The daemon's threads loop for ever, so they need stacks of their own; a coroutine is an
//! operating system's thread that runs only while it holds a baton. The caller of
//! [`Coroutine::resume`] waits until the coroutine rests or ends. A coroutine that is killed
//! unwinds from where it rests.

use std::cell::RefCell;
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// No step takes this long, even on a machine that is busy with other things.
const STEP_MAX: Duration = Duration::from_secs(60);

/// How a coroutine came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// It can go on at any time.
    Pause,
    /// It waits for something.
    Sleep,
    /// It has returned.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Own,
    Others(Rest),
}

struct Baton {
    state: Mutex<(Turn, bool)>,
    changed: Condvar,
}

/// What a killed coroutine unwinds with.
struct Killed;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Baton>>> = const { RefCell::new(None) };
}

/// A thread that runs when it is resumed.
pub(crate) struct Coroutine {
    baton: Arc<Baton>,
    thread: Option<JoinHandle<()>>,
}

impl Baton {
    /// Gives the turn away and waits to have it again.
    fn rest(&self, rest: Rest) {
        self.set(Turn::Others(rest));
        self.await_turn();
    }

    fn await_turn(&self) {
        let state = self.state.lock().expect("nobody panics with the baton");
        let mine = |state: &mut (Turn, bool)| state.0 != Turn::Own;
        let state = self.changed.wait_while(state, mine).expect("nobody panics with the baton");
        let is_killed = state.1;
        drop(state);
        if is_killed {
            resume_unwind(Box::new(Killed));
        }
    }

    fn set(&self, turn: Turn) {
        self.state.lock().expect("nobody panics with the baton").0 = turn;
        self.changed.notify_all();
    }
}

/// Hands the baton back when the thread ends, however it does.
struct End(Arc<Baton>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.set(Turn::Others(Rest::Ended));
    }
}

impl Coroutine {
    /// Returns a coroutine that has not begun.
    pub(crate) fn new(body: impl FnOnce() + Send + 'static) -> Self {
        let turn = Turn::Others(Rest::Pause);
        let baton = Arc::new(Baton { state: Mutex::new((turn, false)), changed: Condvar::new() });
        let own = Arc::clone(&baton);
        let thread = thread::spawn(move || {
            let end = End(Arc::clone(&own));
            CURRENT.set(Some(Arc::clone(&own)));
            own.await_turn();
            body();
            drop(end);
        });
        Self { baton, thread: Some(thread) }
    }

    /// Lets it run until it rests; panics as it did, if it did.
    pub(crate) fn resume(&mut self) -> Rest {
        self.baton.set(Turn::Own);
        let state = self.baton.state.lock().expect("nobody panics with the baton");
        let running = |state: &mut (Turn, bool)| state.0 == Turn::Own;
        let waited = self.baton.changed.wait_timeout_while(state, STEP_MAX, running);
        let (state, _) = waited.expect("nobody panics with the baton");
        let Turn::Others(rest) = state.0 else { panic!("a thread of the daemon hangs") };
        drop(state);
        if rest == Rest::Ended
            && let Some(Err(payload)) = self.thread.take().map(JoinHandle::join)
            && !payload.is::<Killed>()
        {
            resume_unwind(payload);
        }
        rest
    }

    /// Ends it where it rests.
    pub(crate) fn kill(&mut self) {
        if self.thread.is_some() {
            self.baton.state.lock().expect("nobody panics with the baton").1 = true;
            assert_eq!(self.resume(), Rest::Ended, "a killed thread went on");
        }
    }
}

/// Lets the others run, if called in a coroutine that is not being ended.
pub(crate) fn rest(rest: Rest) {
    let current = CURRENT.with_borrow(Clone::clone);
    if let (Some(baton), false) = (current, thread::panicking()) {
        baton.rest(rest);
    }
}
