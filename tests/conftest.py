"""Settings of the tests."""
# SPDX-License-Identifier: BSD-3-Clause

from hypothesis import settings

# The same examples in every run; a machine that is busy is no failure.
settings.register_profile("chainrule", derandomize=True, deadline=None, database=None)
settings.load_profile("chainrule")
