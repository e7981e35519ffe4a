//! A program of our own that is sampled like the others, and instead of them where none is
//! installed.
//!
//! It builds what ordinary programs hold: an index of words, records in a tree, a list of logged
//! lines, series of measured numbers, a graph of nodes that name each other, and a text that was
//! put together from all of it. It is also what the compiler is sampled with.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::rc::Rc;

const WORDS: [&str; 16] = [
    "page", "frame", "slot", "pool", "stream", "device", "kernel", "memory", "swap", "fault",
    "reply", "batch", "queue", "window", "record", "thread",
];

/// A customer's order, as a program for a shop would keep it.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    number: u64,
    customer: String,
    lines: Vec<Line>,
    paid: Option<f64>,
}

/// One line of an order.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    article: u32,
    count: u16,
    price: f64,
}

/// A node of a graph; its neighbours come earlier.
#[derive(Debug)]
pub(crate) struct Node {
    name: String,
    weight: f32,
    neighbours: Vec<Rc<Node>>,
}

/// Hashes the same way in every run, so that every run has the same tables.
type Index = HashMap<String, Vec<u32>, BuildHasherDefault<DefaultHasher>>;

/// Everything that the program holds at the end.
#[derive(Debug)]
pub(crate) struct Specimen {
    index: Index,
    orders: BTreeMap<u64, Order>,
    log: Vec<String>,
    series: Vec<f64>,
    graph: Vec<Rc<Node>>,
    report: String,
}

impl Specimen {
    /// Builds data that grows with `scale`; 1 is about ten megabytes.
    pub(crate) fn build(scale: u32) -> Self {
        let orders: BTreeMap<u64, Order> =
            (0..8000 * scale).map(|i| (u64::from(i) * 7919 % 1_000_003, order(i))).collect();
        let log: Vec<String> = (0..12_000 * scale).map(logged).collect();
        let mut index = Index::default();
        for (number, line) in (0..).zip(&log) {
            for word in line.split(' ') {
                index.entry(word.to_owned()).or_default().push(number);
            }
        }
        let report = orders.values().map(summary).collect::<Vec<_>>().join("\n");
        let series = (0..40_000 * scale).map(|i| (f64::from(i) / 50.0).sin() * f64::from(i));
        Self { index, orders, log, series: series.collect(), graph: graph(6000 * scale), report }
    }

    /// Returns a number that depends on all the data, so that none of it can be left out.
    pub(crate) fn size(&self) -> usize {
        let edges: usize = self.graph.iter().map(|node| node.neighbours.len()).sum();
        let heavy = self.graph.iter().filter(|node| node.weight > 0.5).count();
        let named = self.graph.last().map_or(0, |node| node.name.len());
        self.index.len()
            + self.orders.values().filter(|order| order.paid.is_some()).count()
            + self.log.len()
            + self.series.len()
            + self.report.len()
            + edges
            + heavy
            + named
    }
}

fn order(i: u32) -> Order {
    let lines = (1..2 + i % 4).map(|k| Line {
        article: i * k % 10_007,
        count: u16::try_from(k).unwrap_or(1),
        price: f64::from(i % 977) * 0.37,
    });
    Order {
        number: u64::from(i),
        customer: format!("customer {} of {}", i * 31 % 997, WORDS[(i % 16) as usize]),
        lines: lines.collect(),
        paid: (!i.is_multiple_of(3)).then_some(f64::from(i) * 1.19),
    }
}

fn logged(i: u32) -> String {
    let (first, second) = (WORDS[(i * 7 % 16) as usize], WORDS[(i * 11 % 13) as usize]);
    format!("{:08} {first} {}: {second} took {} us", i * 37, i * 7919 % 4001, i * 104_729 % 8191)
}

fn summary(order: &Order) -> String {
    let total: f64 = order.lines.iter().map(|line| f64::from(line.count) * line.price).sum::<f64>();
    let articles: Vec<String> = order.lines.iter().map(|line| line.article.to_string()).collect();
    format!("{};{};{total:.2};{}", order.number, order.customer, articles.join(","))
}

fn graph(nodes: u32) -> Vec<Rc<Node>> {
    let mut graph: Vec<Rc<Node>> = Vec::new();
    for i in 0..nodes {
        let near = (1..=i.min(i % 5)).filter_map(|k| graph.get((i * k % i.max(1)) as usize));
        let neighbours = near.cloned().collect();
        let name = format!("{}-{i}", WORDS[(i * 5 % 16) as usize]);
        graph.push(Rc::new(Node { name, weight: i as f32 / nodes as f32, neighbours }));
    }
    graph
}
