"""Proofs that run: every numbered equation of `theory/README.md`, against the real code, in symbols and in numbers.

Needs SymPy (``pip install 'firth[proofs]'``). `run_proofs` runs them all, or those of some equations.
"""

from __future__ import annotations

from collections.abc import Iterable

from firth.course.proofs import descent, drawing, elementary, pairs, windows  # noqa: F401  # they register proofs
from firth.course.proofs.formulas import Formulas
from firth.course.proofs.proof import PROOFS, Bench, Finding, Proof, ProofResult, prove
from firth.progress import Report, silent


def run_proofs(
    formulas: Formulas | None = None,
    *,
    equations: Iterable[int] | None = None,
    numbers_only: bool = False,
    report: Report = silent,
) -> list[ProofResult]:
    """Prove the equations.

    Parameters
    ----------
    formulas
        The functions that they are proved about; Firth's own by default.
    equations
        Numbers of those wanted; all by default.
    numbers_only
        Leave out what is decided in symbols: several times quicker, and enough to find a changed formula.
    report
        Told of progress.

    Returns
    -------
    list of ProofResult, by number
    """
    bench = Bench(formulas or Formulas(), numbers_only)
    wanted = sorted(PROOFS if equations is None else equations)
    results = []
    for number in wanted:
        results.append(prove(PROOFS[number], bench))
        report(len(results), len(wanted), f"equation ({number})")
    return results


__all__ = ["PROOFS", "Bench", "Finding", "Formulas", "Proof", "ProofResult", "prove", "run_proofs"]
