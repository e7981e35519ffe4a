//! The fixed scripts of the programs that are sampled: each builds ordinary data, says `ready` and
//! waits for its input to close.
//!
//! They read no file, no network and no environment; their data comes from the counters and texts
//! below.

/// Bash: an associative array of settings and a history of commands.
pub(super) const BASH: &str = r#"
declare -A settings
declare -a history
x=1
draw() { x=$(((x * 1103515245 + 12345) & 0x7fffffff)); }
for ((i = 0; i < 4000; i++)); do
    draw; printf -v mark %x $((x >> 4))
    settings["service.$((i % 37)).$mark"]="$((x >> 8)) /srv/data/$mark.$((x % 97))"
    draw; printf -v mark %x $((x >> 2))
    history[i]="cp --archive /srv/$((x % 997))/$mark /var/backup/day-$((x % 365)).tar"
done
words=0
for line in "${history[@]}"; do set -- $line; words=$((words + $#)); done
echo ready
read -r
"#;

/// Perl: an index of words, and nested records.
pub(super) const PERL: &str = r#"
use strict; use warnings;
my @words = qw(page frame slot pool stream device kernel memory swap fault reply batch queue);
my (%index, @orders);
my $x = 1;
sub draw { $x = ($x * 1103515245 + 12345) & 0x7fffffff; return $x >> 4 }
for my $i (0 .. 12000) {
    my $word = $words[draw() % @words] . (draw() % 4001);
    push @{ $index{$word} }, $i;
    push @orders, { id => draw(), name => "customer " . (draw() % 997), price => draw() * 0.37,
                    lines => [ map { draw() % 1009 } 1 .. 4 ] } if $i % 3 == 0;
}
my $report = join "\n", map { "$_: @{ $index{$_} }" } sort keys %index;
$| = 1; print "ready\n";
<STDIN>;
"#;

/// Python: objects, dictionaries, floating-point series and text made of them.
pub(super) const PYTHON: &str = r#"
import json, math, sys
x = 1
def draw(below):
    global x
    x = (x * 1103515245 + 12345) & 0x7fffffff
    return (x >> 4) % below
class Order:
    def __init__(self, i):
        self.number, self.customer = i, "%x %d" % (draw(1 << 27), draw(997))
        self.lines = [{"article": draw(100013), "count": k, "price": draw(99999) * 0.37}
                      for k in range(1, 4)]
orders = [Order(i) for i in range(5000)]
series = [math.sin(i / 50.0) * draw(100000) for i in range(60000)]
by_customer = {}
for order in orders:
    by_customer.setdefault(order.customer, []).append(order)
text = json.dumps([vars(order) for order in orders])
tokens = text.split()
print("ready", flush=True)
sys.stdin.read()
"#;

/// Rust, for the compiler to work on: generic code that gives it types to think about.
pub(super) const RUST: &str = include_str!("specimen.rs");
