//! Links the programs as `zram-rt-link` says.

fn main() {
    zram_rt_link::freestanding();
}
