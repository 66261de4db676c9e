"""Run folders in, a page or a table out: nothing here imports torch or knows a method's code."""
