# Runs once in the child, behind `prelude.py` and in its scope: the models of the protocol, and as much of pydantic as
# programs use. Words of errors and of `str()` are pydantic's, without the input, which may be text of a document.

import decimal, enum
import collections.abc

# Two native bases, of which the interpreter takes neither's `__new__`.
decimal.DivisionByZero.__new__ = lambda cls, *arguments: ArithmeticError.__new__(cls, *arguments)

_MISSING = object()


class ValidationError(ValueError):
    """Not of a program's models alone: those of the protocol raise it too."""

    def __init__(self, title, errors):
        self.title, self._errors = title, errors
        super().__init__(title)

    def errors(self, **_):
        return [{"type": kind, "loc": loc, "msg": message, "input": value} for loc, message, kind, value in self._errors]

    def error_count(self):
        return len(self._errors)

    def json(self, **_):
        return json.dumps(self.errors(), default=str)

    def __str__(self):
        count = len(self._errors)
        lines = [f"{count} validation error{'s' * (count > 1)} for {self.title}"]
        for loc, message, kind, value in self._errors:
            lines += [".".join(map(str, loc))] * bool(loc) + [f"  {message} [type={kind}, input_type={type(value).__name__}]"]
        return "\n".join(lines)

    __repr__ = __str__


# The protocol promises a ValueError for a manifest that lacks a field.
_ManifestError = type("ValueError", (ValidationError,), {})


class FieldInfo:
    def __init__(self, default=..., *, default_factory=None, alias=None, validation_alias=None, **rules):
        self.default = _MISSING if default is ... else default
        self.default_factory, self.alias, self.rules, self.annotation = default_factory, alias or validation_alias, rules, None
        self.description, self.title = rules.get("description"), rules.get("title")

    def is_required(self):
        return self.default is _MISSING and self.default_factory is None

    def make(self):
        return self.default_factory() if self.default_factory else copy.deepcopy(self.default)


def Field(default=..., **options):
    return FieldInfo(default, **options)


# --- checks: value, place, list of errors -> the value as the model keeps it ------------------------------------------

def _fail(errors, loc, message, kind, value):
    errors.append((loc, message, kind, value))
    return value


def _str(value, loc, errors):
    return value if isinstance(value, str) else _fail(errors, loc, "Input should be a valid string", "string_type", value)


def _int(value, loc, errors):
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if value.is_integer():
            return int(value)
        return _fail(errors, loc, "Input should be a valid integer, got a number with a fractional part", "int_from_float", value)
    try:
        return int(value if isinstance(value, decimal.Decimal) else re.sub(r"\.0+$", "", value))
    except ValueError:
        return _fail(errors, loc, "Input should be a valid integer, unable to parse string as an integer", "int_parsing", value)
    except TypeError:
        return _fail(errors, loc, "Input should be a valid integer", "int_type", value)


def _float(value, loc, errors):
    try:
        return float(value)
    except ValueError:
        return _fail(errors, loc, "Input should be a valid number, unable to parse string as a number", "float_parsing", value)
    except TypeError:
        return _fail(errors, loc, "Input should be a valid number", "float_type", value)


_BOOLS = dict.fromkeys(("1", "true", "t", "yes", "y", "on"), True) | dict.fromkeys(("0", "false", "f", "no", "n", "off"), False)


def _bool(value, loc, errors):
    if isinstance(value, bool) or value in (0, 1):
        return bool(value)
    known = _BOOLS.get(value.lower(), value) if isinstance(value, str) else value
    return known if isinstance(known, bool) else _fail(errors, loc, "Input should be a valid boolean, unable to interpret input", "bool_parsing", value)


def _none(value, loc, errors):
    return value if value is None else _fail(errors, loc, "Input should be None", "none_required", value)


def _any(value, loc, errors):
    return value


def _parsed(hint, read, words):
    def check(value, loc, errors):
        if isinstance(value, hint) and type(value) is hint:
            return value
        try:
            return read(value)
        except (ValueError, TypeError, ArithmeticError):
            return _fail(errors, loc, f"Input should be a valid {words}", f"{words}_parsing", value)
    return check


