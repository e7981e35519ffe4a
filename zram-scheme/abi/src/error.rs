//! Error numbers that the kernel's side of `swap:` and `cpu:` returns: those of Redox.
//!
//! They are defined here so that the glue of a kernel with its own `redox_syscall` needs no second
//! copy of that crate. A test compares them with it.

/// No such file, or no such CPU.
pub const ENOENT: i32 = 2;
/// The machine did not do it.
pub const EIO: i32 = 5;
/// The file cannot be used so.
pub const EBADF: i32 = 9;
/// Not now; nothing was done.
pub const EAGAIN: i32 = 11;
/// No memory.
pub const ENOMEM: i32 = 12;
/// Only the user 0 may.
pub const EACCES: i32 = 13;
/// Somebody has it.
pub const EBUSY: i32 = 16;
/// There is no daemon, or no such device.
pub const ENODEV: i32 = 19;
/// A path goes on behind what is no directory.
pub const ENOTDIR: i32 = 20;
/// No such thing, or no such value.
pub const EINVAL: i32 = 22;
/// No place is left.
pub const ENOSPC: i32 = 28;
/// The file has no such verb.
pub const EOPNOTSUPP: i32 = 95;
/// It took too long.
pub const ETIMEDOUT: i32 = 110;

#[cfg(test)]
mod tests {
    use syscall::error;

    #[test]
    fn the_numbers_are_those_of_redox() {
        let ours = [
            super::ENOENT,
            super::EIO,
            super::EBADF,
            super::EAGAIN,
            super::ENOMEM,
            super::EACCES,
            super::EBUSY,
            super::ENODEV,
            super::ENOTDIR,
            super::EINVAL,
            super::ENOSPC,
            super::EOPNOTSUPP,
            super::ETIMEDOUT,
        ];
        let redox = [
            error::ENOENT,
            error::EIO,
            error::EBADF,
            error::EAGAIN,
            error::ENOMEM,
            error::EACCES,
            error::EBUSY,
            error::ENODEV,
            error::ENOTDIR,
            error::EINVAL,
            error::ENOSPC,
            error::EOPNOTSUPP,
            error::ETIMEDOUT,
        ];
        assert_eq!(ours, redox);
    }
}
