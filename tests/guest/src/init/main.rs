//! (being built)
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

zram_rt::entry!(main);

fn main() -> u8 {
    for arg in zram_rt::args() {
        zram_rt::println!("hello {arg}");
    }
    0
}
