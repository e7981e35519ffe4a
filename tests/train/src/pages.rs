//! Files of pages.

use std::fs;
use std::path::PathBuf;

use zram::{PAGE_SIZE, PageBytes};

/// Most pages that are used of a file, evenly taken: more of one program would count too much.
const PAGES_MAX: usize = 8192;

/// The pages of a file that are not made of one repeated word.
pub(crate) struct PageFile {
    /// Its name without the folder, for the record.
    pub(crate) name: String,
    /// Those pages.
    pub(crate) pages: Vec<PageBytes>,
}

/// Reads files, and all files of folders, in the order of their names.
///
/// # Errors
/// In words, when one cannot be read or is not whole pages, or there is none.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<PageFile>, String> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let describe = |error| format!("{}: {error}", path.display());
        let entries = fs::read_dir(path).map_err(describe)?;
        let paths: Result<Vec<_>, _> = entries.map(|entry| entry.map(|it| it.path())).collect();
        let mut paths = paths.map_err(describe)?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "bin"));
        paths.sort();
        files.extend(paths);
    }
    if files.is_empty() {
        return Err("usage: train FILE-OR-FOLDER...".into());
    }
    files.into_iter().map(read_one).collect()
}

fn read_one(path: PathBuf) -> Result<PageFile, String> {
    let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (all, rest) = bytes.as_chunks::<PAGE_SIZE>();
    if !rest.is_empty() {
        return Err(format!("{}: {} bytes are not whole pages", path.display(), bytes.len()));
    }
    let step = all.len().div_ceil(PAGES_MAX).max(1);
    let pages = all.iter().step_by(step).filter(|page| !is_same_filled(page)).copied().collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(PageFile { name, pages })
}

fn is_same_filled(page: &PageBytes) -> bool {
    let (words, _) = page.as_chunks::<8>();
    words.iter().all(|word| *word == words[0])
}
