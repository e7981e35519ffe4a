//! The tables: by byte, the length of its code as a hexadecimal digit.
//!
//! Made by `make train-tables`, not by hand. A changed table is another format.
//!
//! 6055 pages that compress, of: pages-train.bin 6101

/// Of operands.
pub(in crate::zcomp::pagelz) static OPERANDS: [[u8; 256]; 4] = [
    *b"534444565577777878997aa97abba9bb79bbaaab9bbbbbbb5bbbaabb4bbbbbbb\
      5bbbabbb8bbbbbbb9bbbaabb8bbbbbbb8bbbaaab8bbbbbbb8bbbbbbb8bbbbbbb\
      9bbaaa9a8baa77bb8886a9a997bbbba89bbbbabb999abaa87baba98b9baa8bbb\
      9aabbbbb9baa9aaa8a99abaa99babbaa9bbbaabb9abaabaa9abaaaab9baaabbb",
    *b"5556666666677768666778787778888867787868787989896888887989898999\
      788888888989899978899989999a9a9978899999899a9999788999998a99999a\
      788989897889899989898999999999998989999899999a9998999999a9999999\
      98999999a9999a9a88899a9aaaaa9a9a899a9a9aaaaaaaaa999a9a9aaa999aa8",
    *b"64756547578864496b99967979b848596a89987a8abb96a979bba9aa8bbbbbbb\
      59bbb9bb9bbbbbbb7bbbbbbb8bbbb7ab7bbbbbbbabbbbbbb9bbbbbbb8bbbbbbb\
      6a898b9b7b9b8bba6bba7b9a68a979aa5aab9ba98bbbabbb7abbabbb8bbbabbb\
      79bbabbb9bababba8bbbbbbb9bbbabbb9bbbbbbb9bbbbbbb9bbbbbbb9bbbbbba",
    *b"54666557577877785888788859998789599998896aa99a9a699b999a689baaaa\
      6aab999a6abbaabb6bbbaa9b7bbbbbbb6bbbbbbb7bbbbbbb7babbbbb7bbbbbbb\
      6768687868887879788979987989999a78888989899a899a8a9a9a9a8aaaaa9a\
      8aaa9a9a9a9ba9aa8aaa9a9a9aab9bab8baaaaaa8aaaabab9aaaaaababab9ba8",
];

