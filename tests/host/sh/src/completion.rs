//! Tab completion: collects names from the schemes and the image, for `host_core::complete` to
//! choose from.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use host_core::complete::{Answer, Sought, answer, sought};
use host_core::editor::Editor;
use syscall::flag::{O_DIRECTORY, O_RDONLY};
use zram_rt::fs;

use crate::commands;

/// Completes the word before the cursor, or shows what it could be.
pub(crate) fn complete(editor: &mut Editor) {
    let before = editor.before_cursor();
    let sought = sought(&before);
    let (start, names) = match sought {
        Sought::Command(start) => (start, command_names()),
        Sought::Name { directory, start } => (start, names_in(directory)),
    };
    match answer(start, &names) {
        Answer::Nothing => editor.ring(),
        Answer::Insert { rest, is_whole } => {
            editor.insert(&rest);
            let leads_on = matches!(sought, Sought::Name { directory, .. }
                if directory.is_empty() || is_directory(directory, &(start.to_string() + &rest)));
            if is_whole && !leads_on {
                editor.insert(" ");
            }
        }
        Answer::Complete => match sought {
            Sought::Name { directory, .. } if is_directory(directory, start) => editor.insert("/"),
            Sought::Name { .. } | Sought::Command(_) => editor.insert(" "),
        },
        Answer::Choices(choices) => editor.show_choices(&choices),
    }
}

fn command_names() -> Vec<String> {
    let own = commands::NAMES.iter().map(ToString::to_string);
    own.chain(fs::list("/bin").unwrap_or_default()).collect()
}

/// Returns the names in a directory; nothing if it cannot be listed.
fn names_in(directory: &str) -> Vec<String> {
    if directory.is_empty() {
        let schemes = fs::list("/scheme").unwrap_or_default();
        return schemes.into_iter().map(|scheme| scheme + ":").collect();
    }
    let trimmed = directory.trim_end_matches('/');
    fs::list(if trimmed.is_empty() { "/" } else { trimmed }).unwrap_or_default()
}

fn is_directory(directory: &str, name: &str) -> bool {
    let path = directory.to_string() + name;
    fs::open(&path, O_RDONLY | O_DIRECTORY).is_ok()
}
