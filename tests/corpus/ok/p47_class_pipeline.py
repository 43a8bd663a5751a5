from abc import ABC, abstractmethod
from functools import lru_cache, total_ordering, reduce, partial, cached_property
from contextlib import suppress, contextmanager
from typing import Iterator, Iterable, Callable, ClassVar, NamedTuple, Protocol, TypeVar, Generic
import copy, string, unicodedata

T = TypeVar("T")

class Step(ABC):
    registry: ClassVar[dict] = {}
    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        Step.registry[cls.__name__.lower()] = cls
    @abstractmethod
    def apply(self, text: str) -> str: ...
    def __call__(self, text): return self.apply(text)

class Normalise(Step):
    TABLE = str.maketrans({"’": "'", "“": '"', "”": '"', "–": "-", "\u00a0": " "})
    def apply(self, text): return unicodedata.normalize("NFKC", text).translate(self.TABLE)

class Strip(Step):
    def apply(self, text): return text.translate(str.maketrans("", "", string.punctuation)).casefold()

@total_ordering
class Score:
    __slots__ = ("value", "name")
    def __init__(self, value, name): self.value, self.name = value, name
    def __eq__(self, o): return (self.value, self.name) == (o.value, o.name) if isinstance(o, Score) else NotImplemented
    def __lt__(self, o): return (self.value, self.name) < (o.value, o.name)
    def __hash__(self): return hash((self.value, self.name))
    def __repr__(self): return f"Score({self.value:.2f}, {self.name!r})"

class Stack(Generic[T]):
    def __init__(self, items: Iterable[T] = ()): self._items = list(items)
    def push(self, x: T) -> "Stack[T]": self._items.append(x); return self
    def __len__(self): return len(self._items)
    def __iter__(self) -> Iterator[T]: yield from reversed(self._items)
    def __contains__(self, x): return x in self._items
    def __getitem__(self, i): return self._items[i]

@lru_cache(maxsize=None)
def words(text): return tuple(w for w in Strip()(text).split() if len(w) > 3)

@contextmanager
def tagged(out, tag):
    out.append(f"<{tag}>")
    try: yield out
    finally: out.append(f"</{tag}>")

class Pipeline:
    KEYWORDS = ["net sales", "lease", "margin"]
    def __init__(self, *steps: Callable[[str], str], size=1200): self.steps, self.size = steps, size
    @cached_property
    def keys(self): return {w for k in self.KEYWORDS for w in k.split()}
    def score(self, text): return Score(sum(w in self.keys for w in words(text)) / max(1, len(words(text))) * 100, f"{len(text)}")
    def run(self, docs):
        for d in docs:
            for c in chunk_by_section(d, self.size, 0):
                yield self.score(reduce(lambda t, s: s(t), self.steps, c)), c

def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    with suppress(TypeError): Step()
    p = Pipeline(*(cls() for name, cls in sorted(Step.registry.items())))
    ranked = sorted(p.run(context), key=lambda t: t[0], reverse=True)
    info = words.cache_info()
    return [JobManifest(chunk=c, task="Name what the keywords refer to.", advice=f"{s!r} rank {r} hits>{info.hits >= 0} {len(p.keys)}") for r, (s, c) in enumerate(ranked[:10])]

def transform_outputs(jobs):
    out = []
    originals = copy.deepcopy(jobs)
    for job in jobs[:]:
        if not job.output.answer: jobs.remove(job)
    for job in jobs: job.output.answer = job.output.answer.upper(); job.include = True
    with tagged(out, "answers"):
        out += [f"{j.manifest.job_id}: {j.output.answer} (was {originals[j.manifest.job_id].output.answer})" for j in jobs]
    stack = Stack[int]([1, 2]).push(3)
    out.append(f"{list(stack)} {len(stack)} {2 in stack} {stack[-1]} {sorted({Score(1, 'b'), Score(1, 'a'), Score(.5, 'z')})} {Score(1,'a') >= Score(1,'a')}")
    out.append(f"{[o.include for o in originals][:3]} {jobs[0] == originals[0]} {partial(sorted, reverse=True)([3, 1, 2])}")
    return "\n".join(out)
