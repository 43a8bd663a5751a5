import csv, io
def w(rows, **o):
    b = io.StringIO()
    try:
        r = csv.writer(b, **o)
        n = [r.writerow(x) for x in rows]
        return repr(b.getvalue()) + str(n)
    except Exception as e:
        return f"{type(e).__name__}: {e}"
def r(text, **o):
    try: return repr(list(csv.reader(io.StringIO(text) if isinstance(text, str) else text, **o)))
    except Exception as e: return f"{type(e).__name__}: {e}"
class Pipe(csv.excel):
    delimiter = "|"
    lineterminator = "\n"
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    return [JobManifest(chunk=context[0], task="t", advice="a")]
def transform_outputs(jobs):
    rows = [["a", 1, 2.5, None], ["x,y", 'say "hi"', "l1\nl2", ""], [""], [], ("e", True, 1e20, "a|b")]
    out = [w(rows), w(rows, delimiter="\t"), w(rows, quoting=csv.QUOTE_ALL), w(rows, quoting=csv.QUOTE_NONNUMERIC), w(rows, quoting=csv.QUOTE_NONE), w(rows[:1], quoting=csv.QUOTE_NONE), w(rows[:2], quoting=csv.QUOTE_NONE, escapechar="\\"), w(rows, dialect=Pipe), w(rows, dialect="excel-tab"), w(rows, dialect=Pipe()), w(rows, quotechar="'"), w(rows[:2], doublequote=False), w(rows[:2], doublequote=False, escapechar="\\"), w([5]), w(["ab"]), w(rows, lineterminator="\n"), w(rows, delimiter=";;"), w(rows, dialect="nope"), w(rows, sep=";"), w([(i for i in range(3))])]
    out += [r('a,b\n"x,y","q ""z"""\n\n1, "2"\n'), r('a, "b"\n', skipinitialspace=True), r("a\tb\n", delimiter="\t"), r("a|'b|c'\n", delimiter="|", quotechar="'"), r('"l1\nl2",x\n'), r(["a,b", "c,d"]), r("1,2.5\n", quoting=csv.QUOTE_NONNUMERIC), r('a,"b\n'), r("a,b", dialect=Pipe), r("a|b", dialect=Pipe), r('a"b,c"d\n'), r("a\\,b,c\n", escapechar="\\"), r('"a"b,c\n'), r(",,\n"), r("a,b\r\nc,d\r\n"), r("")]
    b = io.StringIO()
    d = csv.DictWriter(b, ["k", "v"], restval="-", extrasaction="ignore", delimiter="|")
    d.writeheader(); d.writerows([{"k": 1}, {"k": "a|b", "v": None, "z": 3}])
    out.append(repr(b.getvalue()))
    try: csv.DictWriter(b, ["k"]).writerow({"k": 1, "z": 2})
    except ValueError as e: out.append(str(e))
    out.append(str([dict(x) for x in csv.DictReader(io.StringIO("k,v\n1,2\n3\n4,5,6\n\n7,8\n"), restkey="more")]))
    out.append(str(list(csv.DictReader("x;y\n1;2".splitlines(), delimiter=";"))))
    try: out.append(repr(csv.Sniffer().sniff("a;b;c\n1;2;3\n").delimiter))
    except Exception as e: out.append(repr(e))
    out.append(str(csv.list_dialects()) + str(issubclass(csv.Error, Exception)))
    return "\n".join(out)
