//! The tables: by byte, the length of its code as a hexadecimal digit.
//!
//! Made by `make train-tables`, not by hand. A changed table is another format.
//!
//! 2026-11-28: 17232 pages that compress, of: pages-train.bin 6101, node.bin 1956, perl.bin 2040,
//! php.bin 2041, ruby.bin 2047, specimen.bin 1923, sqlite3.bin 1328

/// Of operands.
pub(in crate::zcomp::pagelz) static OPERANDS: [[u8; 256]; 4] = [
    *b"53445556556777686669899a778969bb79abaa9b8bbbbbbb5bbba9ab58bbbbbb\
      5abbabbb8bbbbbbb9bbbabab9bbbbbbb8bbbaaab8bbbbbba7bbbbbbb8bbbbbbb\
      6a8aaa9a7bab77bb899799aa88abbbb98bbbaba989abbba97bbb988b8bba9bbb\
      8aaaabbb9babaabb799aabbb99bbabaa9bbbbabb9bbbbbaa9bbbaaab9baaabba",
    *b"5466555656787777499887885a9a99895aaa988a6aa9aaaa5aab9aaa7bbbbbba\
      6bbbaaaa6bbbbbab6bbbbbbb7bbbbabb5bbbbbbb8bbbbbbb6bbbbbbb7babbbbb\
      786877887888897988897988898a989a7a99898a999a7a998a9b99aa8aaa9b9b\
      9aab9aaa9b9baaaa8baaab9aaabb9baa9b9baabb9bbaab9a999b9aababababb9",
    *b"55675445577565466788557a798767797baa967a7bbba8ab8bbbbabb9abbbbbb\
      6bbbbbbb9abbbbba6abbbbbbaabbbbbb8bbbbbbbbbbbb89b7bbbbbbb7bbbbbbb\
      7b986aab88bb8b7b8ba99b9b6a9b99ba8a8baba999bb7bab9abbbb8babb99bbb\
      7bbba9bbab9bb88a9bbb8bbbbabbbb9b8baabbbb8bbbb9bb7b9bbabbbbbb9bbb",
    *b"5455666667677888667778887877888977778887888999997778888998888899\
      8878888888888789788989899999999989999999999999998889889999999a9a\
      8888888999998899888988889999999999998999a99999999999999999999999\
      99999999a9999999a9999999a999999999999999a999999999799a9aa9aa9aa7",
];

