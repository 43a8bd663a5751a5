//! The arguments of a host function: bound to its signature and read with errors in CPython's words, which name both.

use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr, PyStrRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

use super::HostFunction;

/// What a call gave, by parameter.
pub struct Arguments<'a> {
    function: &'static HostFunction,
    given: Vec<(&'static str, Option<PyObjectRef>)>,
    pub vm: &'a VirtualMachine,
}

impl<'a> Arguments<'a> {
    /// Binds what was given by position and by keyword.
    pub fn bind(function: &'static HostFunction, call: FuncArgs, vm: &'a VirtualMachine) -> PyResult<Self> {
        let fail = |what: String| Err(vm.new_type_error(format!("{}() {what}", function.name())));
        let count = call.args.len();
        let most = function.parameters().count();
        let least = function.parameters().filter(|(_, default)| default.is_none()).count();
        if count > most {
            let takes = if least < most { format!("from {least} to {most}") } else { most.to_string() };
            let noun = if most == 1 { "argument" } else { "arguments" };
            let were = if count == 1 { "was" } else { "were" };
            return fail(format!("takes {takes} positional {noun} but {count} {were} given"));
        }
        let mut by_position = call.args.into_iter();
        let mut given: Vec<_> = function.parameters().map(|(name, _)| (name, by_position.next())).collect();
        for (keyword, value) in call.kwargs {
            match given.iter_mut().find(|(name, _)| *name == keyword) {
                Some((_, slot @ None)) => *slot = Some(value),
                Some(_) => return fail(format!("got multiple values for argument '{keyword}'")),
                None => return fail(format!("got an unexpected keyword argument '{keyword}'")),
            }
        }
        let required = function.parameters().zip(&given).filter(|((_, default), _)| default.is_none());
        let missing: Vec<String> =
            required.filter(|(_, (_, value))| value.is_none()).map(|((name, _), _)| format!("'{name}'")).collect();
        match missing.as_slice() {
            [] => Ok(Self { function, given, vm }),
            [one] => fail(format!("missing 1 required positional argument: {one}")),
            several => {
                fail(format!("missing {} required positional arguments: {}", several.len(), several.join(" and ")))
            }
        }
    }

    pub fn text(&self, name: &str) -> PyResult<PyStrRef> {
        self.string(self.value(name).unwrap_or_else(|| self.vm.ctx.none()), name)
    }

    /// A whole number from `least` on; what is too large for this machine is the largest one.
    pub fn number(&self, name: &str, least: usize) -> PyResult<usize> {
        let Some(value) = self.value(name) else { return Ok(self.default(name).unwrap_or(least)) };
        let number = value.try_index_opt(self.vm).unwrap_or_else(|| Err(self.wrong_type(name, "int", &value)))?;
        match number.as_bigint().try_into() {
            Ok(number) if number >= least => Ok(number),
            Err(_) if number.as_bigint() > &least.into() => Ok(usize::MAX),
            _ => {
                Err(self
                    .wrong_value(&format!("argument '{name}' must be at least {least}, not {}", number.as_bigint())))
            }
        }
    }

    /// A string, or any iterable of strings.
    pub fn texts(&self, name: &str) -> PyResult<Vec<PyStrRef>> {
        match self.value(name).map(|value| value.downcast::<PyStr>()) {
            Some(Ok(one)) => Ok(vec![one]),
            _ => self.list_of_texts(name),
        }
    }

    /// Any iterable of strings but a string, which would be its characters.
    pub fn list_of_texts(&self, name: &str) -> PyResult<Vec<PyStrRef>> {
        let value = self.value(name).unwrap_or_else(|| self.vm.ctx.none());
        if value.downcastable::<PyStr>() || value.get_iter(self.vm).is_err() {
            return Err(self.wrong_type(name, "a list of str", &value));
        }
        self.vm.extract_elements_with(&value, |item| self.string(item, name))
    }

    /// What was given for a parameter; nothing for None.
    pub fn value(&self, name: &str) -> Option<PyObjectRef> {
        let given = self.given.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.clone());
        given.filter(|value| !self.vm.is_none(value))
    }

    /// The number that the signature names.
    fn default(&self, name: &str) -> Option<usize> {
        self.function.parameters().find(|(known, _)| *known == name)?.1?.parse().ok()
    }

    fn string(&self, value: PyObjectRef, name: &str) -> PyResult<PyStrRef> {
        let text = value.downcast::<PyStr>().map_err(|other| self.wrong_type(name, "str", &other))?;
        match text.to_str() {
            Some(_) => Ok(text),
            None => Err(self.wrong_value(&format!("argument '{name}' holds half of a surrogate pair"))),
        }
    }

    pub fn wrong_type(&self, name: &str, wanted: &str, value: &PyObjectRef) -> PyBaseExceptionRef {
        let (function, class) = (self.function.name(), value.class().name().to_string());
        let class = if self.vm.is_none(value) { "None" } else { class.as_str() };
        self.vm.new_type_error(format!("{function}() argument '{name}' must be {wanted}, not {class}"))
    }

    pub fn wrong_value(&self, what: &str) -> PyBaseExceptionRef {
        self.vm.new_value_error(format!("{}() {what}", self.function.name()))
    }
}

/// The text of a string that was read as an argument, and so is whole.
pub fn str_of(text: &PyStrRef) -> &str {
    text.to_str().unwrap_or_default()
}
