//! `make train-tables`: makes the tables of codes of `pagelz` from pages of memory.
//!
//! `train FILE...` reads files of 4 KiB pages, cuts each page as the dense parse does ([`streams`]), puts
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
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match train(&paths) {
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

/// Returns the source file with the tables for all pages of some files.
fn train(paths: &[PathBuf]) -> Result<String, String> {
    let files = pages::read(paths)?;
    let histograms = Histograms::of(files.iter().flat_map(|file| &file.pages));
    if histograms.pages == 0 {
        return Err("no page that compresses".into());
    }
    let mut tables = Vec::new();
    for (stream, count) in histograms.streams.iter().zip(TABLES) {
        tables.push(cluster::codes(stream, count));
    }
    Ok(source::text(&facts(&files, histograms.pages), &tables))
}

/// Returns lines that say where the tables come from.
fn facts(files: &[PageFile], used: usize) -> Vec<String> {
    let names: Vec<_> =
        files.iter().map(|file| format!("{} {}", file.name, file.pages.len())).collect();
    vec![format!("{used} pages that compress, of: {}", names.join(", "))]
}

#[cfg(test)]
mod tests;
