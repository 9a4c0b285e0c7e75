"""The exceptions that no C++ raises."""

# SPDX-License-Identifier: BSD-3-Clause


class ModelFormatError(ValueError):
    """A file is none that holds a network, is damaged, or was written by a newer chainrule.

    Its message begins with the path and says what is wrong. Nothing has changed where it is raised.
    """


ModelFormatError.__module__ = "chainrule"
