# Runs once in the child, behind `checks.py` and in its scope: the models of the protocol, and as much of pydantic as
# programs use.

# --- what a program decorates with ------------------------------------------------------------------------------------

class _Hook:
    """A validator or serializer of a model; called on the class or the instance it stays what it was."""

    def __init__(self, kind, names, mode, function):
        self.kind, self.names, self.mode, self.function = kind, names, mode, function

    def __get__(self, instance, owner=None):
        get = getattr(self.function, "__get__", None)
        return get(instance, owner) if get else self.function

    def call(self, cls, *arguments):
        function = getattr(self.function, "__func__", None)
        if function is None:
            function = self.function
        if isinstance(self.function, staticmethod):
            return function(*arguments)
        return function(cls, *arguments[:max(1, function.__code__.co_argcount - 1)])


def field_validator(*names, mode="after", **_):
    return lambda function: _Hook("field", names, mode, function)


def validator(*names, pre=False, **_):
    return field_validator(*names, mode="before" if pre else "after")


def model_validator(*, mode="after"):
    return lambda function: _Hook("model", (), mode, function)


def field_serializer(*names, **_):
    return lambda function: _Hook("dump", names, "plain", function)


class computed_field:
    def __init__(self, function=None, **_):
        self.function = function

    def __call__(self, function):
        return computed_field(function)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        function = self.function
        return function.__get__(instance, owner) if isinstance(function, property) else function(instance)


class _Around:
    def __init__(self, function):
        self.function = function


class AfterValidator(_Around):
    def around(self, check):
        return _hooked(check, [], [self.function])


class BeforeValidator(_Around):
    def around(self, check):
        return _hooked(check, [self.function], [])


def _hooked(check, before, after):
    def hooked(value, loc, errors):
        count = len(errors)
        try:
            for function in before:
                value = function(value)
            value = check(value, loc, errors)
            for function in after if len(errors) == count else ():
                value = function(value)
        except ValueError as error:
            return _fail(errors, loc, f"Value error, {error}", "value_error", value)
        except AssertionError as error:
            return _fail(errors, loc, f"Assertion failed, {error}", "assertion_error", value)
        return value
    return hooked


# --- the models -----------------------------------------------------------------------------------------------------

def _hints(cls):
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except Exception:  # a name that is not global, as of a class within a function
        return {name: hint if not isinstance(hint, str) else Any for base in reversed(cls.__mro__)
                for name, hint in (getattr(base, "__annotations__", None) or {}).items()}


class _Model(type):
    @property
    def model_fields(cls):
        return {name: info for name, (info, _) in _plan(cls)[0].items()}

    __fields__ = model_fields


_plans = {}


def _plan(cls):
    """Field -> (FieldInfo, check); the validators of the whole model; the settings; private attributes, each with its FieldInfo."""
    if cls in _plans:
        return _plans[cls]
    spoken, hooks, config = {}, {}, {}
    for base in reversed(cls.__mro__):
        hooks.update({name: hook for name, hook in vars(base).items() if isinstance(hook, _Hook)})
        config.update(vars(vars(base)["Config"]) if "Config" in vars(base) else {})
        config.update(vars(base).get("model_config", {}))
        spoken.update(getattr(base, "__annotations__", None) or {} if base not in (object, BaseModel) else {})
    hints, fields = _hints(cls), {}
    for name in spoken:
        hint = hints.get(name, Any)
        if name.startswith("_") or name == "model_config" or hint is typing.ClassVar or typing.get_origin(hint) is typing.ClassVar:
            continue
        default = getattr(cls, name, ...)
        if isinstance(default, (types.MemberDescriptorType, _Hook)):
            default = ...
        extra = next((item for item in typing.get_args(hint)[1:] if isinstance(item, FieldInfo)), None) if typing.get_origin(hint) is typing.Annotated else None
        info = default if isinstance(default, FieldInfo) else FieldInfo(default, default_factory=extra and extra.default_factory, alias=extra and extra.alias)
        if extra and default is ... and extra.default is not _MISSING:
            info.default = extra.default
        info.annotation = hint
        check = _ruled(_check(hint), info.rules)
        if config.get("str_strip_whitespace") and hint in (str, Optional[str]):
            check = _hooked(check, [], [lambda value: value and value.strip()])
        own = [hook for hook in hooks.values() if hook.kind == "field" and (name in hook.names or "*" in hook.names)]
        if own:
            bind = lambda mode: [functools.partial(hook.call, cls) for hook in own if (hook.mode == "before") is (mode == "before")]
            check = _hooked(check if all(hook.mode != "plain" for hook in own) else _any, bind("before"), bind("after"))
        fields[name] = info, check
    private = {name: info for base in reversed(cls.__mro__) for name, info in vars(base).items() if name.startswith("_") and isinstance(info, FieldInfo)}
    _plans[cls] = fields, list(hooks.values()), config, list(private.items())
    return _plans[cls]


