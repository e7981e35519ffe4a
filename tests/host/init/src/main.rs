//! The first program: unpacks the boot image, manages the namespace, starts the others.
//!
//! It does the work of bootstrap, nsmgr, initfs and init together on Redox. One thread serves
//! requests (`server`) and never calls a scheme served here; the first thread starts `zramd`, waits
//! until `zram` is registered, runs the shell, and powers the machine off with the shell's exit
//! code.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod files;
mod names;
mod programs;
mod server;

use alloc::sync::Arc;

use syscall::flag::O_RDWR;
use zram_abi::boot::{KERNEL_SCHEMES, UPPER, scheme_id};
use zram_rt::boot::{self, Boot};
use zram_rt::errno::Result;
use zram_rt::scheme::Socket;
use zram_rt::thread;
use zram_rt::{Fd, environment, eprintln, process};

use files::Files;
use names::Names;
use programs::Daemon;
use server::Server;

zram_rt::entry!(main);

fn main() -> u8 {
    // Before this there is no descriptor to complain to.
    let _ = open_console();
    match set_up() {
        Ok((names, daemon)) => process::power_off(programs::run(&names, &daemon)),
        Err(error) => {
            eprintln!("init: cannot start: {}", zram_rt::errno::InWords(error));
            1
        }
    }
}

/// Opens descriptors 0, 1 and 2.
fn open_console() -> Result<()> {
    let debug = UPPER | usize::from(scheme_id::DEBUG);
    for number in 0..3 {
        // They stay open for this program and all that inherit them.
        Fd::open_at_number(debug, number, "", O_RDWR)?.into_raw();
    }
    Ok(())
}

/// Unpacks the image and starts serving; returns the names of all schemes, and the daemon to start.
fn set_up() -> Result<(Arc<Names>, Arc<Daemon>)> {
    let boot = boot::take().expect("init is the first program and asks once");
    let (names, daemon) = (Arc::new(Names::new()), Arc::new(Daemon::new()));
    register_kernel_schemes(&boot, &names);
    let files = match boot.initrd {
        // The initrd is unmapped here, when `initrd` goes.
        Some(initrd) => Files::unpack(initrd.bytes())?,
        None => Files::empty(),
    };
    let socket = Socket::create()?;
    environment::set_namespace(socket.root(server::NAMESPACE)?.into_raw());
    names.register("initfs", socket.root(server::FILES)?)?;
    names.register("init", socket.root(server::INIT)?)?;
    let server = Server::new(socket, files, Arc::clone(&names), Arc::clone(&daemon));
    thread::Builder::new("namespace").spawn(move || server.run())?;
    Ok((names, daemon))
}

fn register_kernel_schemes(boot: &Boot, names: &Names) {
    for root in &boot.roots {
        let known = KERNEL_SCHEMES.iter().find(|&&(_, known)| known == root.scheme);
        if let Some(&(name, _)) = known {
            // The table is empty before, and the kernel lists each scheme once.
            let _ = names.register(name, Fd::from_raw(root.descriptor));
        }
    }
}
