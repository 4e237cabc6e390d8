"""`firth grade`: runs a student's file apart from everything else, checks its numbers, and says what went wrong.

`worker.py` is the process that the file runs in, `process.py` keeps it within its limits, `parts.py` says what is asked
and what the right answers are, `mistakes.py` what wrong ones look like, `explain.py` tells them apart.
"""
