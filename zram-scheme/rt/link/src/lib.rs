//! How the programs are linked: without libc and its start-up files, as static ELFs at fixed
//! addresses. For the build scripts of packages that have programs.

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
