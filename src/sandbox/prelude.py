# Runs once in the child, before the lock and before any program: what a program finds defined, and what is closed.
# `_host` holds the native functions of `host`; `text_io.py`, `csv.py`, `checks.py` and `models.py` run behind this, in the
# same scope.

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
sys.executable = sys._base_executable = ""  # the path tells whose machine this is
sys.orig_argv = []


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
_os.readlink, _os.stat_result = _closed("os.readlink"), tuple
_os.O_RDONLY, _os.O_WRONLY, _os.O_RDWR, _os.O_CREAT, _os.O_EXCL, _os.O_NONBLOCK = 0, 1, 2, 64, 128, 2048


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
# Imported out of habit, and mostly never used: the import succeeds, a use says why it cannot.
for _name in ("asyncio", "multiprocessing", "shutil", "signal", "subprocess", "tempfile"):
    sys.modules[_name] = _Closed(_name)

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
time.monotonic = time.perf_counter = time.process_time = time.thread_time = lambda: 0.0
time.monotonic_ns = time.perf_counter_ns = time.process_time_ns = time.thread_time_ns = lambda: 0
time.clock_gettime, time.clock_gettime_ns = lambda clock: _now, lambda clock: int(_now) * 10**9
time.localtime = lambda seconds=None: _localtime(_now if seconds is None else seconds)
time.gmtime = lambda seconds=None: _gmtime(_now if seconds is None else seconds)
_asctime, _strftime = time.asctime, time.strftime
time.asctime = lambda t=None: _asctime(time.localtime() if t is None else t)
time.ctime = lambda seconds=None: _asctime(time.localtime(seconds))
time.strftime = lambda format, t=None: _strftime(format, time.localtime() if t is None else t)
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
_os.urandom = random._urandom = random.Random(0).randbytes  # for `uuid.uuid4`, `secrets`


import collections, copy, dataclasses, datetime, functools, itertools, json, math, re, statistics, string, typing
from typing import Any, Dict, List, Optional, Tuple, Union


# --- as CPython does it: what the interpreter's own types do otherwise; `mend.rs` puts each in its place --------------

_findall = re.Pattern.findall


def findall(self, string, pos=0, endpos=sys.maxsize):
    found = _findall(self, string, pos, endpos)
    return ["" if part is None else part for part in found] if self.groups == 1 and None in found else found


def _expand(pattern, match, template):
    parts = re._parser.parse_template(template, pattern)
    return "".join(match.group(part) or "" if isinstance(part, int) else part for part in parts)


re._expand = _expand  # `Match.expand` calls it


def __format__(self, spec):
    return str(self) if not spec else format(int(self), spec)


_mends = [(re.Pattern, "findall", findall), (bool, "__format__", __format__)]


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
