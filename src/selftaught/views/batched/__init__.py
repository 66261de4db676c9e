"""Views on an accelerator: each operation on the whole batch, which nobody has to wait for.

Each is left as it is by its own numbers (a factor of one, a width of nought), so that one that is in the law
touches every view, and no one looks at the plan. ``compiled`` does the same on a CPU, a view at a time.
"""
