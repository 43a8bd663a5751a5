//! Where the interpreter differs from CPython in a way that programs meet: `str.split` at other spaces than ASCII's,
//! `str.join` of what is no text, and what `prelude.py` lists.

use rustpython_vm::builtins::{PyDictRef, PyStr, PyStrRef, PyTypeRef};
use rustpython_vm::common::wtf8::Wtf8Buf;
use rustpython_vm::{AsObject, FromArgs, PyObjectRef, PyResult, VirtualMachine};

/// Replaces the methods on `str`, and those that `prelude.py` lists. Call before any program runs.
pub fn mend(prelude: &PyDictRef, vm: &VirtualMachine) -> PyResult<()> {
    let mends: Vec<PyObjectRef> = prelude.get_item("_mends", vm)?.try_into_value(vm)?;
    for mend in mends {
        let class: PyTypeRef = mend.get_item(&0usize, vm)?.try_into_value(vm)?;
        let name: String = mend.get_item(&1usize, vm)?.try_into_value(vm)?;
        class.set_attr(vm.ctx.intern_str(name), mend.get_item(&2usize, vm)?);
    }
    let class = vm.ctx.types.str_type;
    class.set_str_attr("split", vm.new_method("split", class, split), &vm.ctx);
    class.set_str_attr("rsplit", vm.new_method("rsplit", class, rsplit), &vm.ctx);
    class.set_str_attr("join", vm.new_method("join", class, join), &vm.ctx);
    Ok(())
}

#[derive(FromArgs)]
struct SplitArgs {
    #[pyarg(any, default)]
    sep: Option<PyStrRef>,
    #[pyarg(any, default = -1)]
    maxsplit: isize,
}

fn split(string: PyStrRef, args: SplitArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let text = string.to_string_lossy();
    let most = usize::try_from(args.maxsplit).ok();
    let Some(separator) = separator(&args, vm)? else { return Ok(list(words(&text, most), vm)) };
    Ok(match most {
        Some(most) => list(text.splitn(most.saturating_add(1), separator.as_str()), vm),
        None => list(text.split(separator.as_str()), vm),
    })
}

fn rsplit(string: PyStrRef, args: SplitArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let text = string.to_string_lossy();
    let most = usize::try_from(args.maxsplit).ok();
    let mut parts: Vec<&str> = match (separator(&args, vm)?, most) {
        (None, most) => return Ok(list(last_words(&text, most), vm)),
        (Some(separator), Some(most)) => text.rsplitn(most.saturating_add(1), separator.as_str()).collect(),
        (Some(separator), None) => text.rsplit(separator.as_str()).collect(),
    };
    parts.reverse();
    Ok(list(parts, vm))
}

/// As the interpreter's own, and names the item that is no text.
fn join(string: PyStrRef, parts: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let parts: Vec<PyObjectRef> = match parts.downcast_ref::<PyStr>() {
        Some(text) if string.as_bytes().is_empty() => return Ok(vm.ctx.new_str(text.as_wtf8().to_owned()).into()),
        _ => parts.try_into_value(vm)?,
    };
    let mut joined = Wtf8Buf::new();
    for (at, part) in parts.iter().enumerate() {
        let Some(text) = part.downcast_ref::<PyStr>() else {
            let class = part.class().name().to_string();
            return Err(vm.new_type_error(format!("sequence item {at}: expected str instance, {class} found")));
        };
        if at > 0 {
            joined.push_wtf8(string.as_wtf8());
        }
        joined.push_wtf8(text.as_wtf8());
    }
    Ok(vm.ctx.new_str(joined).into())
}

fn separator(args: &SplitArgs, vm: &VirtualMachine) -> PyResult<Option<String>> {
    match &args.sep {
        Some(text) if text.is_empty() => Err(vm.new_value_error("empty separator".to_owned())),
        separator => Ok(separator.as_ref().map(|text| text.to_string_lossy().into_owned())),
    }
}

fn list<'a>(parts: impl IntoIterator<Item = &'a str>, vm: &VirtualMachine) -> PyObjectRef {
    vm.ctx.new_list(parts.into_iter().map(|part| vm.ctx.new_str(part).into()).collect()).into()
}

/// What `str.isspace` is true of.
fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\x1c'..='\x1f')
}

/// The words between spaces; after `most` splits the rest stays whole.
fn words(text: &str, most: Option<usize>) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        let end = rest.find(is_space).filter(|_| most != Some(words.len())).unwrap_or(rest.len());
        words.push(&rest[..end]);
        rest = rest[end..].trim_start_matches(is_space);
    }
    words
}

/// As [`words`], from the end.
fn last_words(text: &str, most: Option<usize>) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_end_matches(is_space);
    while !rest.is_empty() {
        let space = rest.char_indices().rfind(|(_, character)| is_space(*character));
        let space = space.filter(|_| most != Some(words.len()));
        let start = space.map_or(0, |(at, character)| at + character.len_utf8());
        words.push(&rest[start..]);
        rest = rest[..start].trim_end_matches(is_space);
    }
    words.reverse();
    words
}

#[cfg(test)]
mod tests {
    use super::{last_words, words};

    #[test]
    fn words_are_split_at_every_kind_of_space() {
        assert_eq!(words("\u{a0}a\u{2003}b \t\nc\u{3000}", None), ["a", "b", "c"]);
        assert_eq!(words(" a  b  c ", Some(1)), ["a", "b  c "]);
        assert_eq!(words(" a b ", Some(0)), ["a b "]);
        assert!(words(" \u{a0}", None).is_empty());
        assert_eq!(last_words(" a  b\u{a0}\u{a0}c ", Some(1)), [" a  b", "c"]);
        assert_eq!(last_words(" a b\u{a0}c", None), ["a", "b", "c"]);
        assert_eq!(last_words(" a b ", Some(0)), [" a b"]);
    }
}
