import re

# Комментарий: 注释 — ação
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
	jobs = []
	for doc in context:
		for i, c in enumerate(chunk_by_section(doc, max_chunk_size=2500)):
			jobs.append(JobManifest(chunk=c, task="""What is
said here?""", advice="tabs \
 and CRLF %d" % i))
	return jobs

def transform_outputs(jobs):
	out = """<begin>
"""
	for j in jobs:
		if j.output.answer:
			out += f"""{j.manifest.task!r}: {j.output.answer}
"""
	return out + repr(re.findall(r"""a
?b""", "a\r\nb a\nb"))
