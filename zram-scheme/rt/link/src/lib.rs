//! How the programs are linked: without libc and its start-up files, as static ELFs at fixed
//! addresses. For the build scripts of packages that have programs, or a kernel.
//!
//! The target is the host's own, so nothing has to be installed; what makes a program freestanding is
//! `no_std`, `no_main` and these arguments.

#![forbid(unsafe_code)]

/// Tells cargo the linker's arguments for the binaries of the package whose build script calls this.
pub fn freestanding() {
    println!("cargo:rerun-if-changed=build.rs");
    for argument in [
        "-nostdlib",
        "-nostartfiles",
        "-static",
        "-no-pie",
        "-Wl,--build-id=none",
        "-Wl,--gc-sections",
        "-Wl,-z,max-page-size=4096",
        "-Wl,-z,noexecstack",
    ] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
}

/// Does as [`freestanding`], and has the image laid out by the package's `linker.ld`.
///
/// # Panics
///
/// Outside of a build script.
pub fn laid_out() {
    freestanding();
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for every build script");
    println!("cargo:rerun-if-changed=linker.ld");
    println!("cargo:rustc-link-arg-bins=-Wl,-T,{folder}/linker.ld");
}
