//! The person's own editor, for a text that is longer than a line.

use std::fs::File;
use std::io::{IsTerminal, Read, Write, stdin};
use std::process::{Command, Stdio};

use super::TermError;
use super::signals::Ignored;

/// A text as large as this was not written by hand. In bytes.
const LARGEST: u64 = 1 << 20;

/// Has the person go on with `text` in the program that `VISUAL` or `EDITOR` names, else in vi, and gives what they
/// saved. The terminal must be given back before.
pub(super) fn edit(text: &str) -> Result<String, TermError> {
    let named = |name| std::env::var(name).ok().filter(|command| !command.trim().is_empty());
    let editor = named("VISUAL").or_else(|| named("EDITOR")).unwrap_or_else(|| "vi".into());
    edit_with(&editor, text)
}

fn edit_with(editor: &str, text: &str) -> Result<String, TermError> {
    let failed = |source| TermError::Editor { editor: editor.into(), source };
    // Only its owner can read it, and it is gone when this is done.
    let mut file = tempfile::Builder::new().prefix("minions-").suffix(".txt").tempfile().map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(failed)?;
    // By a shell, as git does it: the variable may hold options, or a path in quotes.
    let mut command = Command::new("sh");
    // It outlives Ctrl-C, as the editor may.
    command.arg("-c").arg(format!("trap : INT QUIT; {editor} \"$@\"")).arg(editor).arg(file.path());
    if !stdin().is_terminal() {
        // A document came in by it.
        command.stdin(File::open("/dev/tty").map_or_else(|_| Stdio::inherit(), Stdio::from));
    }
    let mut editor_process = command.spawn().map_err(failed)?;
    // Set now, since a program inherits what is ignored when it starts. The terminal sends what Ctrl-C and Ctrl-\ mean
    // to every program on it; they are the editor's alone.
    let _ignored = [libc::SIGINT, libc::SIGQUIT].map(Ignored::begin);
    let ended = editor_process.wait().map_err(failed)?;
    if !ended.success() {
        return Err(TermError::EditorFailed { editor: editor.into(), how: ended.to_string() });
    }
    // Many editors save by putting another file under the name.
    let mut saved = String::new();
    let read = |saved: &mut String| File::open(file.path())?.take(LARGEST + 1).read_to_string(saved);
    read(&mut saved).map_err(failed)?;
    match saved.len() as u64 > LARGEST {
        true => Err(failed(std::io::Error::other("the text is longer than 1 MiB"))),
        false => Ok(saved),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_editor_saved_comes_back() {
        assert_eq!(edit_with("printf ' and more' >>", "words").unwrap(), "words and more");
        let by_another_file = "sh -c 'echo new > \"$1.new\" && mv \"$1.new\" \"$1\"' -";
        assert_eq!(edit_with(by_another_file, "old").unwrap(), "new\n");
    }

    #[test]
    fn an_editor_that_fails_or_is_not_there_is_named() {
        for editor in ["false", "no-such-editor"] {
            let error = edit_with(editor, "words").unwrap_err().to_string();
            assert!(error.contains(editor) && error.contains("as it was"), "{error}");
        }
        let error = edit_with("printf '\\377' >", "words").unwrap_err();
        assert!(matches!(error, TermError::Editor { .. }), "{error}");
    }
}