def _date(value):
    return value.date() if isinstance(value, datetime.datetime) else datetime.date.fromisoformat(value)


def _datetime(value):
    return datetime.datetime.combine(value, datetime.time()) if isinstance(value, datetime.date) else datetime.datetime.fromisoformat(value)


_CHECKS = {
    str: _str, int: _int, float: _float, bool: _bool, None: _none, type(None): _none, Any: _any, object: _any,
    decimal.Decimal: _parsed(decimal.Decimal, lambda value: decimal.Decimal(str(value)), "decimal"),
    datetime.date: _parsed(datetime.date, _date, "date"),
    datetime.datetime: _parsed(datetime.datetime, _datetime, "datetime"),
}


def _one_of(values):
    shown = [repr(value) for value in values]
    return "Input should be " + (", ".join(shown[:-1]) + " or " + shown[-1] if len(shown) > 1 else shown[0])


def _literal(values):
    def check(value, loc, errors):
        return value if value in values else _fail(errors, loc, _one_of(values), "literal_error", value)
    return check


def _enum(cls):
    def check(value, loc, errors):
        try:
            return cls(value)
        except ValueError:
            return _fail(errors, loc, _one_of([member.value for member in cls]), "enum", value)
    return check


def _union(hints):
    checks = [(hint, _check(hint)) for hint in hints if hint is not type(None)]
    nullable = len(checks) < len(hints)

    def check(value, loc, errors):
        if nullable and value is None or any(type(value) is hint for hint, _ in checks):
            return value
        failures = []
        for hint, each in checks:
            found = []
            result = each(value, loc if len(checks) == 1 else loc + (getattr(hint, "__name__", str(hint)),), found)
            if not found:
                return result
            failures += found
        errors.extend(failures)
        return value
    return check


def _items(make, words, hint):
    each = _check(hint)

    def check(value, loc, errors):
        if isinstance(value, (str, bytes, dict)) or not isinstance(value, collections.abc.Iterable):
            return _fail(errors, loc, f"Input should be a valid {words}", f"{words}_type", value)
        return make(each(item, loc + (at,), errors) for at, item in enumerate(value))
    return check


def _tuple(hints):
    checks = [_check(hint) for hint in hints]

    def check(value, loc, errors):
        if isinstance(value, (str, bytes, dict)) or not isinstance(value, collections.abc.Iterable):
            return _fail(errors, loc, "Input should be a valid tuple", "tuple_type", value)
        value = tuple(value)
        if len(value) != len(checks):
            return _fail(errors, loc, f"Tuple should have {len(checks)} items, not {len(value)}", "tuple_length", value)
        return tuple(each(item, loc + (at,), errors) for at, (each, item) in enumerate(zip(checks, value)))
    return check


def _mapping(key, item):
    key, item = _check(key), _check(item)

    def check(value, loc, errors):
        if not isinstance(value, collections.abc.Mapping):
            return _fail(errors, loc, "Input should be a valid dictionary", "dict_type", value)
        return {key(k, loc + (k,), errors): item(v, loc + (k,), errors) for k, v in value.items()}
    return check


def _instance(cls):
    def check(value, loc, errors):
        if isinstance(value, cls):
            return value
        if dataclasses.is_dataclass(cls) and isinstance(value, dict):
            return cls(**value)
        return _fail(errors, loc, f"Input should be an instance of {cls.__name__}", "is_instance_of", value)
    return check


def _nested(cls):
    def check(value, loc, errors):
        if isinstance(value, cls):
            return value
        if not isinstance(value, dict):
            return _fail(errors, loc, f"Input should be a valid dictionary or instance of {cls.__name__}", "model_type", value)
        try:
            return cls(**value)
        except ValidationError as error:
            errors.extend((loc + place, *rest) for place, *rest in error._errors)
            return value
    return check


