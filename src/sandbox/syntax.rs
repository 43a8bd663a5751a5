//! What is wrong with a program that cannot be read, with the line to mend.

use rustpython_vm::compiler::CompileError;
use rustpython_vm::{AsObject, VirtualMachine};

use super::errors::{FILE, cut};
use crate::protocol::{CodeError, CodeErrorKind};

/// The error in CPython's form. The interpreter says "invalid syntax" where its parser knows more, so the parser is asked.
pub fn from_compile_error(error: &CompileError, source: &str, vm: &VirtualMachine) -> CodeError {
    let raised = vm.new_syntax_error(error, Some(source));
    let class = raised.class().name().to_string();
    let said = raised.as_object().get_attr("msg", vm).ok().and_then(|text| text.try_into_value::<String>(vm).ok());
    let line = raised.as_object().get_attr("lineno", vm).ok().and_then(|line| line.try_into_value::<u32>(vm).ok());
    let words = match said {
        Some(said) if said != "invalid syntax" => said,
        _ => lower_first(&error.to_string()),
    };
    let (line, words) = match line.and_then(|line| unclosed(source, line)) {
        Some((open, bracket)) => (Some(open), format!("'{bracket}' was never closed")),
        None => (line, words),
    };
    let words = words.strip_prefix("invalid syntax: ").map(str::to_owned).unwrap_or(words);
    let words = match line.and_then(|line| source.lines().nth((line as usize).saturating_sub(1))).map(str::trim) {
        Some(text) if text.starts_with("```") => "this is a Markdown fence; send Python alone".to_owned(),
        Some(text) if text.starts_with("print ") && !text.contains("(") => {
            "Missing parentheses in call to 'print'. Did you mean print(...)?".to_owned()
        }
        _ => words,
    };
    let message = format!("{class}: {}", cut(&words));
    let place = line.map(|line| {
        let text = cut(source.lines().nth((line as usize).saturating_sub(1)).unwrap_or("").trim());
        format!("  File \"{FILE}\", line {line}\n    {text}\n")
    });
    CodeError {
        traceback: Some(format!("{}{message}", place.unwrap_or_default())),
        line,
        ..CodeError::new(CodeErrorKind::Exception, message)
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

/// The innermost bracket that is open where line `line` begins, as CPython reports it.
fn unclosed(source: &str, line: u32) -> Option<(u32, char)> {
    let mut open = Vec::new();
    let mut rest = source;
    let mut at = 1;
    while let Some(character) = rest.chars().next()
        && at < line
    {
        let length = match character {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '\'' | '"' => string(rest, character),
            _ => character.len_utf8(),
        };
        match character {
            '(' | '[' | '{' => open.push((at, character)),
            ')' | ']' | '}' => drop(open.pop()),
            _ => {}
        }
        at += rest[..length].matches('\n').count() as u32;
        rest = &rest[length..];
    }
    open.pop()
}

/// The bytes of the string literal that `text` begins with, its quotes included.
fn string(text: &str, quote: char) -> usize {
    let triple = String::from(quote).repeat(3);
    let (end, lines) = if text.starts_with(&triple) { (triple, true) } else { (quote.to_string(), false) };
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(end.len()) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' if !lines => return at,
            _ if text[at..].starts_with(&end) => return at + end.len(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::unclosed;

    #[test]
    fn the_open_bracket_is_found_past_strings_and_comments() {
        assert_eq!(unclosed("x = 1\ny = (1 +\nz = 3\n", 3), Some((2, '(')));
        assert_eq!(unclosed("a = [1,  # ]\n  ']', '''\n]'''\nb = 3\n", 4), Some((1, '[')));
        assert_eq!(unclosed("f(')\\'', \"(\")\nx = ]\n", 2), None);
        assert_eq!(unclosed("y = (1 +\n", 1), None);
        assert_eq!(unclosed("'''never ended (", 9), None);
        assert_eq!(unclosed(")]}\n(é\n{", 3), Some((2, '(')));
    }
}
