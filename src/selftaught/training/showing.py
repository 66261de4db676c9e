"""A sheet of the exact views that a run begins with."""

import torch

from selftaught.data import Request
from selftaught.keys import Keys
from selftaught.reports.pictures import view_sheet
from selftaught.training.loop import requests
from selftaught.training.setup import Setup

SHOWN = 8
"""Pictures on the sheet."""

MOST = 32
"""Views of each."""


def first_views(setup: Setup, count: int = SHOWN) -> bytes:
    """The first pictures of the first step, each beside the views that it gets there, as WebP."""
    index = next(requests(setup, 0)).index[:count]
    shown = setup.shown_at(0)
    plan = shown.plan(Keys(setup.run.seed, 0, torch.arange(len(index))), setup.source.sizes[index])
    clean = setup.clean.plan(None, setup.source.sizes[index])
    sheets = []
    for views, each in ((setup.clean, clean), (shown, plan)):
        (fetched,) = setup.source.fetch([Request(index, each)], views.crop)
        sheets.append(views.sheet(fetched.given, each))
    return view_sheet(sheets[0][0], sheets[1][:MOST])
