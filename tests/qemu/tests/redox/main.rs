//! The same programs on a Redox kernel.
//!
//! Tests that need no kernel of Redox run with all other tests. The rest is ignored there, and run
//! by `make test-redox REDOX_KERNEL=FILE`, whose kernel is the user's own.

mod conformance;
mod fixture;
mod image;
mod programs;
mod swap;
mod verbs;
