//! The best lengths of codes when none may be longer than [`LENGTH_MAX`] bits: package-merge
//! (Larmore and Hirschberg, 1990).
//!
//! A code of length n is n coins, of 1/2, 1/4 and so on to 2^-n, each priced by how common its byte
//! is. The cheapest coins worth 255 in all are found from the smallest denomination up: pairs of
//! one denomination are offered among the coins of the next. The length of a byte's code is how
//! often its coin was taken.

/// Bits of the longest code.
const LENGTH_MAX: usize = 11;

/// The length of each byte's code.
pub(crate) type Lengths = [u8; 256];

/// Something that costs, and which bytes' coins are in it.
#[derive(Clone)]
struct Package {
    cost: u64,
    bytes: Vec<u8>,
}

/// Returns the lengths of a complete code in which the sum of weight times length is least. A byte of
/// weight 0 has a code as well.
pub(crate) fn lengths(weights: &[u64; 256]) -> Lengths {
    let mut coins: Vec<Package> = (0..=255)
        .map(|byte| Package { cost: weights[usize::from(byte)], bytes: vec![byte] })
        .collect();
    // Stable: bytes of the same weight stay in their order.
    coins.sort_by_key(|coin| coin.cost);
    let mut offered = coins.clone();
    for _ in 1..LENGTH_MAX {
        let pairs = offered.chunks_exact(2).map(|pair| Package {
            cost: pair[0].cost + pair[1].cost,
            bytes: [pair[0].bytes.as_slice(), &pair[1].bytes].concat(),
        });
        let mut next: Vec<Package> = coins.iter().cloned().chain(pairs).collect();
        next.sort_by_key(|package| package.cost);
        offered = next;
    }
    let mut lengths = [0; 256];
    for package in &offered[..2 * 255] {
        package.bytes.iter().for_each(|byte| lengths[usize::from(*byte)] += 1);
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::{LENGTH_MAX, lengths};

    fn is_complete(lengths: &[u8; 256]) -> bool {
        lengths.iter().map(|length| 1 << (LENGTH_MAX - usize::from(*length))).sum::<usize>()
            == 1 << LENGTH_MAX
    }

    #[test]
    fn equal_weights_give_equal_lengths() {
        assert_eq!(lengths(&[7; 256]), [8; 256]);
    }

    #[test]
    fn no_code_is_longer_than_the_limit_however_rare_its_byte() {
        let mut weights = [0; 256];
        for (power, weight) in weights.iter_mut().rev().take(50).enumerate() {
            *weight = 1 << power;
        }
        let lengths = lengths(&weights);
        assert!(is_complete(&lengths));
        assert_eq!(lengths.iter().max(), Some(&(LENGTH_MAX as u8)));
        assert_eq!(lengths[206], 1, "the most common byte of all");
    }

    #[test]
    fn powers_of_two_give_their_own_logarithms() {
        // A half, a quarter, and 254 bytes that share the other quarter: 2 of 1/256 and 252 of 1/1024.
        let mut weights = [1; 256];
        weights[3] = 512;
        weights[9] = 256;
        (weights[20], weights[21]) = (2, 2);
        let lengths = lengths(&weights);
        assert!(is_complete(&lengths));
        assert_eq!((lengths[3], lengths[9]), (1, 2));
    }
}
