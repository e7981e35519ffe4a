//! More programs for corpora of their own: interpreters of many languages, an editor, a compiler, a
//! browser.
//!
//! They are started by the same rules as those of the sample ([`super::programs`]), and a program
//! that is not installed is skipped. `make corpora` puts each into a file of its own, so that a
//! codec can be tuned with some and judged by others.

/// A program and how it is run. An input keeps its pipe open until the pages are taken.
pub(super) struct Recipe {
    pub(super) name: &'static str,
    /// Its file in the search path, or where `gcc` says that its own programs are.
    pub(super) file: &'static str,
    pub(super) arguments: &'static [&'static str],
    pub(super) input: &'static str,
    /// How many pages it holds when it has enough, if it does not say so.
    pub(super) holds: Option<u64>,
}

/// Returns a program that says `ready`.
const fn speaking(
    name: &'static str,
    arguments: &'static [&'static str],
    input: &'static str,
) -> Recipe {
    Recipe { name, file: name, arguments, input, holds: None }
}

/// All of them.
pub(super) const ALL: &[Recipe] = &[
    speaking("ruby", &["--disable-gems", "-e", RUBY], ""),
    speaking("php", &["-n", "-d", "memory_limit=-1", "-r", PHP], ""),
    speaking("lua5.4", &["-e", LUA], ""),
    speaking("node", &["-e", NODE], ""),
    speaking("emacs-nox", &["-Q", "--batch", "--eval", EMACS], ""),
    speaking("sbcl", &["--noinform", "--no-sysinit", "--no-userinit", "--eval", SBCL], ""),
    speaking("tclsh", &[], TCL),
    speaking("sqlite3", &[":memory:"], SQL),
    speaking("guile", &["--no-auto-compile", "-q", "-c", GUILE], ""),
    Recipe {
        name: "cc1plus",
        file: "cc1plus",
        arguments: &["-quiet", "-imultiarch", "x86_64-linux-gnu", "-O2", "-o", "/dev/null", "-"],
        input: CPP,
        holds: Some(40 << 8),
    },
    Recipe {
        name: "chromium",
        file: "/usr/lib/chromium/chromium",
        arguments: &[
            "--headless",
            "--no-sandbox",
            "--single-process",
            "--disable-gpu",
            "--user-data-dir=/tmp/corpora-chromium",
            "--remote-debugging-port=0",
            PAGE,
        ],
        input: "",
        holds: Some(24 << 8),
    },
];

const RUBY: &str = r##"
x = 1
draw = lambda { x = (x * 1103515245 + 12345) & 0x7fffffff; x >> 4 }
orders = (0...12000).map { |i| { id: i, name: "customer #{draw.() % 997}", price: draw.() * 0.37,
  lines: (1..3).map { |k| [draw.() % 100013, k] } } }
index = Hash.new { |h, k| h[k] = [] }
orders.each { |o| index[o[:name]] << o[:id] }
text = orders.map { |o| "#{o[:id]};#{o[:name]};#{'%.2f' % o[:price]}" }.join("\n")
words = text.split(";").map(&:to_sym)
$stdout.puts "ready"; $stdout.flush; $stdin.read
"##;

const PHP: &str = r#"
$x = 1;
function draw() { global $x; $x = ($x * 1103515245 + 12345) & 0x7fffffff; return $x >> 4; }
$orders = []; $index = [];
for ($i = 0; $i < 20000; $i++) {
    $order = ['id' => $i, 'name' => 'customer ' . (draw() % 997), 'price' => draw() * 0.37,
              'lines' => [draw() % 1009, draw() % 1009, draw() % 1009]];
    $orders[] = $order; $index[$order['name']][] = $i;
}
$text = json_encode($orders); $parts = explode(',', $text);
echo "ready\n"; fgets(STDIN);
"#;

const LUA: &str = r#"
local x = 1
local function draw() x = (x * 1103515245 + 12345) & 0x7fffffff; return x >> 4 end
orders, index, lines = {}, {}, {}
for i = 1, 30000 do
  local name = 'customer ' .. draw() % 997
  orders[i] = { id = i, name = name, price = draw() * 0.37, draw() % 1009, draw() % 1009 }
  index[name] = index[name] or {}; table.insert(index[name], i)
  lines[i] = string.format('%08d %s took %d us', i * 37, name, draw() % 8191)
end
text = table.concat(lines, '\n')
print('ready'); io.stdout:flush(); io.read('a')
"#;

const NODE: &str = r#"
let x = 1; const draw = () => { x = (x * 1103515245 + 12345) % 2147483648; return x >> 4; };
globalThis.orders = []; globalThis.index = new Map(); globalThis.series = new Float64Array(60000);
for (let i = 0; i < 30000; i++) {
  const o = { id: i, name: 'customer ' + draw() % 997, price: draw() * 0.37, lines: [draw() % 1009, i] };
  orders.push(o); index.set(o.name, (index.get(o.name) || []).concat(i)); series[i] = o.price;
}
globalThis.text = JSON.stringify(orders); globalThis.parts = text.split(',');
console.log('ready'); process.stdin.resume();
"#;

