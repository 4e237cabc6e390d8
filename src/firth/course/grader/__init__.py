"""`firth grade`: runs a student's file apart from everything else, checks its numbers, and says what went wrong.

`worker.py` is the process that the file runs in, `process.py` keeps it within its limits, `parts.py` says what is asked
and what the right answers are, `matching.py` names known mistakes, `explain.py` puts it into findings.
"""

from firth.course.grader.findings import Finding
from firth.course.grader.grade import Check, Grade, PartGrade, grade
from firth.course.grader.process import Limits
from firth.course.grader.submission import Submission, read_submission

__all__ = ["Check", "Finding", "Grade", "Limits", "PartGrade", "Submission", "grade", "read_submission"]
