//! `make train-tables`: makes the tables of codes of `pagelz` from pages of memory.
//!
//! `train DATE FILE-OR-FOLDER...` reads files of 4 KiB pages, cuts each page as the dense parse does ([`streams`]), puts
//! pages whose streams need alike codes together ([`cluster`]), gives each group a code ([`lengths`]) and
//! prints the source file with all of them ([`source`]). The same files give the same tables.

#![forbid(unsafe_code)]

mod cluster;
mod lengths;
mod pages;
mod source;
mod streams;

use std::path::PathBuf;
use std::process::ExitCode;

use pages::PageFile;
use streams::Histograms;

/// Tables by stream: operands, literals, tokens.
const TABLES: [usize; 3] = [4, 8, 4];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let date = arguments.next().unwrap_or_default();
    let paths: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    match train(&date, &paths) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(words) => {
            eprintln!("train: {words}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the source file with the tables for all pages of some files, as of a day.
fn train(date: &str, paths: &[PathBuf]) -> Result<String, String> {
    let files = pages::read(paths)?;
    let histograms = Histograms::of(files.iter().flat_map(|file| &file.pages));
    if histograms.pages == 0 {
        return Err("no page that compresses".into());
    }
    let mut tables = Vec::new();
    for (stream, count) in histograms.streams.iter().zip(TABLES) {
        tables.push(cluster::codes(stream, count));
    }
    Ok(source::text(&facts(date, &files, histograms.pages), &tables))
}

/// Returns lines that say where the tables come from.
fn facts(date: &str, files: &[PageFile], used: usize) -> Vec<String> {
    let names: Vec<_> =
        files.iter().map(|file| format!("{} {}", file.name, file.pages.len())).collect();
    vec![format!("{date}: {used} pages that compress, of: {}", names.join(", "))]
}

#[cfg(test)]
mod tests;
