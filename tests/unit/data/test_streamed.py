"""Streaming gives what memory would have given, whatever the number of processes."""

import multiprocessing
import time

import numpy as np
import pytest
import torch
from PIL import Image

from selftaught.data import Request
from selftaught.data.files import Files, Kind
from selftaught.data.resident import Resident
from selftaught.data.streamed import InMemory, Streamed
from selftaught.errors import RunFailed

# From 3.12 on, Python warns of fork beside threads, which torch's loader does by default.
# On one core torch advises against the two workers that are the point of these tests.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
]

COLOUR = Kind(3, 255)


def corner(picture, plan, row):
    """Two views: corners of the picture, where the plan says."""
    top, left = plan[row].tolist()
    view = picture[:, top : top + 4, left : left + 4].float() / 255
    return [view, 1 - view]


@pytest.fixture
def files(tmp_path):
    generator = np.random.default_rng(0)
    pictures = generator.integers(0, 256, (12, 9, 11, 3), dtype=np.uint8)
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{i}.png")
    return tmp_path, torch.from_numpy(pictures).permute(0, 3, 1, 2)


def source(folder, workers=0, max_bad=0.5, **known):
    names = tuple(f"{i}.png" for i in range(12))
    sizes = torch.tensor([[9, 11]] * 12)
    files = Files(str(folder), names, COLOUR)
    return Streamed(files, sizes, COLOUR, workers=workers, max_bad=max_bad, **known)


def requests(count=5, rows=12):
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        index = torch.randint(rows, (4,), generator=generator)
        yield Request(index, torch.randint(5, (4, 2), generator=generator))


@pytest.mark.parametrize("workers", [0, 2])
def test_streamed_equals_resident(files, workers):
    folder, pictures = files
    whole = Resident(pictures.contiguous())
    state = torch.get_rng_state()
    streamed = source(folder, workers).fetch(requests(), corner)
    for there, here in zip(streamed, whole.fetch(requests(), corner), strict=True):
        assert torch.equal(there.request.index, here.request.index)
        rows = [corner(p, here.request.plan, row) for row, p in enumerate(here.pictures)]
        for view, expected in zip(there.crops, zip(*rows, strict=True), strict=True):
            assert torch.equal(view, torch.stack(expected))
    assert torch.equal(torch.get_rng_state(), state), "the global generator was moved"


@pytest.mark.parametrize("workers", [0, 2])
def test_crops_lie_in_memory_as_they_were_made(files, workers):
    """A view is made with its columns as rows; to turn it over once more would cost as much as to resize it."""
    folder, _ = files

    def turned(picture, plan, row):
        return [view.mT.contiguous().mT for view in corner(picture, plan, row)]

    (answer,) = source(folder, workers).fetch([next(requests())], turned)
    upright = next(iter(source(folder).fetch([next(requests())], corner)))
    for view, want in zip(answer.crops, upright.crops, strict=True):
        assert view.stride() == (48, 16, 1, 4)
        assert torch.equal(view, want)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_file_is_replaced_by_its_successor_with_its_label(files, workers):
    folder, pictures = files
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:60])
    (folder / "4.png").write_bytes(b"")
    labels = torch.arange(12) * 100
    stream = source(folder, workers, labels=labels)
    asked = Request(torch.tensor([3, 0, 4]), torch.zeros(3, 2, dtype=torch.int64))
    (answer,) = stream.fetch([asked], corner)
    assert answer.request.index.tolist() == [5, 0, 5]
    assert torch.equal(answer.crops[0], pictures[[5, 0, 5], :, :4, :4].float() / 255)
    assert stream.labels[answer.request.index].tolist() == [500, 0, 500]
    assert [line.split(":")[0] for line in stream.quarantine()] == ["3.png", "4.png"]
    assert "zero bytes" in stream.quarantine()[1]


def test_the_last_file_is_succeeded_by_the_first_of_its_own_split(files):
    folder, pictures = files
    (folder / "11.png").write_bytes(b"no picture")
    whole = source(folder)
    part = whole.subset(torch.tensor([7, 11]))
    (answer,) = part.fetch([Request(torch.tensor([1]), torch.zeros(1, 2).long())], corner)
    assert answer.request.index.tolist() == [0]
    assert torch.equal(answer.crops[0][0], pictures[7, :, :4, :4].float() / 255)
    assert whole.quarantine() == part.quarantine() != []


def test_a_stand_in_is_stretched_to_the_planned_size(files):
    folder, _ = files
    (folder / "0.png").write_bytes(b"")
    Image.new("RGB", (30, 20), (10, 20, 30)).save(folder / "1.png")
    (answer,) = source(folder).fetch(
        [Request(torch.tensor([0]))], lambda picture, plan, row: [picture.float()]
    )
    assert answer.crops[0].shape == (1, 3, 9, 11)
    assert answer.crops[0][0, :, 4, 4].tolist() == [10, 20, 30]


@pytest.mark.parametrize("workers", [0, 2])
def test_too_many_bad_files_end_the_run(files, workers):
    folder, _ = files
    for i in range(3):
        (folder / f"{i}.png").write_bytes(b"")
    with pytest.raises(RunFailed, match=r"3 of 12 files.*max_bad=0.2.*0.png: zero bytes"):
        list(source(folder, workers, max_bad=0.2).fetch(requests(20), corner))


def test_nothing_readable_ends_the_run(files):
    folder, _ = files
    for i in range(12):
        (folder / f"{i}.png").unlink()
    with pytest.raises(RunFailed, match="none of the 12 pictures"):
        list(source(folder, max_bad=1.0).fetch(requests(), corner))


def test_workers_end_when_the_reader_stops_early(files):
    def endless():
        while True:
            yield from requests()

    stream = source(files[0], workers=2).fetch(endless(), corner)
    next(stream)
    assert multiprocessing.active_children()
    stream.close()
    deadline = time.monotonic() + 10
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not multiprocessing.active_children()


def test_pictures_of_several_sizes_are_cropped_from_memory():
    pictures = (torch.full((1, 5, 6), 7, dtype=torch.int32), torch.full((1, 8, 4), 900).int())
    read = InMemory(pictures, ("a", "b"))
    stream = Streamed(read, torch.tensor([[5, 6], [8, 4]]), Kind(1, 65535))
    (answer,) = stream.fetch([Request(torch.tensor([1, 0]), torch.zeros(2, 2).long())], corner)
    assert torch.allclose(answer.crops[0][:, 0, 0, 0] * 255, torch.tensor([900.0, 7.0]))
    assert stream.levels == 65535
