# Runs once in the child, behind `prelude.py` and in its scope: a text in memory that counts characters as CPython does,
# where the interpreter's own counts bytes and fails within a letter.

import io


class StringIO(io.TextIOBase):
    """What is written at the end is kept in parts until someone reads."""

    def __init__(self, initial_value="", newline="\n"):
        if not isinstance(initial_value, (str, type(None))):
            raise TypeError(f"initial_value must be str or None, not {type(initial_value).__name__}")
        self._newline, self._parts, self._at, self._end = newline, [], 0, 0
        self.write(initial_value or "")
        self._at = 0

    def _text(self):
        if self.closed:
            raise ValueError("I/O operation on closed file")
        if len(self._parts) != 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0]

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"string argument expected, got {type(text).__name__!r}")
        count = len(text)
        if self._newline is None:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        elif self._newline not in ("", "\n"):
            text = text.replace("\n", self._newline)
        if self.closed or self._at != self._end:
            whole = self._text().ljust(self._at, "\0")
            self._parts = [whole[:self._at], text, whole[self._at + len(text):]]
            self._end = max(len(whole), self._at + len(text))
        else:
            self._parts.append(text)
            self._end += len(text)
        self._at += len(text)
        return count

    def getvalue(self):
        return self._text()

    def read(self, size=-1):
        text, start = self._text(), self._at
        end = len(text) if size is None or size < 0 else min(start + size, len(text))
        self._at = max(start, end)
        return text[start:end]

    def readline(self, size=-1):
        text, ends = self._text(), ("\r\n", "\n", "\r") if self._newline == "" else (self._newline or "\n",)
        found = [(at, -len(end)) for end in ends if (at := text.find(end, self._at)) >= 0]
        end = min(found)[0] - min(found)[1] if found else len(text)
        return self.read(end - self._at if size is None or size < 0 else min(size, end - self._at))

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def seek(self, position, whence=0):
        text = self._text()
        if whence not in (0, 1, 2):
            raise ValueError(f"Invalid whence ({whence}, should be 0, 1 or 2)")
        if whence and position:
            raise OSError("Can't do nonzero cur-relative seeks")
        if position < 0:
            raise ValueError(f"Negative seek position {position}")
        self._at = (position, self._at, len(text))[whence]
        return self._at

    def tell(self):
        self._text()
        return self._at

    def truncate(self, size=None):
        size = self._at if size is None else size
        self._parts = [self._text()[:size]]
        self._end = len(self._parts[0])
        return size

    def readable(self):
        return True

    writable = seekable = readable


StringIO.__module__ = "_io"
_io.StringIO = io.StringIO = StringIO