_RULES = [
    ("gt", lambda value, limit: value > limit, "Input should be greater than {}", "greater_than"),
    ("ge", lambda value, limit: value >= limit, "Input should be greater than or equal to {}", "greater_than_equal"),
    ("lt", lambda value, limit: value < limit, "Input should be less than {}", "less_than"),
    ("le", lambda value, limit: value <= limit, "Input should be less than or equal to {}", "less_than_equal"),
    ("multiple_of", lambda value, limit: value % limit == 0, "Input should be a multiple of {}", "multiple_of"),
    ("min_length", lambda value, limit: len(value) >= limit, "Value should have at least {} items or characters", "too_short"),
    ("max_length", lambda value, limit: len(value) <= limit, "Value should have at most {} items or characters", "too_long"),
    ("pattern", lambda value, limit: re.search(limit, value), "String should match pattern '{}'", "string_pattern_mismatch"),
]


def _ruled(check, rules):
    kept = [(test, rules[name], words, kind) for name, test, words, kind in _RULES if rules.get(name) is not None]
    if not kept:
        return check

    def ruled(value, loc, errors):
        before = len(errors)
        value = check(value, loc, errors)
        if len(errors) == before and value is not None:
            for test, limit, words, kind in kept:
                if not test(value, limit):
                    return _fail(errors, loc, words.format(limit), kind, value)
        return value
    return ruled


def _check(hint):
    """The check of a type hint; of one that is not known, none."""
    try:
        if hint in _CHECKS:
            return _CHECKS[hint]
    except TypeError:
        return _any
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        check = _check(args[0])
        for extra in args[1:]:
            check = _ruled(check, extra.rules) if isinstance(extra, FieldInfo) else extra.around(check) if isinstance(extra, _Around) else check
        return check
    if origin is typing.Literal:
        return _literal(args)
    if origin is Union or isinstance(hint, types.UnionType):
        return _union(args)
    base = origin or hint
    if base in (list, set, frozenset, collections.deque):
        return _items(base, base.__name__, args[0] if args else Any)
    if base in (collections.abc.Sequence, collections.abc.Iterable):
        return _items(list, "list", args[0] if args else Any)
    if base is tuple:
        return _tuple(args) if args and args[-1] is not ... else _items(tuple, "tuple", args[0] if args else Any)
    if base in (dict, collections.abc.Mapping):
        return _mapping(*(args or (Any, Any)))
    if origin is None and isinstance(hint, type) and not typing.is_typeddict(hint):
        if issubclass(hint, BaseModel):
            return _nested(hint)
        return _enum(hint) if issubclass(hint, enum.Enum) else _instance(hint)
    return _any


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
        except (ValueError, AssertionError) as error:
            kind = "value_error" if isinstance(error, ValueError) else "assertion_error"
            return _fail(errors, loc, f"{'Value' if kind == 'value_error' else 'Assertion'} error, {error}"  if kind == "value_error" else f"Assertion failed, {error}", kind, value)
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
    """Field -> (FieldInfo, check); the validators of the whole model; the settings."""
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
    _plans[cls] = fields, list(hooks.values()), config
    return _plans[cls]


class BaseModel(metaclass=_Model):
    def __init__(self, /, **values):
        cls = type(self)
        fields, hooks, config = _plan(cls)
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
        for base in cls.__mro__:
            for name, value in vars(base).items():
                if name.startswith("_") and isinstance(value, FieldInfo):
                    made.setdefault(name, value.make())
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
        fields, _, config = _plan(type(self))
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

    def model_dump(self, *, mode="python", include=None, exclude=None, by_alias=False, exclude_none=False,
                   exclude_unset=False, exclude_defaults=False, **_):
        fields, hooks, _config = _plan(type(self))
        options = dict(mode=mode, by_alias=by_alias, exclude_none=exclude_none, exclude_unset=exclude_unset, exclude_defaults=exclude_defaults)
        dumped = {}
        computed = [(name, getattr(self, name)) for base in reversed(type(self).__mro__) for name, value in vars(base).items() if isinstance(value, computed_field)]
        for name, value in [*self, *computed]:
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
        return " ".join(f"{name}={value!r}" for name, value in self)

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self)})"


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