const EMACS: &str = r#"
(let ((x 1) orders index)
  (defun draw () (setq x (logand (+ (* x 1103515245) 12345) #x7fffffff)) (ash x -4))
  (setq index (make-hash-table :test 'equal))
  (dotimes (i 30000)
    (let ((name (format "customer %d" (% (draw) 997))))
      (push (list :id i :name name :price (* 0.37 (draw)) :lines (vector (draw) (draw))) orders)
      (push i (gethash name index))))
  (with-temp-buffer
    (dolist (o orders) (insert (format "%S\n" o)))
    (goto-char 1)
    (while (re-search-forward "customer" nil t) (put-text-property (match-beginning 0) (point) 'face 'bold))
    (princ "ready\n")
    (read-from-minibuffer "")))
"#;

const SBCL: &str = r#"
(progn
  (defvar *x* 1)
  (defun draw () (setf *x* (logand (+ (* *x* 1103515245) 12345) #x7fffffff)) (ash *x* -4))
  (defstruct order id name price lines)
  (defvar *orders* (loop for i below 30000 collect
    (make-order :id i :name (format nil "customer ~d" (mod (draw) 997)) :price (* 0.37d0 (draw))
                :lines (list (draw) (draw)))))
  (defvar *index* (make-hash-table :test 'equal))
  (dolist (o *orders*) (push (order-id o) (gethash (order-name o) *index*)))
  (defvar *text* (format nil "~{~a~%~}" (mapcar #'order-name *orders*)))
  (format t "ready~%") (finish-output) (read-line))
"#;

const TCL: &str = r#"
set x 1
proc draw {} { global x; set x [expr {($x * 1103515245 + 12345) & 0x7fffffff}]; return [expr {$x >> 4}] }
for {set i 0} {$i < 20000} {incr i} {
  set name "customer [expr {[draw] % 997}]"
  set order($i) [list id $i name $name price [expr {[draw] * 0.37}] lines [list [draw] [draw]]]
  lappend index($name) $i
  append text [format "%08d %s took %d us\n" [expr {$i * 37}] $name [expr {[draw] % 8191}]]
}
set words [split $text " "]
puts ready; flush stdout
gets stdin
"#;

const SQL: &str = r#"
CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, price REAL, note TEXT);
WITH RECURSIVE n(i, x) AS (SELECT 1, 1 UNION ALL
  SELECT i + 1, (x * 1103515245 + 12345) & 2147483647 FROM n WHERE i < 60000)
INSERT INTO orders SELECT i, 'customer ' || x % 997, (x >> 4) * 0.37, printf('%08x took %d us', x, x % 8191) FROM n;
CREATE INDEX by_name ON orders (name, price);
CREATE TABLE sums AS SELECT name, sum(price) AS total, group_concat(id) AS ids FROM orders GROUP BY name;
SELECT 'ready';
"#;

const GUILE: &str = r#"
(define x 1)
(define (draw) (set! x (logand (+ (* x 1103515245) 12345) #x7fffffff)) (ash x -4))
(define index (make-hash-table))
(define orders (map (lambda (i)
  (let ((name (string-append "customer " (number->string (modulo (draw) 997)))))
    (hash-set! index name (cons i (hash-ref index name '())))
    (list i name (* 0.37 (draw)) (vector (draw) (draw))))) (iota 30000)))
(define text (string-join (map cadr orders) "\n"))
(display "ready\n") (force-output) (read-char)
"#;

const CPP: &str = r#"
#include <algorithm>
#include <functional>
#include <map>
#include <regex>
#include <string>
#include <vector>
struct Order { long id; std::string name; double price; std::vector<int> lines; };
std::map<std::string, std::vector<Order>> index_of(const std::vector<Order>& orders) {
  std::map<std::string, std::vector<Order>> all;
  for (auto& order : orders) all[order.name].push_back(order);
  return all;
}
bool matches(const std::string& text) { return std::regex_search(text, std::regex("(a|b)*c[0-9]+")); }
std::function<int(int)> chain(std::vector<std::function<int(int)>> all) {
  std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a(1) < b(1); });
  return [all](int x) { for (auto& f : all) x = f(x); return x; };
}
"#;

const PAGE: &str = "data:text/html,<table id=t></table><script>let x=1;\
const d=()=>{x=(x*1103515245+12345)%2147483648;return x>>4};\
for(let i=0;i<6000;i++){const r=t.insertRow();r.insertCell().textContent='customer '+d()%997;\
r.insertCell().textContent=(d()*.37).toFixed(2);r.className='c'+i%7}</script>";
