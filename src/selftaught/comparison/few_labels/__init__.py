"""Pictures without labels: which few to label, and what these few then say of the contestants.

``compare`` draws a sheet of pictures (``chances.py``, ``sheet.py``); somebody labels them, on the page or in a
spreadsheet; ``rank`` reads the answers, judges every encoder by them and says how little they know.
"""

FEWEST, MOST, USUAL = 50, 200, 100
"""Pictures on a sheet."""
