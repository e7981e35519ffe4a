//! Mistakes that a programmer could make around the core, to show that the checker finds them.
//!
//! The core is the daemon's own code and stays as it is; each flaw changes how one thing is performed.

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// The actor claims a device whether or not it is open.
    ClaimOfOpen,
    /// An open does not look whether the device is claimed.
    OpenOfClaimed,
    /// A stream is freed without waiting for who compresses with it.
    TeardownUnlocked,
    /// A teardown leaves the stream where it is.
    TeardownForgotten,
    /// A content is taken out without waiting for who reads statistics.
    EmptyUnlocked,
    /// A reset lets opens in before the content is out.
    AdmitFirst,
    /// Another content has the generation of the last one.
    GenerationKept,
    /// A shrink does not look at what is stored.
    ShrinkBlind,
    /// The end of the actor leaves messages in the mailbox.
    MailboxForgotten,
    /// A refused exit does not let go of the devices that it had claimed.
    ReleaseForgotten,
}
