//! Every codec against every decoder of its format, over pages of all kinds.

use fuzz::{pages, random};
use zram::{OUTPUT_MAX, PAGE_SIZE};

use super::{ANCHOR, Contender, all};

fn lz4s() -> Vec<Contender> {
    all().into_iter().filter(|contender| contender.name.contains("lz4")).collect()
}

#[test]
fn every_lz4_decoder_reads_the_blocks_of_every_lz4_encoder() {
    let (mut encoders, mut decoders) = (lz4s(), lz4s());
    for number in 0..400 {
        let page = pages::page(&mut random(4, number));
        for encoder in &mut encoders {
            let mut output = [0; OUTPUT_MAX];
            let Some(used) = encoder.codec.compress(&page, &mut output) else { continue };
            for decoder in &mut decoders {
                let mut back = [0x5a; PAGE_SIZE];
                let is_read = decoder.codec.decompress(&output[..used], &mut back);
                let names = (&encoder.name, &decoder.name);
                assert!(is_read && back == page, "page {number}, encoder and decoder {names:?}");
            }
        }
    }
}

#[test]
fn every_contender_gives_pages_of_its_own_back() {
    let pages: Vec<_> = (0..200).map(|number| pages::page(&mut random(5, number))).collect();
    for mut contender in all() {
        let blocks = contender.prepare(&pages).expect("the pages come back");
        assert!(blocks.ratio > 1.0, "{}: ratio {}", contender.name, blocks.ratio);
    }
}

#[test]
fn the_anchor_is_the_first_contender() {
    assert_eq!(all()[0].name, ANCHOR);
}
