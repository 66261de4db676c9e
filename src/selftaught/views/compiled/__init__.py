"""Views on a CPU: all that happens to one view, compiled, while the view is in the core's own cache.

The operations are those of ``batched``, which says where they come from.
"""