class BaseModel(metaclass=_Model):
    def __init__(self, /, **values):
        cls = type(self)
        fields, hooks, config, private = _plan(cls)
        errors = []
        for hook in hooks:
            if hook.kind == "model" and hook.mode == "before":
                values = _hooked(_any, [functools.partial(hook.call, cls)], [])(values, (), errors)
        given, made = set(), self.__dict__
        for name, (info, check) in fields.items():
            key = info.alias or name
            if key not in values and name in values and (config.get("populate_by_name") or config.get("validate_by_name")):
                key = name
            if key in values:
                given.add(name)
                made[name] = check(values[key], (key,), errors)
            elif info.is_required():
                _fail(errors, (key,), "Field required", "missing", values)
            else:
                made[name] = info.make()
        for key in values:
            if key in fields or any(info.alias == key for info, _ in fields.values()):
                continue
            if config.get("extra") == "forbid":
                _fail(errors, (key,), "Extra inputs are not permitted", "extra_forbidden", values[key])
            elif config.get("extra") == "allow":
                made[key] = values[key]
        for name, info in private:
            made[name] = info.make()
        made["__given__"] = given
        if not errors:
            for hook in hooks:
                if hook.kind == "model" and hook.mode == "after":
                    _hooked(lambda value, loc, errors: hook.__get__(self, cls)() and value, [], [])(self, (), errors)
        if errors:
            raise (_ManifestError if cls in (JobManifest, JobOutput, Job) else ValidationError)(cls.__name__, errors)
        self.model_post_init(None)

    def model_post_init(self, context):
        pass

    @property
    def model_fields_set(self):
        return self.__dict__.get("__given__", set())

    def __setattr__(self, name, value):
        fields, _, config, _ = _plan(type(self))
        if config.get("frozen") or config.get("allow_mutation") is False:
            raise ValidationError(type(self).__name__, [((name,), "Instance is frozen", "frozen_instance", value)])
        if config.get("validate_assignment") and name in fields:
            errors = []
            value = fields[name][1](value, (name,), errors)
            if errors:
                raise ValidationError(type(self).__name__, errors)
        object.__setattr__(self, name, value)

    def __iter__(self):
        return iter([(name, value) for name, value in self.__dict__.items() if not name.startswith("_")])

    def _shown(self):
        """Name and value of the fields, and of what is computed from them."""
        computed = [name for base in reversed(type(self).__mro__) for name, value in vars(base).items() if isinstance(value, computed_field)]
        return [*self, *((name, getattr(self, name)) for name in computed)]

    def model_dump(self, *, mode="python", include=None, exclude=None, by_alias=False, exclude_none=False,
                   exclude_unset=False, exclude_defaults=False, **_):
        fields, hooks, _, _ = _plan(type(self))
        options = dict(mode=mode, by_alias=by_alias, exclude_none=exclude_none, exclude_unset=exclude_unset, exclude_defaults=exclude_defaults)
        dumped = {}
        for name, value in self._shown():
            info = fields[name][0] if name in fields else None
            if include is not None and name not in include or exclude is not None and name in exclude:
                continue
            if exclude_none and value is None or exclude_unset and name not in self.model_fields_set:
                continue
            if exclude_defaults and info is not None and not info.is_required() and value == info.make():
                continue
            for hook in hooks:
                if hook.kind == "dump" and name in hook.names:
                    value = hook.__get__(self, type(self))(value)
            dumped[info.alias if by_alias and info is not None and info.alias else name] = _plain(value, options)
        return dumped

    def dict(self, **options):
        return self.model_dump(**options)

    def model_dump_json(self, *, indent=None, **options):
        plain = self.model_dump(**(options | {"mode": "json"}))
        return json.dumps(plain, indent=indent, ensure_ascii=False, separators=(",", ":") if indent is None else None)

    def json(self, **options):
        return self.model_dump_json(**options)

    def model_copy(self, *, update=None, deep=False):
        copied = object.__new__(type(self))
        copied.__dict__.update(copy.deepcopy(self.__dict__) if deep else self.__dict__)
        copied.__dict__.update(update or {})
        return copied

    def copy(self, **options):
        return self.model_copy(**options)

    @classmethod
    def model_construct(cls, _fields_set=None, **values):
        made = object.__new__(cls)
        made.__dict__.update({name: info.make() for name, info in cls.model_fields.items() if not info.is_required()}, **values)
        return made

    @classmethod
    def model_validate(cls, values, **_):
        errors = []
        made = _nested(cls)(values, (), errors)
        if errors:
            raise ValidationError(cls.__name__, errors)
        return made

    parse_obj = model_validate

    @classmethod
    def model_validate_json(cls, text, **_):
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ValidationError(cls.__name__, [((), f"Invalid JSON: {error}", "json_invalid", text)]) from None
        return cls.model_validate(values)

    parse_raw = model_validate_json

    def __eq__(self, other):
        return type(self) is type(other) and list(self) == list(other)

    def __hash__(self):
        if not _plan(type(self))[2].get("frozen"):
            raise TypeError(f"unhashable type: '{type(self).__name__}'")
        return hash(tuple(value for _, value in self))

    def __str__(self):
        return " ".join(f"{name}={value!r}" for name, value in self._shown())

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._shown())})"


