# Runs once in the child, behind `prelude.py` and in its scope: reading and writing CSV as CPython does, where the
# interpreter's own drops line ends and escapes of a dialect, quotes too much, and cuts a quoted field at its line breaks.

import csv

_dialects = {"excel": csv.excel, "excel-tab": csv.excel_tab, "unix": csv.unix_dialect}
_FORM = dict(delimiter=",", quotechar='"', escapechar=None, doublequote=True, skipinitialspace=False,
             lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL, strict=False)


def get_dialect(name):
    if name not in _dialects:
        raise csv.Error("unknown dialect")
    return _dialects[name]


def register_dialect(name, dialect="excel", **options):
    _dialects[name] = _form(dialect, options)


def unregister_dialect(name):
    get_dialect(name)
    del _dialects[name]


def list_dialects():
    return list(_dialects)


def _form(dialect, options):
    """The dialect's settings, and the options in their place."""
    if isinstance(dialect, str):
        dialect = get_dialect(dialect)
    for name in options:
        if name not in _FORM:
            raise TypeError(f"{name!r} is an invalid keyword argument for this function")
    form = types.SimpleNamespace(**{name: options.get(name, getattr(dialect, name, usual)) for name, usual in _FORM.items()})
    for name in ("delimiter", "quotechar", "escapechar"):
        value = getattr(form, name)
        if value is None and name != "delimiter":
            continue
        if not isinstance(value, str) or len(value) != 1:
            raise TypeError(f'"{name}" must be a 1-character string')
    return form


class _Writer:
    def __init__(self, file, form):
        self._write, self.dialect = file.write, form

    def writerow(self, row):
        try:
            fields = list(row)
        except TypeError:
            raise csv.Error(f"iterable expected, not {type(row).__name__}") from None
        texts = [self._field(value) for value in fields]
        if texts == [""]:
            if self.dialect.quoting == csv.QUOTE_NONE:
                raise csv.Error("single empty field record must be quoted")
            texts = [self.dialect.quotechar * 2]
        return self._write(self.dialect.delimiter.join(texts) + self.dialect.lineterminator)

    def writerows(self, rows):
        for row in rows:
            self.writerow(row)

    def _field(self, value):
        form, text = self.dialect, "" if value is None else str(value)
        quoted = form.quoting == csv.QUOTE_ALL or form.quoting == csv.QUOTE_NONNUMERIC and not isinstance(value, (int, float))
        special = {form.delimiter, form.quotechar, form.escapechar, *form.lineterminator, "\n"}
        if special.isdisjoint(text):
            return form.quotechar + text + form.quotechar if quoted else text
        parts = []
        for character in text:
            if character in special:
                if form.quoting == csv.QUOTE_NONE or character == form.escapechar or character == form.quotechar and not form.doublequote:
                    if form.escapechar is None:
                        raise csv.Error("need to escape, but no escapechar set")
                    parts.append(form.escapechar)
                else:
                    quoted = True
                    if character == form.quotechar:
                        parts.append(character)
            parts.append(character)
        text = "".join(parts)
        return form.quotechar + text + form.quotechar if quoted else text


class _Reader:
    def __init__(self, lines, form):
        self._lines, self.dialect, self.line_num = iter(lines), form, 0

    def __iter__(self):
        return self

    def __next__(self):
        form, line = self.dialect, self._line()
        if form.quotechar not in line and (form.escapechar or form.quotechar) not in line and not form.skipinitialspace:
            line = line.rstrip("\r\n")
            if "\n" in line or "\r" in line:
                raise csv.Error("new-line character seen in unquoted field - do you need to open the file with newline=''?")
            return [self._value(text, False) for text in line.split(form.delimiter)] if line else []
        return self._row(line)

    def _line(self):
        line = next(self._lines)
        if not isinstance(line, str):
            raise csv.Error(f"iterator should return strings, not {type(line).__name__} (the file should be opened in text mode)")
        self.line_num += 1
        return line

    def _value(self, text, quoted):
        return float(text) if text and not quoted and self.dialect.quoting == csv.QUOTE_NONNUMERIC else text

    def _row(self, line):
        """A row with quotes or escapes in it; a quoted field may go on over lines."""
        form, row, field, quoted, inside, closing, escaped = self.dialect, [], [], False, False, False, False
        while True:
            for character in line:
                if escaped:
                    field.append(character)
                    escaped = False
                elif closing and character == form.quotechar:
                    field.append(character)
                    inside, closing = True, False
                elif character == form.escapechar:
                    escaped = True
                elif inside:
                    if character != form.quotechar:
                        field.append(character)
                    else:
                        inside, closing = False, form.doublequote
                elif character in "\r\n":
                    closing = False
                elif character == form.delimiter:
                    row.append(self._value("".join(field), quoted))
                    field, quoted, closing = [], False, False
                elif closing and form.strict:
                    raise csv.Error(f"'{form.delimiter}' expected after '{form.quotechar}'")
                elif not field and not quoted and character == form.quotechar and form.quoting != csv.QUOTE_NONE:
                    quoted = inside = True
                elif field or quoted or character != " " or not form.skipinitialspace:
                    field.append(character)
                    closing = False
            if not inside and not escaped:
                break
            try:
                line = self._line()
            except StopIteration:
                if form.strict:
                    raise csv.Error("unexpected end of data") from None
                break
        return [*row, self._value("".join(field), quoted)]


def writer(file, dialect="excel", **options):
    return _Writer(file, _form(dialect, options))


def reader(lines, dialect="excel", **options):
    return _Reader(lines, _form(dialect, options))


for _function in (get_dialect, register_dialect, unregister_dialect, list_dialects, writer, reader):
    setattr(csv, _function.__name__, _function)
