"""Tests of skae. Estimators are found by discovery: a new one is tested without a new line here.

=================  =================================================================================
``make test``      what guards every documented behavior, in about four minutes on two cores
``make test-rest`` cases with the marker ``thorough``, which ``make test`` leaves out
``make test-all``  both
``make stress``    cases with the marker ``stress``: hundreds of fits, killed processes, fuzzing
=================  =================================================================================

Most of the time is compilation, hence:

- Data have few shapes (``datasets.curved``), so that fits of an estimator share a program, and
  ``scheduling.py`` keeps the tests of an estimator in one process. ``fitted(cls)`` is a model that
  all tests share.
- What the base class does for all autoencoders is tested for ``discovery.REPRESENTATIVES`` in
  ``make test`` (marker ``representatives``) and for all of them in ``make test-all``.
- Of cases that repeat one property for other parameters, ``discovery.short`` leaves the first in
  ``make test``.
- What needs no program (docstrings, imports, sources, pages) is checked in loops that report every
  fault at once and say what to do.
"""
