//! Links the kernel freestanding, laid out by `linker.ld`.

fn main() {
    zram_rt_link::laid_out();
}