/// Of literals.
pub(in crate::zcomp::pagelz) static LITERALS: [[u8; 256]; 8] = [
    *b"59aaabab9abbbbbb9bbbbbbb9bbbbbba7bba7b9b8aab9b6955555555556a8b8b\
      9998979999ba998a8b987a9b9b9bbab79555545876b967666a66679988babab9\
      9bbbbbbb9bbbbbbb9bbbbbbb9bbbbbbb9bbbbbbb9bbbbbbb9bbbbbbb9bbbbbb9\
      8bbbbbbb9bbbbbbb9bbbbbbb9bbbbbbb9bbbbbbb9bbbbbbb9bbbbbbb9bbbbbb8",
    *b"59b999998998babb8bb8a99a8ab9bbbb7ba9bbbb8ba9897b4444444444b9b7bb\
      9bb9bbab8bb9bbbb8bb9bbb98bb8b6bb89b999bb89b9998b8bb9bb9b8bb9bbbb\
      9bb9bbbb8bb9bbba9bb9bbbb8bb9bbbb9bb9bbbb8bb9bbbb9bb9bbbb9bb9bbbb\
      8bb9bbbb8bb9bbbb8bb9bbbb9bb9bbbb8bb9bbbb8bb99bbb8ab89bba8ba8b898",
    *b"56aaaaaaa97bbbbb9bbbbbbbbbbbbbbb498aab97777a6867778899999979a79a\
      9898878998ba8988798878aaaab9a8a6757654676598565569554677879998bb\
      9bbbbbbbbbbbbbbb9bbbbbbbbbbbbbbb9bbbbbbbbbbbbbbb9bbbbbbbbbbbbbbb\
      9bbbbbbbbbbbbbbb9bbbbbbbbbbbbbbb9bbbbbbbbbbbbbbb9bbbbbbbbbbbbbba",
    *b"457778898688899977998999879999597799999a9799999976777777769a9a9a\
      86999899869999998789999986aa9a9a87999899969999998798899987989a9a\
      87899999868889887788888886888889879a9a9a979a9aa9879aaaa997aa9a9a\
      879a9aaa96aaaaaa87aa9a9a979a9aaa87aa9aaa96aaaaaa87aa9aaa979a9aaa",
    *b"4677778877888888788888888888889958898998888988787888888988899999\
      78988899989999998998999999a9a9a7767765777688676668666788878a78a9\
      7999999a79998aaa799a99a979aa99aa7aaa9a9a8aa99aba7abaaaaa9aaaaaaa\
      7aababbbaabaabaa779a7aa97aaba9ba8aaa99ba9aaaaabb69ab99aa99bbaaa7",
    *b"8bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb4b8bbbbbbbbb7bbb76666767679bbbbb\
      bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb55555556556565556665565556ababb\
      bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbabbbbbbbbbbbbbbb\
      bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbabbbbbbbbbbbbbba",
    *b"4677788868888888688888897888899969999999799999996888899979999999\
      6899999979999999689999897999999968999899799999996999999979999997\
      6998999979889989699988997999999969999999799899996999999979999998\
      6999999979999999689999997999999969999999799999996999889878999996",
    *b"5566777777777888788888888888898878898879888888896666666666899898\
      7899999889998898888989898899899988988889899988997988899989899998\
      7889889989998998899999998899999989999999899999898999999989999998\
      8989999989998999899999988999999988999999899989997798989989999998",
];

/// Of tokens.
pub(in crate::zcomp::pagelz) static TOKENS: [[u8; 256]; 4] = [
    *b"936aa8ab95bba6966abb9bbb7bab6b94abb9bbb9bb89bbb8998abbbbbbbbbbb8\
      b7999abbbbabbb94a98999899879a986a89b999ab9bbb8a799bbbbbbbbbba9a6\
      b899baabbbbbbba666688667869999966abb9bbb8bbb6a856aa8abb9bbb7ab96\
      9a8bbbbbbbabbbb889aababbbbbbbbb9b8899aba9bbbbba5688889a99a9a9aa9",
    *b"a58a928bb9aba4a3abba5bbbabbb6bb5bbbabbb99bbbbbbabb9bbba8bbbbbbb7\
      b9aabbb88bbbbbbaaa8bb7abbbabb9a6b88bb59bbbbba8b5b9bb88bbbbbb9bb7\
      bbbbbbbabbbbbbbaa5ab77bbbabba9b779b868bbabba8bb59bb78bb9abb9bbb8\
      bb99bb98bbbbbbbab8bbb9abba99bbbbbaaa9bb8bbbbbbba9a9bbbbb9bbbbbbb",
    *b"85989598647bba8498aa999bbbabbbb899a9a9bbbbbbbbb5bbb69bbbbbbba9ba\
      b9a9aa99bbbba8bb9a6aabaaabbbbba8a889babb96bbbbb9a9abaa99bbbbbbbb\
      b9a9aba9bbbbb9b96676777788889897677879899aaaaba877879999abbabba9\
      78789a9aababbbba889abbaabbbb9bbab67788888a9aaba845566775799abbba",
    *b"8699748bb997768599b958bbab9769a6bba69bbbbbb8aba8bb89bbabbb9bbba9\
      b9aa99aabbbbbb98ab9ba87abba99977b9bb969bbbbba7a8bbba78bbbbb88bb8\
      ba98aaaabba8bba887896479a88886857aa746aaab9969a79a856ab9ba869ba6\
      aa67bbabbb7abb98a89abbbbb9bbbbb9b88899a9abaaba98677899a88aabbbbb",
];
