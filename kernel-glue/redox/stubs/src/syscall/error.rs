//! Error numbers.

#[derive(Debug)]
pub struct Error {
    pub errno: i32,
}

impl Error {
    pub fn new(errno: i32) -> Self {
        Self { errno }
    }
}

pub type Result<T, E = Error> = core::result::Result<T, E>;

pub const ENOMEM: i32 = 12;
pub const EFAULT: i32 = 14;
pub const EEXIST: i32 = 17;
pub const EINVAL: i32 = 22;
