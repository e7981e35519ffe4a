//! Lending: a caller's buffer appears in the scheme's memory for one request.
//!
//! Pages that the buffer fills are mapped there directly; a page that it fills in part goes through
//! a bounce frame, so that the scheme never sees the bytes beside the buffer. What the scheme
//! writes into a bounce frame is copied back when it answers; the caller's frame is held until
//! then. The lent range is contiguous, and the buffer keeps its offset in the first page. Only the
//! answer can unmap a lent range. If caller and scheme share an address space, nothing is mapped.

use alloc::vec::Vec;

use syscall::error::ENODEV;

use super::SchemeId;
use super::request::Request;
use crate::calls::Buffer;
use crate::errno::{Errno, SysResult, fail};
use crate::kernel::Kernel;
use crate::limits::{LENT_PART, REQUEST_PAGES_MAX};
use crate::machine::frames::{FRAME_SIZE, Frame};
use crate::space::fault::Access;
use crate::space::grants::{Kind, Rights, Span};
use crate::space::map::LENT_FIRST;
use crate::space::user::Piece;
use crate::space::{SpaceId, page};

/// What is lent for one request.
pub(crate) struct Lent {
    space: SpaceId,
    span: Span,
    bounces: Vec<Bounce>,
}

/// A part of the caller's buffer, its frame, and the number of the scheme's page that it becomes.
struct Part {
    number: u64,
    piece: Piece,
    frame: Frame,
}

/// A bounce frame whose content goes back to the caller.
struct Bounce {
    frame: Frame,
    caller: Frame,
    offset: usize,
    size: usize,
}

/// Bytes that the kernel keeps for one bounce frame.
pub(crate) const BOUNCE_SIZE: usize = size_of::<Bounce>();

/// Which way the bytes of a buffer go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToScheme,
    FromScheme,
    Both,
}

/// Where the scheme finds a buffer, and what to give back afterwards.
pub(crate) struct Loan {
    pub(crate) address: u64,
    pub(crate) lent: Option<Lent>,
}

/// What an empty buffer has for an address: not null, and no address of any program (as on Redox).
const NOWHERE: u64 = 1 << 63;

impl Direction {
    fn access(self) -> Access {
        match self {
            Self::ToScheme => Access::Read,
            Self::FromScheme | Self::Both => Access::Write,
        }
    }

    fn rights(self) -> Rights {
        Rights { read: true, write: self != Self::ToScheme, execute: false }
    }
}

impl Kernel {
    /// Lends a buffer of the current thread's process to a scheme.
    ///
    /// # Errors
    ///
    /// ENODEV after the scheme's end, EFAULT; a wait or a kill when memory is missing. Nothing stays
    /// lent.
    pub(crate) fn lend(
        &mut self,
        scheme: SchemeId,
        caller: SpaceId,
        buffer: Buffer,
        direction: Direction,
    ) -> SysResult<Loan> {
        let Some(found) = self.schemes.get(scheme) else { return fail(ENODEV) };
        let space = found.space;
        if buffer.size == 0 {
            return Ok(Loan { address: NOWHERE, lent: None });
        }
        if space == caller {
            return Ok(Loan { address: buffer.address, lent: None });
        }
        let mut frames = Vec::new();
        for piece in buffer.pieces() {
            frames.push((piece, self.touch(caller, piece.page, direction.access())?));
        }
        let span = self.claim_lent(space, frames.len(), direction.rights())?;
        let mut lent = Lent { space, span, bounces: Vec::new() };
        for (number, (piece, frame)) in span.pages().zip(frames) {
            let part = Part { number, piece, frame };
            if let Err(halt) = self.lend_page(part, direction, &mut lent) {
                self.take_back(lent, false);
                return Err(halt);
            }
        }
        let offset = buffer.address % FRAME_SIZE as u64;
        Ok(Loan { address: page(span.start).address() + offset, lent: Some(lent) })
    }

