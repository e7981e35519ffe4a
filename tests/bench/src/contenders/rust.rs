//! Contenders in Rust: our streams, one of which is `lz4_flex`, and `lz4rip`.

use zram::{Algorithm, Compressor, PAGE_SIZE, PageBytes, Stream};

use super::{Codec, Contender, Output};

struct Ours {
    algorithm: Algorithm,
    stream: Stream,
}

impl Codec for Ours {
    fn compress(&mut self, page: &PageBytes, output: &mut Output) -> Option<usize> {
        self.stream.compress(page, output)
    }

    fn decompress(&mut self, block: &[u8], page: &mut PageBytes) -> bool {
        self.algorithm.decompress(block, page).is_ok()
    }
}

struct Rip(lz4rip::block::CompressorRef);

impl Codec for Rip {
    fn compress(&mut self, page: &PageBytes, output: &mut Output) -> Option<usize> {
        self.0.compress_into(page, output).ok()
    }

    fn decompress(&mut self, block: &[u8], page: &mut PageBytes) -> bool {
        matches!(lz4rip::block::decompress_into(block, page), Ok(PAGE_SIZE))
    }
}

pub(super) fn all() -> Vec<Contender> {
    let contender = |name: &str, codec: Box<dyn Codec>| Contender { name: name.into(), codec };
    let ours = [
        ("pagelz", Algorithm::Pagelz, 1),
        ("pagelz level=2", Algorithm::Pagelz, 2),
        ("pagelz level=3", Algorithm::Pagelz, 3),
        ("pagelz level=4", Algorithm::Pagelz, 4),
        ("pagelz level=5", Algorithm::Pagelz, 5),
        ("pagelz level=6", Algorithm::Pagelz, 6),
        ("pagelz level=7", Algorithm::Pagelz, 7),
        ("pagelz level=8", Algorithm::Pagelz, 8),
        ("pagelz level=9", Algorithm::Pagelz, 9),
        ("lz4", Algorithm::Lz4, 1),
        ("lz4 level=2", Algorithm::Lz4, 2),
        ("lz4_flex (lz4-safe)", Algorithm::Lz4Safe, 1),
    ];
    let mut all: Vec<Contender> = ours
        .into_iter()
        .map(|(name, algorithm, level)| {
            let compressor = Compressor::with_level(algorithm, level).expect("it has that level");
            let stream = Stream::new(compressor).expect("the host has memory");
            contender(name, Box::new(Ours { algorithm, stream }))
        })
        .collect();
    all.push(contender("lz4rip", Box::new(Rip(lz4rip::block::CompressorRef::new()))));
    all
}
