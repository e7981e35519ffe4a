//! Records of system calls.

pub struct Map {
    pub offset: usize,
    pub size: usize,
}
