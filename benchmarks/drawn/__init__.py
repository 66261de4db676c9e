"""What ``draw.py`` makes of the files in ``results/``: pages in Markdown, charts as SVG."""
