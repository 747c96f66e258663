"""Which process of pytest-xdist runs which test.

Most of the time of the tests is compilation, so one process runs all tests of an estimator and
compiles its programs once. Markers (`xdist_group`) cannot say so: pytest-xdist 3.8 writes them into
the names of tests, which pytest 9.2 no longer reads.
"""

import re

from xdist.scheduler import LoadScopeScheduling

from tests.discovery import ESTIMATORS, META_ESTIMATORS

# meta-estimators fit the same autoencoder, whose programs they share
GROUPS = {
    cls.__name__: "meta-estimators" if cls in META_ESTIMATORS else cls.__name__
    for cls in ESTIMATORS
}


def group_of(nodeid):
    """The estimator that a test has among its parameters, or the test's file."""
    path, _, parameters = nodeid.partition("[")
    found = [GROUPS[name] for name in re.findall(r"[A-Za-z]+", parameters) if name in GROUPS]
    return found[0] if found else path.partition("::")[0]


class ByEstimator(LoadScopeScheduling):
    """Sends all tests of a group to one process."""

    def _split_scope(self, nodeid):
        return group_of(nodeid)
