"""The sections of the page, one file each: ``section(comparison) -> Section | None``.

A section whose data are absent answers None and does not stand on the page.
"""