/// Of literals.
pub(in crate::zcomp::pagelz) static LITERALS: [[u8; 256]; 8] = [
    *b"59a9999a8988baab8ba9a99a9bb9bbbb7a99bbbb9ba9896b4444444444a8b8bb\
      8bb9bbbb8bb9bbbb8bb9baaa9bb8b6bb89b999bb89b9998b8ba9ab9b9bb9baba\
      8bb9bbbb9bb9bbba8bb9bbbb9bb9bbbb8bb9bbbb8bb9bbbb8bb9bbbb9bb9bbbb\
      8bb9bbbb8bb9bbbb8bb9bbbb9bb9bbbb8bb9bbbb9bb9abbb8ab89bba9bb9b898",
    *b"56999999998aaaa98aaaaaaaaaaaaaaa498aaa98788a7878777888888889a89a\
      8898989998aa99888988899aaaa9a9b7756664666577565567555677767988ba\
      8abbaaab9abaabbb8aabaabb9bbbbbbb8bbbbbbbabbbbbbb8bbbbbbbabbbbbbb\
      8bbbbbbbabbbbbbb89bbabbbabbbbbbb9bbbabbbabbbbbbb8bbbbbbbaabbbbb9",
    *b"4666777777777777788878888888887878888888788888887777888878898899\
      7899988888999999888889898899899888888888889988887888889988888898\
      7888888988898998789989998889999979988999889999898999999979999999\
      7889999988998999889989988999999988999999899899998999989989999998",
    *b"568888898599999a969999a996a9999a969aaaaa96aa9aa986888989859aaaaa\
      96999999959a99999699999a85aaaaaaa6a9989a95aa99999699999a96999aa9\
      969aaaaa95aaaaaa969aaaaa96aaaaaa96aaaaaa96aaaaaa96aaaaa996aaaa9a\
      969aaaaa95aaaaaa96aaa99a96aaaaaaa6aaaaaa959aaaaa96aaaaaa96aaaaa9",
    *b"5787888868888999689999997999999869999999699999996777888868999999\
      6899999979999999689999897999999968989799699988986988889978999998\
      6999999969999999699999997999999969999999699999996999999979999999\
      6999899969999999699999997999999969999999699899996999989878999997",
    *b"5788888878889999789998997999999979899999899989795555555555899998\
      7999999989a999997999999989999899789987997899888879888899899999a9\
      799a999989999999799999998999999a79a99aa98a99aa9979a99a9989a9a9a8\
      799999a989a9999979999999899999a979aa999989a99999789899998999a999",
    *b"678888888878888799aa7a999aaa9a8889899aaa89aa9a9a55555555559a979a\
      7999999889999999988999999999799995655559999988987888889989889998\
      88889799aaaaaaa8aaaaaaaaa89aaaaa9aa89aaa9aaaaa8a9aaaaaaa8aaaaaaa\
      aa8aaaaaaaaa89aaaaaaaaa8aaaaaaaaa8aaaaaaaaa8aaaaaaaaa899aaaaaaa9",
    *b"8abbbbbbbb8bbbbbbabbbbbbbbbbbbbb7b8bbbbbbbbb4b6b433444444487bbbb\
      bbbbbbbbbbbbbbbbbabbbbbbbbbbbbbbb9b998abb9bb99a99a9999babbbbbbbb\
      bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\
      bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
];

/// Of tokens.
pub(in crate::zcomp::pagelz) static TOKENS: [[u8; 256]; 4] = [
    *b"9478959975aaa6937aa97bbb8baa7b94ab99bbbabb9abb86aa97abbbbbb8bb88\
      b889aabbbbbbbaa597799889a9889976a79ba7aba6bbb8a597bbabbbbbbbaaa6\
      b9a9bbbbbbbbbba7767887889899979669aa79bb8baa7b967a98abb9bb98bba6\
      9a9bbbbbbbbbbbb899bbbabbbbb9bbbab8899abaabbbbbb678999aa9898bbba9",
    *b"97aa848bb9a886959ab949ba9ba86aa5bb969bbabba7bba6bb8abbbbbbabbbb8\
      b9aa99a9bbbbbba8ab9aa86abba9aa77a9bb969bbbbba7a7abbb69bbabb97bb7\
      bb9899aabba9bbb89799748ab89986857aa847bbaa996aa69b857bb9aa86aba6\
      ab68bbabbb7abba7b8abbbbbbabbbbbab99899aaabbbbba967799aa9898bbbbb",
    *b"a9bb729bbbbb74769bb948bbabbb58b6bbb6abbabbb9bbb9bb8bbbbbbbbbbbb9\
      b9bbabb89bbb77b8babb968bbbbbb788bbbbb69bbbab9577bbbb89bb9bbb68b8\
      bbba8bb9abbaaaba88bb86abbbbb78878ab859bba8ba4897abb68bbabbb78bb9\
      bb8abbbbbb7abbb9babbbbbbbbbbbbbbbbaa9bbbbbbb8bbb999bbbbbbbbbbbbb",
    *b"778a949b9888bba78899888999bbbbb999888aba89bbbbbba8998bb9bbbbbbbb\
      b9aa67879abbbabb89aaa97bbbb9bbaa99aaa8abbbbbbbba99ab8a87babbabba\
      b99a7689aabbbbbb567887999889a9a85789889a9abbbbb7568887799aaabba9\
      67788999ab9bbbbb6789bbabbabbbbbbb6887778899bbbba454567758abbbbbb",
];
