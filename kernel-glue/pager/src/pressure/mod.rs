//! What is to leave: the hand that goes round all pages.
//!
//! Nothing here knows of frames, places, lines or moves.

pub(crate) mod hand;
