//! Numbers of CPUs.

#[derive(Clone, Copy)]
pub struct LogicalCpuId(u32);

impl LogicalCpuId {
    pub fn get(self) -> u32 {
        self.0
    }
}
