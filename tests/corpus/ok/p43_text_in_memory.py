import io, re, sys
def t(f):
    try: return repr(f())
    except Exception as e: return f"{type(e).__name__}: {e}"
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    return [JobManifest(chunk=context[0], task="t", advice="a")]
def transform_outputs(jobs):
    S = io.StringIO
    def seek():
        b = S("é€x\ny"); b.read(2); return b.tell(), b.read(1), b.readline(), b.readlines(), b.tell()
    def trunc():
        b = S(); b.write("äöü"); b.truncate(2); b.seek(0, 2); b.write("z"); return b.getvalue(), b.tell()
    def over():
        b = S("ääää"); b.seek(1); b.write("ö"); return b.getvalue()
    def pr():
        b = S(); print("é", 1, None, sep="–", end="!\n", file=b); return b.getvalue()
    def redirect():
        import contextlib
        b = S()
        with contextlib.redirect_stdout(b): print("hé"); sys.stdout.write("x")
        return b.getvalue()
    return "\n".join(t(f) for f in (seek, trunc, over, pr, redirect, lambda: S().write("é"), lambda: [l for l in S("é\r\nb\n\nc")], lambda: S("a\r\nb", newline=None).read(), lambda: S("é").read(5), lambda: S("éa").read(1), lambda: S("x", newline="\r\n").getvalue(), lambda: S(5), lambda: S().write(5), lambda: S().closed, lambda: [r for r in __import__("csv").reader(S("ä,\"é\nx\",z\r\n1,2,3"))], lambda: isinstance(S(), io.TextIOBase), lambda: S("ab\ncd").seek(-1), lambda: S("a\rb\r\nc", newline="").readlines(), lambda: (lambda b: (b.close(), b.closed, b.getvalue()))(S("x")), lambda: [b.__class__.__name__ for b in [S()]], lambda: (lambda b: (b.seek(5), b.read(), b.write("z"), b.getvalue()))(S("é")), lambda: S("a\n").__enter__().read(), lambda: (lambda b: (b.writelines(["a", "b"]), b.getvalue(), b.readable()))(S()), lambda: io.TextIOWrapper(io.BytesIO("é\n".encode())).read(), lambda: io.BytesIO(b"ab\nc").readlines()))
