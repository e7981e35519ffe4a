//! Locks with levels.

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

#[derive(Debug)]
pub struct L0;
#[derive(Debug)]
pub struct L1;
#[derive(Debug)]
pub struct L2;
#[derive(Debug)]
pub struct L3;
#[derive(Debug)]
pub struct L4;
#[derive(Debug)]
pub struct L5;
#[derive(Debug)]
pub struct L6;

pub trait Level {}
pub trait Lower<O> {}

macro_rules! levels {
    ($($level:ident: $($higher:ident)*;)*) => {
        $(impl Level for $level {}
        $(impl Lower<$higher> for $level {})*)*
    };
}

levels! {
    L0: L1 L2 L3 L4 L5 L6;
    L1: L2 L3 L4 L5 L6;
    L2: L3 L4 L5 L6;
    L3: L4 L5 L6;
    L4: L5 L6;
    L5: L6;
    L6:;
}

pub struct CleanLockToken(());

impl CleanLockToken {
    pub unsafe fn new() -> Self {
        unimplemented!()
    }
    pub fn token(&mut self) -> LockToken<'_, L0> {
        unimplemented!()
    }
    pub fn downgrade<L: Level>(&mut self) -> LockToken<'_, L> {
        unimplemented!()
    }
}

pub struct LockToken<'a, L>(PhantomData<&'a mut L>);

impl<L: Level> LockToken<'_, L> {
    pub fn token(&mut self) -> LockToken<'_, L> {
        unimplemented!()
    }
    pub fn downgrade<H>(&mut self) -> LockToken<'_, H>
    where
        L: Lower<H>,
    {
        unimplemented!()
    }
}

#[derive(Debug)]
pub struct RwLock<L, T> {
    level: PhantomData<fn() -> L>,
    inner: T,
}

impl<L, T> RwLock<L, T> {
    pub fn read<'a, P: Lower<L> + 'a>(&'a self, _: LockToken<'a, P>) -> Guard<'a, L, T> {
        unimplemented!()
    }
    pub fn try_read<'a, P: Lower<L> + 'a>(
        &'a self,
        _: LockToken<'a, P>,
    ) -> Option<Guard<'a, L, T>> {
        unimplemented!()
    }
    pub fn write<'a, P: Lower<L> + 'a>(&'a self, _: LockToken<'a, P>) -> Guard<'a, L, T> {
        unimplemented!()
    }
    pub fn into_inner(self) -> T {
        self.inner
    }
}

pub struct Guard<'a, L, T> {
    inner: &'a mut T,
    level: PhantomData<L>,
}

impl<L, T> Guard<'_, L, T> {
    pub fn token_split(&mut self) -> (&mut T, LockToken<'_, L>) {
        unimplemented!()
    }
}

impl<L, T> Deref for Guard<'_, L, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.inner
    }
}

impl<L, T> DerefMut for Guard<'_, L, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.inner
    }
}
