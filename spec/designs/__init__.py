"""Designs of a queue that have a text of their own: this queue is not built so.

`spec.failures.profiles` holds those that are this queue without some of its protections.
"""

import spec.queue  # its scopes name the designs, which are made of its modules: it comes first

__all__ = ["spec"]
