//! The steps of Linux's paths, and the effect of each on the module.
//!
//! A path is a list of [`Step`]s; a step that finds nothing to do skips to the end of its part. Locks
//! are steps that cannot be taken while another holds the lock. Neighbour: `linux.rs` explains.

use super::{Instance, Module, Order, Path};

/// One access of a path to what threads share. A number is that of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// Exit takes the mutex and lowers the flag (only in [`Order::Flag`]).
    LowerFlag,
    UnregisterClass,
    /// Claims the device for removal, or skips it.
    BeginRemoval(usize),
    /// Waits for running handlers; no handler begins any more.
    DeleteDisk(usize),
    FreeDisk(usize),
    RemoveState,
    /// Lets go of the mutex.
    EndExit,
    /// Takes the lock of the device, and forgets its size.
    ForgetSize(usize),
    FreeTable(usize),
    DestroyContexts(usize),
    /// The handler runs from here on.
    Enter(usize),
    /// Takes the mutex and looks at the flag (only in [`Order::Flag`]).
    CheckFlag,
    /// Claims the device for a reset, or gives up.
    BeginReset(usize),
    EndReset(usize),
    /// Takes the lock of the device; gives up if it has a size.
    BeginInit(usize),
    MakeTable(usize),
    MakeContexts(usize),
    /// Sets the size, and lets go of the lock.
    SetSize(usize),
    Leave(usize),
    /// hot_add runs from here on.
    EnterClass,
    AddDisk,
    LeaveClass,
}

impl Step {
    /// Returns what the step does in that state, in Linux's words; nothing for one that does nothing.
    pub(super) fn words(self, module: &Module) -> Option<&'static str> {
        let words = match self {
            Self::LowerFlag => "mutex_lock; zram_up = false",
            Self::UnregisterClass => "class_unregister",
            Self::BeginRemoval(disk) if !module.disks[disk].exists => return None,
            Self::BeginRemoval(disk) if module.minds_claim(disk) => "zram_remove: EBUSY, ignored",
            Self::BeginRemoval(_) => "zram_remove: claim",
            Self::DeleteDisk(_) => "zram_remove: del_gendisk",
            Self::FreeDisk(_) => "zram_remove: kfree",
            Self::RemoveState => "cpuhp_remove_multi_state",
            Self::EndExit => "mutex_unlock",
            Self::ForgetSize(disk) if !module.disks[disk].has_disksize => {
                "zram_reset_device: not initialised"
            }
            Self::ForgetSize(_) => "zram_reset_device: disksize = 0",
            Self::FreeTable(_) => "zram_reset_device: free table",
            Self::DestroyContexts(_) => "zram_reset_device: zcomp_destroy",
            Self::Enter(_) => "handler begins",
            Self::CheckFlag => "mutex_lock; if !zram_up: ENODEV",
            Self::BeginReset(disk) if module.disks[disk].claim => "reset_store: EBUSY",
            Self::BeginReset(_) => "reset_store: claim",
            Self::EndReset(_) => "reset_store: give claim back",
            Self::BeginInit(disk) if module.disks[disk].has_disksize => "disksize_store: EBUSY",
            Self::BeginInit(_) => "disksize_store: take init_lock",
            Self::MakeTable(_) => "disksize_store: allocate table",
            Self::MakeContexts(_) => "disksize_store: zcomp_create",
            Self::SetSize(_) => "disksize_store: set size, unlock",
            Self::Leave(_) => "handler returns",
            Self::EnterClass => "hot_add_show begins",
            Self::AddDisk => "hot_add_show: zram_add",
            Self::LeaveClass => "hot_add_show returns",
        };
        Some(words)
    }
}

