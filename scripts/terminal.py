"""A program in a terminal of its own, for the scripts that measure what it draws."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios


def start(command: list[str], environment: dict | None = None) -> tuple[int, int]:
    """Its process, and the terminal's other end. Without an environment it has the caller's."""
    process, terminal = pty.fork()
    if process == 0:
        try:
            os.execvpe(command[0], command, os.environ if environment is None else environment)
        except OSError as error:
            print(f"{command[0]}: {error.strerror}", file=sys.stderr)
            os._exit(127)
    return process, terminal


def resize(terminal: int, rows: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def size_of(terminal: int) -> tuple[int, int] | None:
    """Rows and columns; nothing where it is no terminal."""
    try:
        return struct.unpack("HHHH", fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8)))[:2]
    except OSError:
        return None


def read(terminal: int, seconds: float) -> bytes | None:
    """What is drawn next: None where nothing comes for so long, no bytes once the program has ended."""
    if not select.select([terminal], [], [], seconds)[0]:
        return None
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""
