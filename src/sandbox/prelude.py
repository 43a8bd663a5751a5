# Runs once in the child, before the lock and before any program: what a program finds defined, and what is closed.
# `_host` holds the native functions of `host.rs`.

import sys
import types
import builtins
import _io


# --- closed: files, processes, network, environment, the terminal -----------------------------------------------------

class _Closed(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(f"{self.__name__}.{name} is not available in this sandbox (no files, processes, network or environment)")


def _closed(what):
    def refuse(*args, **kwargs):
        raise PermissionError(f"{what} is not available in this sandbox (no files, processes, network or environment)")
    refuse.__name__ = what
    return refuse


if not hasattr(_io, "FileIO"):
    class _FileIO(_io._RawIOBase):
        def __init__(self, *args, **kwargs):
            raise PermissionError("FileIO is not available in this sandbox (no files)")
    _FileIO.__name__ = "FileIO"
    _io.FileIO = _FileIO
builtins.open = _io.open = _closed("open")
builtins.input = _closed("input")
builtins.breakpoint = _closed("breakpoint")

# The interpreter's own hooks print source lines of any file that a code object names: they open it themselves.
sys.excepthook = sys.__excepthook__ = lambda *args: None
sys.unraisablehook = sys.__unraisablehook__ = lambda *args: None


class OutputLimit(BaseException):
    """Not caught by `except Exception`, as the limits of time and memory are not."""


class _Printed:
    """Standard output and error: the end is kept, and told when the program fails."""
    encoding, errors, closed, newlines = "utf-8", "strict", False, None
    kept, count, most = "", 0, 1_000_000

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.kept = (self.kept + text[-2000:])[-2000:]
        self.count += len(text)
        if self.count > self.most:
            raise OutputLimit(f"the program printed more than {self.most} characters, which nobody reads: print less, or nothing")
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def isatty(self):
        return False

    def writable(self):
        return True

    def readable(self):
        return False


_out = sys.stdout = sys.__stdout__ = sys.stderr = sys.__stderr__ = _Printed()
sys.stdin = sys.__stdin__ = None


def printed():
    return _out.kept


# The standard library's pure modules import `os`; these stand-ins are what they need of it at import.
sys.modules["posix"] = _posix = _Closed("posix")
_posix.environ = {}
sys.modules["os"] = _os = _Closed("os")
_os.name, _os.sep, _os.linesep, _os.curdir, _os.pardir, _os.extsep, _os.pathsep = "posix", "/", "\n", ".", "..", ".", ":"
_os.altsep, _os.devnull, _os.environ = None, "/dev/null", {}
_os.getcwd = lambda: "/"
_os.getenv = lambda key, default=None: default
_os.stat = _os.lstat = _closed("os.stat")  # `linecache` asks it, for `traceback.format_exc`, and takes an OSError
_os.urandom = _closed("os.urandom")


def _fspath(path):
    if isinstance(path, (str, bytes)):
        return path
    raise TypeError(f"expected str, bytes or os.PathLike object, not {type(path).__name__}")


_os.fspath = _fspath
import abc


class _PathLike(abc.ABC):
    @abc.abstractmethod
    def __fspath__(self):
        raise NotImplementedError


_PathLike.__name__ = "PathLike"
_os.PathLike = _PathLike
import posixpath
_os.path = sys.modules["os.path"] = posixpath


# --- as CPython does it: round(2.675, 2) is 2.67, since 2.675 is a little less than that in binary --------------------

_round = builtins.round


def round(number, ndigits=None):
    if type(number) is float and type(ndigits) is int and 0 <= ndigits < 20 and number - number == 0:
        return float(f"{number:.{ndigits}f}")
    return _round(number, ndigits)


builtins.round = round


# --- repeatable: a program gives the same result each time it runs --------------------------------------------------

import time

_now = 0.0  # when the session began, see `set_clock`
_localtime, _gmtime = time.localtime, time.gmtime
time.time = lambda: _now
time.time_ns = lambda: int(_now) * 10**9
time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
time.localtime = lambda seconds=None: _localtime(_now if seconds is None else seconds)
time.gmtime = lambda seconds=None: _gmtime(_now if seconds is None else seconds)
time.sleep = _closed("time.sleep")


def set_clock(seconds):
    global _now
    _now = seconds


import random

_seed = random.Random.seed


def _repeatable(self, a=None, version=2):
    _seed(self, 0 if a is None else a, version)


random.Random.seed = _repeatable
random.seed = random._inst.seed
random.seed(0)


# --- the models: as much of pydantic as programs use ----------------------------------------------------------------

import collections, dataclasses, datetime, functools, itertools, json, math, re, statistics, string, typing
from typing import Any, Dict, List, Optional, Tuple, Union


class _Default:
    def __init__(self, value, factory):
        self.value, self.factory = value, factory

    def make(self):
        return self.factory() if self.factory is not None else self.value


def Field(default=..., *, default_factory=None, **_):
    return _Default(default, default_factory)


_fields = {}


def _fields_of(cls):
    """Name -> (what is checked, how it is called in errors, default or ...)."""
    known = _fields.get(cls)
    if known is None:
        known = {}
        for base in reversed(cls.__mro__):
            if base is object or base is BaseModel:
                continue
            for name, hint in (getattr(base, "__annotations__", None) or {}).items():
                check = {str: str, "str": str, Optional[str]: (str, type(None)), "Optional[str]": (str, type(None))}
                try:
                    check = check.get(hint)
                except TypeError:
                    check = None
                known[name] = (check, getattr(cls, name, ...))
        _fields[cls] = known
    return known


def _invalid(cls, name, what):
    return ValueError(f"1 validation error for {cls.__name__}\n{name}\n  {what}")


class BaseModel:
    def __init__(self, /, **values):
        cls = type(self)
        for name, (check, default) in _fields_of(cls).items():
            if name in values:
                value = values[name]
                if check is not None and not isinstance(value, check):
                    raise _invalid(cls, name, f"Input should be a valid string, not {type(value).__name__}")
            elif isinstance(default, _Default):
                value = default.make()
                if value is ...:
                    raise _invalid(cls, name, "Field required")
            elif default is ...:
                raise _invalid(cls, name, "Field required")
            else:
                value = default
            self.__dict__[name] = value

    def model_dump(self, **_):
        return {name: _plain(getattr(self, name, None)) for name in _fields_of(type(self))}

    def dict(self, **_):
        return self.model_dump()

    def model_dump_json(self, *, indent=None, **_):
        return json.dumps(self.model_dump(), indent=indent, ensure_ascii=False)

    def json(self, **options):
        return self.model_dump_json(**options)

    def model_copy(self, *, update=None, **_):
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        copied.__dict__.update(update or {})
        return copied

    def copy(self, **options):
        return self.model_copy(**options)

    @classmethod
    def model_validate(cls, values, **_):
        return values if isinstance(values, cls) else cls(**values)

    def __eq__(self, other):
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


def _plain(value):
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


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
_pydantic.BaseModel, _pydantic.Field, _pydantic.ValidationError = BaseModel, Field, ValueError
sys.modules["pydantic"] = _pydantic


# --- what the child calls -------------------------------------------------------------------------------------------

def program_globals():
    """A fresh module for the program, with everything in scope that it was promised."""
    module = types.ModuleType("program")
    sys.modules["program"] = module
    scope = module.__dict__
    scope.update(
        Any=Any, Dict=Dict, List=List, Optional=Optional, Tuple=Tuple, Union=Union,
        BaseModel=BaseModel, Field=Field, JobManifest=JobManifest, JobOutput=JobOutput, Job=Job,
    )
    for function in _host:
        scope[function.__name__] = function
    return scope


def _model(cls, **values):
    made = object.__new__(cls)
    made.__dict__.update(values)
    return made


def _manifest(row):
    return _model(JobManifest, chunk=row[0], task=row[1], advice=row[2], chunk_id=row[3], task_id=row[4], job_id=row[5])


def _output(row):
    return _model(JobOutput, explanation=row[6], citation=row[7], answer=row[8])


def make_previous(rows):
    return [_manifest(row) for row in rows], [_output(row) for row in rows]


def make_jobs(rows):
    return [_model(Job, manifest=_manifest(row), output=_output(row), sample=row[9], include=None) for row in rows]
