//! Takes the place of the interpreter's own `_sysconfigdata`, which holds the environment of the machine it was built on:
//! paths, and whatever keys stood there.

pub(super) use _sysconfigdata::module_def;

#[allow(clippy::unwrap_used, reason = "the macro writes it, for an attribute of a module that is new")]
#[rustpython_vm::pymodule]
mod _sysconfigdata {
    use rustpython_vm::VirtualMachine;
    use rustpython_vm::builtins::PyDictRef;

    #[pyattr]
    fn build_time_vars(vm: &VirtualMachine) -> PyDictRef {
        vm.ctx.new_dict()
    }
}
