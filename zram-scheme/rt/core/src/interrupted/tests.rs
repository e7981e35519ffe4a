//! What happens after a call was interrupted.

use super::again;
use syscall::{EINTR, EIO, Error, Result};

/// Returns what a call gives that answers with `answers` in turn, and how often it was made.
fn outcome(answers: &[Result<usize>]) -> (Result<usize>, usize) {
    let mut made = 0;
    let result = again(|| {
        made += 1;
        answers[made - 1]
    });
    (result, made)
}

#[test]
fn an_interrupted_call_is_made_again_until_it_succeeds() {
    let interrupted = Err(Error::new(EINTR));
    assert_eq!(outcome(&[interrupted, interrupted, Ok(7)]), (Ok(7), 3));
}

#[test]
fn another_error_ends_the_call_at_once() {
    let failed = Err(Error::new(EIO));
    assert_eq!(outcome(&[failed, Ok(7)]), (failed, 1));
}

#[test]
fn an_error_after_an_interruption_is_the_answer() {
    let failed = Err(Error::new(EIO));
    assert_eq!(outcome(&[Err(Error::new(EINTR)), failed]), (failed, 2));
}