def _plain(value, options):
    if isinstance(value, BaseModel):
        return value.model_dump(**options)
    if isinstance(value, dict):
        return {_plain(key, options): _plain(item, options) for key, item in value.items()}
    if options["mode"] == "json":
        if isinstance(value, (list, tuple, set, frozenset)):
            return [_plain(item, options) for item in value]
        if isinstance(value, enum.Enum):
            return value.value
        if isinstance(value, (datetime.date, datetime.time)):
            return value.isoformat()
        return value if isinstance(value, (str, int, float, type(None))) else str(value)
    return type(value)(_plain(item, options) for item in value) if type(value) in (list, tuple, set) else value


class TypeAdapter:
    def __init__(self, hint):
        self.hint, self.check = hint, _check(hint)

    def validate_python(self, value, **_):
        errors = []
        made = self.check(value, (), errors)
        if errors:
            raise ValidationError(str(self.hint), errors)
        return made

    def validate_json(self, text, **_):
        return self.validate_python(json.loads(text))


class JobManifest(BaseModel):
    chunk: str
    task: str
    advice: str
    chunk_id: Optional[int] = None
    task_id: Optional[int] = None
    job_id: Optional[int] = None


class JobOutput(BaseModel):
    explanation: str
    citation: Optional[str]
    answer: Optional[str]


class Job(BaseModel):
    manifest: JobManifest
    output: JobOutput
    sample: str
    include: Optional[bool] = None


# Programs that redefine the models import them from where they know them.
_pydantic = types.ModuleType("pydantic")
_pydantic.VERSION = _pydantic.__version__ = "2.12.0"
for _name in ("BaseModel", "Field", "ValidationError", "field_validator", "validator", "model_validator",
              "field_serializer", "computed_field", "AfterValidator", "BeforeValidator", "TypeAdapter"):
    setattr(_pydantic, _name, globals()[_name])
_pydantic.ConfigDict, _pydantic.PrivateAttr = dict, Field
for _name, _hint in (("int", int), ("float", float), ("str", str)):
    setattr(_pydantic, f"con{_name}", functools.partial(lambda hint, **rules: typing.Annotated[hint, Field(**rules)], _hint))
    setattr(_pydantic, f"Strict{_name.title()}", _hint)
for _sign, _rules in (("Positive", {"gt": 0}), ("NonNegative", {"ge": 0}), ("Negative", {"lt": 0})):
    for _name, _hint in (("Int", int), ("Float", float)):
        setattr(_pydantic, _sign + _name, typing.Annotated[_hint, Field(**_rules)])
sys.modules["pydantic"] = _pydantic

# What `typing_extensions` adds stands in `typing` here.
_extensions = sys.modules["typing_extensions"] = types.ModuleType("typing_extensions")
_extensions.__dict__.update({name: getattr(typing, name) for name in typing.__all__})