/// Returns what a path does, step by step.
pub(super) fn program(order: Order, path: Path) -> Vec<Step> {
    let flag = |step| if order == Order::Flag { vec![step] } else { vec![] };
    match path {
        Path::Exit => {
            let mut steps = flag(Step::LowerFlag);
            steps.push(Step::UnregisterClass);
            steps.extend([0, 1].into_iter().flat_map(|disk| removal(order, disk)));
            steps.push(Step::RemoveState);
            steps.extend(flag(Step::EndExit));
            steps
        }
        Path::Disksize => {
            let mut steps = vec![Step::Enter(0)];
            steps.extend(flag(Step::CheckFlag));
            let init = [Step::BeginInit(0), Step::MakeTable(0), Step::MakeContexts(0)];
            steps.extend(init);
            steps.extend([Step::SetSize(0), Step::Leave(0)]);
            steps
        }
        Path::Reset => {
            let mut steps = vec![Step::Enter(0)];
            steps.extend(flag(Step::CheckFlag));
            steps.push(Step::BeginReset(0));
            steps.extend(reset(0));
            steps.extend([Step::EndReset(0), Step::Leave(0)]);
            steps
        }
        Path::HotAdd => {
            let mut steps = vec![Step::EnterClass];
            steps.extend(flag(Step::CheckFlag));
            steps.extend([Step::AddDisk, Step::LeaveClass]);
            steps
        }
    }
}

fn removal(order: Order, disk: usize) -> Vec<Step> {
    let mut steps = vec![Step::BeginRemoval(disk)];
    steps.extend(reset(disk));
    steps.push(Step::DeleteDisk(disk));
    if order == Order::Merged {
        steps.extend(reset(disk));
    }
    steps.push(Step::FreeDisk(disk));
    steps
}

const fn reset(disk: usize) -> [Step; 3] {
    [Step::ForgetSize(disk), Step::FreeTable(disk), Step::DestroyContexts(disk)]
}

/// Somebody on a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Walker {
    steps: Vec<Step>,
    at: usize,
    /// What a reset found, to be freed.
    table: Option<u8>,
    instance: Option<Instance>,
    has_mutex: bool,
}

impl Walker {
    pub(super) const fn new(steps: Vec<Step>) -> Self {
        Self { steps, at: 0, table: None, instance: None, has_mutex: false }
    }

    fn is_done(&self) -> bool {
        self.at == self.steps.len()
    }

    /// Returns whether it has begun and not ended.
    pub(super) fn is_under_way(&self) -> bool {
        self.at > 0 && !self.is_done()
    }

    /// Returns the next step.
    pub(super) fn next(&self) -> Step {
        self.steps[self.at]
    }

    /// Goes on behind `step`, which lies ahead.
    fn skip_behind(&mut self, step: Step) {
        self.skip_to(step);
        self.at += 1;
    }

    fn skip_to(&mut self, step: Step) {
        let ahead = self.steps[self.at..].iter().position(|it| *it == step);
        self.at += ahead.expect("a path ends with what it may skip to");
    }
}

impl Module {
    /// Returns whether the walker has a step that it can take now.
    pub(super) fn can_step(&self, walker: usize) -> bool {
        let walker = &self.walkers[walker];
        if walker.is_done() {
            return false;
        }
        match walker.next() {
            Step::LowerFlag | Step::CheckFlag => !self.index_mutex,
            Step::ForgetSize(disk) | Step::BeginInit(disk) => !self.disks[disk].init_lock,
            Step::DeleteDisk(disk) => self.disks[disk].handlers == 0,
            Step::Enter(disk) => self.disks[disk].has_attributes,
            Step::EnterClass => self.has_class,
            Step::UnregisterClass
            | Step::BeginRemoval(_)
            | Step::FreeDisk(_)
            | Step::RemoveState
            | Step::EndExit
            | Step::FreeTable(_)
            | Step::DestroyContexts(_)
            | Step::BeginReset(_)
            | Step::EndReset(_)
            | Step::MakeTable(_)
            | Step::MakeContexts(_)
            | Step::SetSize(_)
            | Step::Leave(_)
            | Step::AddDisk
            | Step::LeaveClass => true,
        }
    }

