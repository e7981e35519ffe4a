//! Frames: contents and counts of users.

use swap_pager::ports::Frame;
use zram::{PAGE_SIZE, PageBytes};

/// What a frame holds that nobody has written yet.
const GARBAGE: u8 = 0xa5;

struct State {
    users: u32,
    bytes: Box<PageBytes>,
}

/// All frames of the machine.
pub(crate) struct FrameTable {
    frames: Vec<State>,
    free: Vec<Frame>,
}

impl FrameTable {
    /// Returns `count` free frames.
    pub(crate) fn new(count: u32) -> Self {
        let state = |_| State { users: 0, bytes: Box::new([GARBAGE; PAGE_SIZE]) };
        Self { frames: (0..count).map(state).collect(), free: (0..count).map(Frame).collect() }
    }

    fn get_mut(&mut self, frame: Frame) -> &mut State {
        &mut self.frames[frame.0 as usize]
    }

    /// Returns a frame of garbage with one user.
    pub(crate) fn allocate(&mut self) -> Option<Frame> {
        let frame = self.free.pop()?;
        let state = self.get_mut(frame);
        assert_eq!(state.users, 0, "{frame:?} is in use and free");
        state.users = 1;
        state.bytes.fill(GARBAGE);
        Some(frame)
    }

    /// Takes one user off; returns whether that freed the frame.
    pub(crate) fn release(&mut self, frame: Frame) -> bool {
        let state = self.get_mut(frame);
        state.users = state.users.checked_sub(1).expect("a frame is freed twice");
        let is_free = state.users == 0;
        if is_free {
            self.free.push(frame);
        }
        is_free
    }

    /// Adds a user.
    pub(crate) fn share(&mut self, frame: Frame) {
        let state = self.get_mut(frame);
        assert!(state.users > 0, "{frame:?} is free and gets a user");
        state.users += 1;
    }

    /// Returns how many users the frame has.
    pub(crate) fn users(&self, frame: Frame) -> u32 {
        self.frames[frame.0 as usize].users
    }

    /// Returns the users of all frames.
    pub(crate) fn all_users(&self) -> Vec<u32> {
        self.frames.iter().map(|state| state.users).collect()
    }

    /// Returns how many frames are free.
    pub(crate) fn free_count(&self) -> u32 {
        self.free.len() as u32
    }

    /// Returns the contents of a frame in use.
    pub(crate) fn bytes(&self, frame: Frame) -> &PageBytes {
        assert!(self.users(frame) > 0, "{frame:?} is read but free");
        &self.frames[frame.0 as usize].bytes
    }

    /// Returns the contents of a frame in use, to be changed.
    pub(crate) fn bytes_mut(&mut self, frame: Frame) -> &mut PageBytes {
        assert!(self.users(frame) > 0, "{frame:?} is written but free");
        &mut self.get_mut(frame).bytes
    }
}
