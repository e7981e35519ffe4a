//! Mounting and unmounting: `swapon`, `swapoff`, another size.
//!
//! `swapon` passes an open device file. The kernel asks the device for its identity (SWAP_ATTACH),
//! in the caller's own time. The file stays open until `swapoff` has brought all pages back, so
//! that the daemon refuses to reset or remove the device meanwhile. The daemon's space is pinned
//! from its first queue on, and without a queue nothing can be swapped out; so none of the daemon's
//! pages is in swap when the daemon is asked for other pages. Those of its pages that it has not
//! touched yet are made present first (`daemon`).

use alloc::vec::Vec;

use swap_pager::ports::Threads;
use swap_pager::{Caller, Pager, Resize, SwapOff};
use zram_abi::error::{EBUSY, EINVAL, ENODEV};
use zram_abi::verb::Cookie;

use crate::ports::Machine;
use crate::queue::EINTR;
use crate::state::Glue;
use crate::{Errno, Kernel};

impl<K: Kernel> Glue<K> {
    /// Mounts a device; its file is closed if that fails.
    ///
    /// # Errors
    ///
    /// ENODEV without a daemon, ENOMEM if not all of the daemon can be in memory, EINVAL for a file of
    /// anybody else, what the device answers, and as
    /// [`Pager::swapon`].
    pub(crate) fn swapon(&self, device: K::Device, priority: i64) -> Result<usize, Errno> {
        let cookie = match self.attached(&device) {
            Ok(cookie) => cookie,
            Err(error) => {
                self.kernel.close(device);
                return Err(error);
            }
        };
        let mut device = Some(device);
        let mut before = Vec::new();
        let mounted = self.call(|pager, machine| {
            let area = pager.swapon(cookie, priority).map_err(Errno::from)?;
            // A dead area of that number, which has made room.
            before = taken(&mut machine.parts.devices, cookie.device);
            machine.parts.devices.extend(device.take().map(|device| (cookie.device, device)));
            Ok(usize::from(area.0))
        });
        before.into_iter().chain(device).for_each(|file| self.kernel.close(file));
        mounted.unwrap_or(Err(Errno(ENODEV)))
    }

    fn attached(&self, device: &K::Device) -> Result<Cookie, Errno> {
        let daemon = self.daemon();
        if daemon.0 == 0 {
            return Err(Errno(ENODEV));
        }
        self.pin()?;
        let word = self.kernel.attach(device, daemon)?;
        if self.daemon() != daemon {
            return Err(Errno(EBUSY));
        }
        Cookie::unpack(word).ok_or(Errno(EINVAL))
    }

    /// Brings the pages of a device back and forgets it.
    ///
    /// # Errors
    ///
    /// EINVAL, ENOMEM, EBUSY; EINTR if the context is to die.
    pub(crate) fn swapoff(&self, device: u16) -> Result<usize, Errno> {
        let done = self.go_on(|pager, machine, caller| pager.swapoff(device, caller, machine));
        if done.is_ok() {
            let files = self.call(|_, machine| taken(&mut machine.parts.devices, device));
            files.into_iter().flatten().for_each(|file| self.kernel.close(file));
        }
        done
    }

    /// Gives the area of a device another size.
    ///
    /// # Errors
    ///
    /// As for [`Glue::swapoff`].
    pub(crate) fn resize(&self, resize: Resize) -> Result<usize, Errno> {
        self.go_on(|pager, machine, caller| pager.resize(resize, caller, machine))
    }

    fn go_on(
        &self,
        mut step: impl FnMut(&mut Pager, &mut Machine<'_, K>, Caller) -> SwapOff,
    ) -> Result<usize, Errno> {
        let wait = self.waiting().ok_or(Errno(EINTR))?;
        loop {
            let answer = self.call(|pager, machine| {
                let answer = step(pager, machine, wait.caller());
                if let SwapOff::Wait { run: Some(queue) } = answer {
                    machine.wake_worker(queue);
                }
                answer
            });
            match answer {
                Some(SwapOff::Done) => return Ok(0),
                Some(SwapOff::Failed(error)) => return Err(error.into()),
                Some(SwapOff::Wait { .. }) => {
                    if !self.sleep(&wait, "swap: swapoff") {
                        return Err(Errno(EINTR));
                    }
                }
                None => return Err(Errno(EINVAL)),
            }
        }
    }
}

/// Takes the files of a device out of the list.
fn taken<D>(devices: &mut Vec<(u16, D)>, device: u16) -> Vec<D> {
    let (gone, left) = core::mem::take(devices).into_iter().partition(|(id, _)| *id == device);
    *devices = left;
    let gone: Vec<(u16, D)> = gone;
    gone.into_iter().map(|(_, file)| file).collect()
}
