//! The one place where errors become numbers.
//!
//! One exhaustive match for each family, so that a new variant does not compile until it has its
//! errno. The numbers are those that Linux zram returns in the same case.

use crate::attributes::mistake::Mistake;
use crate::data::DataError;
use crate::scheme::Fault;
use crate::threads::PostError;
use zram_lifecycle::Refusal;

/// Returns the errno of a request that the lifecycle refused.
pub(crate) const fn of_refusal(refusal: Refusal) -> i32 {
    match refusal {
        Refusal::Exited | Refusal::NoDevice => syscall::ENODEV,
        Refusal::Exists => syscall::EEXIST,
        Refusal::NoNumber => syscall::ENOSPC,
        Refusal::Open | Refusal::Initialised | Refusal::Stored => syscall::EBUSY,
        Refusal::NotInitialised
        | Refusal::WrongStage
        | Refusal::OtherAlgorithm
        | Refusal::NoSuchLevel => syscall::EINVAL,
        Refusal::NoMemory => syscall::ENOMEM,
    }
}

/// Returns the errno of a request that the mailbox did not take.
pub(crate) const fn of_post(error: PostError) -> i32 {
    match error {
        PostError::Full => syscall::EAGAIN,
        PostError::Closed => syscall::ENODEV,
    }
}

/// Returns the errno of a write that was no command.
pub(crate) const fn of_mistake(mistake: Mistake) -> i32 {
    match mistake {
        Mistake::NotText
        | Mistake::NotANumber(_)
        | Mistake::Meaningless(_)
        | Mistake::NotASize(_)
        | Mistake::ZeroSize
        | Mistake::UnknownAlgorithm
        | Mistake::NoValue(_)
        | Mistake::UnknownKey(_)
        | Mistake::KeyTwice
        | Mistake::OpenQuote
        | Mistake::NoSuchLevel => syscall::EINVAL,
        Mistake::OutOfRange(_) => syscall::ERANGE,
        Mistake::NoSuchId => syscall::ENOSPC,
        Mistake::TooLong | Mistake::NameTooLong => syscall::E2BIG,
        Mistake::TooBig => syscall::ENOMEM,
        Mistake::ReadOnly => syscall::EACCES,
    }
}

/// Returns the errno of a read or write of pages.
pub(crate) const fn of_data(error: DataError) -> i32 {
    match error {
        DataError::Misaligned | DataError::TooLong => syscall::EINVAL,
        DataError::PastEnd => syscall::ENOSPC,
        DataError::Unreadable => syscall::EFAULT,
        // As a block device does: what exactly failed is in the statistics.
        DataError::Limit | DataError::NoReserve | DataError::Full | DataError::Damaged => {
            syscall::EIO
        }
    }
}

/// Returns the errno of a request that the scheme refused.
pub(crate) const fn of_fault(fault: Fault) -> i32 {
    match fault {
        Fault::NoFile => syscall::ENOENT,
        Fault::NotDirectory => syscall::ENOTDIR,
        Fault::IsDirectory => syscall::EISDIR,
        Fault::Denied => syscall::EACCES,
        Fault::NameTooLong => syscall::ENAMETOOLONG,
        Fault::Exists => syscall::EEXIST,
        Fault::Claimed | Fault::Mounted | Fault::Shared => syscall::EBUSY,
        Fault::TooManyHandles => syscall::EMFILE,
        Fault::NoHandle => syscall::EBADF,
        Fault::NoDevice => syscall::ENODEV,
        Fault::NoMemory => syscall::ENOMEM,
        Fault::NotInitialised => syscall::ENODATA,
        Fault::BadRange | Fault::NothingAdded | Fault::NoSlots => syscall::EINVAL,
        Fault::Unsupported => syscall::EOPNOTSUPP,
        Fault::Mistake(mistake) => of_mistake(mistake),
        Fault::Data(error) => of_data(error),
        Fault::Post(error) => of_post(error),
    }
}