    /// Takes the walker's next step.
    pub(super) fn take_step(&mut self, index: usize) {
        let mut walker = self.walkers[index].clone();
        let step = walker.next();
        walker.at += 1;
        match step {
            Step::LowerFlag => {
                self.index_mutex = true;
                self.is_up = false;
            }
            Step::EndExit => self.index_mutex = false,
            Step::UnregisterClass => self.has_class = false,
            Step::BeginRemoval(disk) => self.begin_removal(&mut walker, disk),
            Step::DeleteDisk(disk) => self.disks[disk].has_attributes = false,
            Step::FreeDisk(disk) => self.disks[disk].exists = false,
            Step::RemoveState => self.judge(),
            Step::ForgetSize(disk) => self.forget_size(&mut walker, disk),
            Step::FreeTable(disk) => self.free_table(&walker, disk),
            Step::DestroyContexts(disk) => self.destroy_contexts(&walker, disk),
            Step::Enter(disk) => self.disks[disk].handlers += 1,
            Step::CheckFlag => self.check_flag(&mut walker),
            Step::BeginReset(disk) => self.begin_reset(&mut walker, disk),
            Step::EndReset(disk) => self.disks[disk].claim = false,
            Step::BeginInit(disk) => self.begin_init(&mut walker, disk),
            Step::MakeTable(disk) => {
                self.made += 1;
                self.disks[disk].table = Some(self.made);
            }
            Step::MakeContexts(disk) => {
                let is_late = self.disks[disk].was_reset_by_exit;
                self.disks[disk].instance = Some(Instance { number: self.made, is_late });
            }
            Step::SetSize(disk) => {
                self.disks[disk].has_disksize = true;
                self.disks[disk].init_lock = false;
            }
            Step::Leave(disk) => {
                self.disks[disk].handlers -= 1;
                self.index_mutex &= !walker.has_mutex;
            }
            Step::EnterClass => {}
            Step::AddDisk => {
                self.disks[1].exists = true;
                self.disks[1].has_attributes = true;
            }
            Step::LeaveClass => self.index_mutex &= !walker.has_mutex,
        }
        self.walkers[index] = walker;
    }

    fn check_flag(&mut self, walker: &mut Walker) {
        if self.is_up {
            self.index_mutex = true;
            walker.has_mutex = true;
        } else {
            // ENODEV: on to the last step, which returns.
            let last = walker.steps[walker.steps.len() - 1];
            walker.skip_to(last);
        }
    }

    /// Returns whether a removal gives up because a reset has claimed the device.
    fn minds_claim(&self, disk: usize) -> bool {
        self.disks[disk].claim && self.order != Order::Merged
    }

    fn begin_removal(&mut self, walker: &mut Walker, index: usize) {
        let minds_claim = self.minds_claim(index);
        let disk = &mut self.disks[index];
        if !disk.exists {
            walker.skip_behind(Step::FreeDisk(index));
        } else if minds_claim {
            // EBUSY, and exit does not look at it.
            disk.was_skipped_by_exit = true;
            walker.skip_behind(Step::FreeDisk(index));
        } else {
            disk.claim = true;
        }
    }

    fn begin_reset(&mut self, walker: &mut Walker, disk: usize) {
        if self.disks[disk].claim {
            walker.skip_to(Step::Leave(disk));
        } else {
            self.disks[disk].claim = true;
        }
    }

    fn begin_init(&mut self, walker: &mut Walker, disk: usize) {
        if self.disks[disk].has_disksize {
            walker.skip_to(Step::Leave(disk));
        } else {
            self.disks[disk].init_lock = true;
        }
    }

    fn forget_size(&mut self, walker: &mut Walker, index: usize) {
        let is_exit = walker.steps.contains(&Step::RemoveState);
        let disk = &mut self.disks[index];
        disk.was_reset_by_exit |= is_exit;
        if disk.has_disksize {
            disk.has_disksize = false;
            disk.init_lock = self.order == Order::Merged;
            walker.table = disk.table;
            walker.instance = disk.instance;
        } else {
            walker.skip_behind(Step::DestroyContexts(index));
        }
    }

    fn free_table(&mut self, walker: &Walker, disk: usize) {
        // It frees what the device has now, not what the reset saw.
        self.races[2] |= self.disks[disk].table != walker.table;
        self.disks[disk].table = None;
    }

    fn destroy_contexts(&mut self, walker: &Walker, disk: usize) {
        let disk = &mut self.disks[disk];
        if disk.instance == walker.instance {
            disk.instance = None;
        }
        disk.init_lock &= self.order != Order::Merged;
    }

    /// The hotplug state goes: what is still there, and why?
    fn judge(&mut self) {
        for disk in &self.disks {
            let is_late = disk.instance.is_some_and(|instance| instance.is_late);
            self.races[0] |= is_late;
            self.races[1] |= disk.was_skipped_by_exit && disk.instance.is_some();
            self.races[3] |= disk.exists && !disk.was_skipped_by_exit;
        }
    }
}
