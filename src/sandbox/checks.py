# Runs once in the child, behind `prelude.py` and in its scope: how the fields of models are checked and converted, as
# pydantic does it. Words of errors are pydantic's, without the input, which may be text of a document.

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