    /// Lends a copy of some bytes, to be read only.
    ///
    /// # Errors
    ///
    /// As [`Self::lend`].
    pub(crate) fn lend_bytes(&mut self, scheme: SchemeId, bytes: &[u8]) -> SysResult<Loan> {
        let Some(found) = self.schemes.get(scheme) else { return fail(ENODEV) };
        let space = found.space;
        if bytes.is_empty() {
            return Ok(Loan { address: NOWHERE, lent: None });
        }
        let span = self.claim_lent(space, 1, Direction::ToScheme.rights())?;
        let lent = Lent { space, span, bounces: Vec::new() };
        let mapped = self.frame_for().and_then(|frame| {
            self.frames.clear(frame);
            self.frames.write(frame, 0, bytes);
            self.map_bounce(space, span.start, frame)
        });
        match mapped {
            Ok(()) => Ok(Loan { address: page(span.start).address(), lent: Some(lent) }),
            Err(halt) => {
                self.take_back(lent, false);
                Err(halt)
            }
        }
    }

    fn claim_lent(&mut self, space: SpaceId, count: usize, rights: Rights) -> SysResult<Span> {
        let Some(found) = self.spaces.get(space) else { return fail(ENODEV) };
        let span = found.grants().find_free(LENT_FIRST, count as u64);
        let span = span.filter(|&span| self.insert_grant(space, span, rights, Kind::Lent));
        let span = span.ok_or(Errno(syscall::error::EAGAIN))?;
        self.schemes.lent_pages += count;
        Ok(span)
    }

    fn lend_page(
        &mut self,
        Part { number, piece, frame }: Part,
        direction: Direction,
        lent: &mut Lent,
    ) -> SysResult<()> {
        let space = lent.space;
        if piece.size == FRAME_SIZE {
            return self.map_shared(space, page(number), frame);
        }
        let bounce = self.frame_for()?;
        self.frames.clear(bounce);
        let part = piece.offset..piece.offset + piece.size;
        if direction != Direction::FromScheme {
            self.frames.copy_part(frame, bounce, part);
        }
        self.map_bounce(space, number, bounce)?;
        if direction != Direction::ToScheme {
            self.frames.get(frame);
            self.frames.borrow(frame);
            let Piece { offset, size, .. } = piece;
            lent.bounces.push(Bounce { frame: bounce, caller: frame, offset, size });
        }
        Ok(())
    }

    /// Maps a bounce frame, which from then on belongs to the mapping alone.
    fn map_bounce(&mut self, space: SpaceId, number: u64, frame: Frame) -> SysResult<()> {
        let mapped = self.map_shared(space, page(number), frame);
        self.put_frame(frame);
        mapped
    }

    /// Takes everything lent away from the scheme, and copies back what it wrote if it says so.
    ///
    /// The frames are given back after the shootdown that this CPU makes next.
    pub(crate) fn take_back(&mut self, lent: Lent, copies_back: bool) {
        let is_mapped = self.spaces.get(lent.space).is_some_and(|space| {
            matches!(space.grants().find(lent.span.start), Some((_, grant)) if grant.kind == Kind::Lent)
        });
        for bounce in lent.bounces {
            if is_mapped && copies_back {
                let part = bounce.offset..bounce.offset + bounce.size;
                self.frames.copy_part(bounce.frame, bounce.caller, part);
            }
            self.return_frame(bounce.caller);
        }
        self.schemes.lent_pages -= lent.span.count as usize;
        if is_mapped {
            self.unmap_span(lent.space, lent.span);
        }
    }

    /// Gives back what a request holds that will never be made or answered.
    pub(crate) fn drop_request(&mut self, request: Request) {
        if let Some(lent) = request.lent {
            self.take_back(lent, false);
        }
        for description in request.passed {
            self.release(description);
        }
        self.drop_then(request.then);
    }

    /// Returns how many bytes of a long transfer one request moves.
    ///
    /// All but the last are whole pages, so that offsets in the file stay aligned; few when much is
    /// lent already, which keeps the sum of all loans near its part of memory.
    pub(crate) fn request_size(&self, buffer: Buffer) -> usize {
        let most = self.frames.total_count() / LENT_PART;
        let pages = if self.schemes.lent_pages < most / 2 { REQUEST_PAGES_MAX - 1 } else { 1 };
        let is_aligned = buffer.address.is_multiple_of(FRAME_SIZE as u64);
        buffer.size.min((pages + usize::from(is_aligned)) * FRAME_SIZE)
    }
}
