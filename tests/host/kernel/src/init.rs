//! The first program: `init` of the initrd, loaded by the kernel itself.
//!
//! It gets what `zram_abi::boot` says: the roots of all schemes as upper descriptors, a page of facts
//! below the end of its address space, and the initrd itself as memory of its own, which it unmaps
//! when it has copied what it needs. It starts without a stack. All later programs are started by
//! programs.

use alloc::vec::Vec;

use elf::ElfBytes;
use elf::endian::LittleEndian;
use elf::segment::ProgramHeader;
use zram_abi::boot::{
    self, KERNEL_SCHEMES, METADATA_END, METADATA_SIZE, SCHEME_CREATION_CAP, UPPER, scheme_id,
};

use crate::cpus;
use crate::files::{Object, Opened};
use crate::kernel::Kernel;
use crate::machine::frames::{FRAME_SIZE, Frame};
use crate::machine::initrd::Initrd;
use crate::scheme::proc::ProcFile;
use crate::space::fault::Access;
use crate::space::grants::{Kind, Rights, Span};
use crate::space::map::MAP_FIRST;
use crate::space::user::Buffer;
use crate::space::{SpaceId, page};
use crate::swap;
use crate::thread::table::Entry;
use crate::thread::wake::Urgency;
use crate::thread::{Identity, Thread, ThreadId};

/// Name of the first program in the initrd.
const PROGRAM: &str = "init";

const DATA: Rights = Rights { read: true, write: true, execute: false };

/// Size of a page, for addresses.
const PAGE: u64 = FRAME_SIZE as u64;

impl Kernel {
    /// Makes the first program.
    ///
    /// # Panics
    ///
    /// If the initrd has none that can run: there is nothing else to do on this machine.
    pub(crate) fn make_first_program(&mut self, initrd: Initrd) {
        let space = self.new_space(Identity::of_init()).expect("the machine has memory");
        self.protect_space(space);
        let image = initrd.file(PROGRAM).expect("the initrd has a file init");
        let instruction = self.load_program(space, image);
        let given = self.give_initrd(space, initrd);
        self.write_metadata(space, given);
        let thread = Thread::new(Identity::of_init(), self.cpus.possible(), self.here);
        let thread = self.add_thread(thread).expect("the table is empty");
        self.give_roots(thread);
        self.enter_space(thread, space, Entry { stack: 0, instruction, argument: 0 });
        self.release_space(space);
        self.make_ready(thread, Urgency::Anywhere);
    }

    /// Maps the segments of a static ELF; returns its entry.
    fn load_program(&mut self, space: SpaceId, image: &[u8]) -> u64 {
        let program = ElfBytes::<LittleEndian>::minimal_parse(image).expect("init is an ELF");
        let segments = program.segments().expect("init has segments");
        for segment in segments.iter().filter(|segment| segment.p_type == elf::abi::PT_LOAD) {
            self.load_segment(space, image, &segment);
        }
        program.ehdr.e_entry
    }

    fn load_segment(&mut self, space: SpaceId, image: &[u8], segment: &ProgramHeader) {
        let first = segment.p_vaddr / PAGE * PAGE;
        let end = (segment.p_vaddr + segment.p_memsz).next_multiple_of(PAGE);
        let Some(span) = Span::of_bytes(first, end - first) else { return };
        let rights = Rights {
            read: true,
            write: segment.p_flags & elf::abi::PF_W != 0,
            execute: segment.p_flags & elf::abi::PF_X != 0,
        };
        let inserted = self.insert_grant(space, span, rights, Kind::Private);
        assert!(inserted, "segments of init share a page");
        let from = segment.p_offset as usize;
        let content = image.get(from..from + segment.p_filesz as usize);
        self.install_bytes(space, segment.p_vaddr, content.expect("init is complete"));
    }

    fn install_bytes(&mut self, space: SpaceId, address: u64, bytes: &[u8]) {
        let target = Buffer::new(address, bytes.len()).expect("init lies in user space");
        for piece in target.pieces() {
            let frame = self.touch(space, piece.page, Access::Install);
            let frame = frame.expect("the machine has memory for init");
            self.frames.write(frame, piece.offset, &bytes[piece.at..][..piece.size]);
        }
    }

    /// Makes the initrd's frames memory of the first program; returns where it has them.
    fn give_initrd(&mut self, space: SpaceId, initrd: Initrd) -> boot::Initrd {
        let adopted = initrd.adopt(&mut self.frames);
        let span = Span { start: MAP_FIRST, count: u64::from(adopted.count) };
        let inserted = self.insert_grant(space, span, DATA, Kind::Private);
        assert!(inserted, "init ends below the initrd");
        for (number, offset) in span.pages().zip(0..) {
            let frame = Frame::new(adopted.first.number() + offset);
            let placed = self.place(space, page(number), frame, DATA);
            placed.expect("the machine has memory for page tables");
        }
        boot::Initrd { address: page(span.start).address() as usize, size: adopted.size_bytes }
    }

    fn write_metadata(&mut self, space: SpaceId, initrd: boot::Initrd) {
        let mut words = alloc::vec![KERNEL_SCHEMES.len() as u64];
        for (_, id) in KERNEL_SCHEMES {
            words.extend([u64::from(id), (UPPER | usize::from(id)) as u64]);
        }
        words.extend([SCHEME_CREATION_CAP as u64, initrd.address as u64, initrd.size as u64]);
        let bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
        let start = (METADATA_END - METADATA_SIZE) as u64;
        let span =
            Span::of_bytes(start, METADATA_SIZE as u64).expect("it is the end of user space");
        let rights = Rights { write: false, ..DATA };
        let inserted = self.insert_grant(space, span, rights, Kind::Private);
        assert!(inserted, "init ends below the metadata");
        self.install_bytes(space, start, &bytes);
    }

    fn give_roots(&mut self, thread: ThreadId) {
        let table = self.add_table().expect("there is no other table");
        self.take_table(thread, table);
        for (_, id) in KERNEL_SCHEMES {
            let root = match id {
                scheme_id::DEBUG => Object::Console,
                scheme_id::EVENT => Object::EventRoot,
                scheme_id::MEMORY => Object::Memory,
                scheme_id::PIPE => Object::PipeRoot,
                scheme_id::TIME => Object::TimeRoot,
                scheme_id::SYS => Object::SysRoot,
                scheme_id::PROC => Object::Proc(ProcFile::Authority),
                scheme_id::CPU => Object::Cpus(cpus::File::root()),
                _ => Object::Swap(swap::File::root()),
            };
            self.give_root(thread, UPPER | usize::from(id), root);
        }
        self.give_root(thread, SCHEME_CREATION_CAP, Object::SchemeCreation);
    }

    fn give_root(&mut self, thread: ThreadId, descriptor: usize, root: Object) {
        let opened =
            self.open_as(thread, descriptor, Opened::without_offset(root, syscall::flag::O_RDWR));
        opened.expect("the first descriptors fit");
    }
}
