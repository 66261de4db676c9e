"""The command line as its user meets it: words in; sentences, JSON and exit codes out."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from selftaught import catalogue, cli
from selftaught.cli.options import listed
from selftaught.runs import RunFolder

COMMANDS = (
    "compare",
    "rank",
    "train",
    "evaluate",
    "embed",
    "bench",
    "doctor",
    "methods",
    "protocols",
    "report",
    "log",
    "watch",
)
HEAD = "projector=16,8"


@dataclass
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Answer]


@pytest.fixture
def selftaught(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """The console script in this process, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SELFTAUGHT_DATA", raising=False)

    def run(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["selftaught", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return run


def in_a_shell(words: Sequence[object], place: Path, code: str = "") -> subprocess.Popen[str]:
    """The command in a process of its own, as in the foreground of a shell; ``code`` runs there before it."""
    # Who is started in the background inherits that Ctrl-C is ignored, tests among them.
    heard = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
    start = f"import sys\n{heard}\n{code}\nfrom selftaught.cli import main\nmain()"
    return subprocess.Popen(
        [sys.executable, "-c", start, *map(str, words)],
        cwd=place,
        env=os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], seconds: float = 60) -> Answer:
    try:
        out, err = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return Answer(process.returncode, out, err)


def words(overrides: dict[str, Any], flag: str | None = None) -> list[str]:
    """Overrides as ``train`` takes them, or as ``compare --set`` does."""
    given = [f"{key}={value}" for key, value in overrides.items()]
    return [word for each in given for word in ((flag, each) if flag else (each,))]


def one_sentence(answer: Answer) -> str:
    """The last line on stderr, which must be a sentence of ours, and nothing on stdout."""
    assert answer.out == ""
    assert "Traceback" not in answer.err
    last = answer.err.strip().splitlines()[-1]
    assert last.startswith("selftaught: ")
    return last


# What is said before anything is computed -------------------------------------------------------


def test_help_lists_every_command_and_loads_nothing_heavy(tmp_path: Path) -> None:
    watch = (
        "import atexit, os\n"
        "heavy = lambda: {'torch', 'numpy', 'pydantic', 'sklearn', 'timm'} & set(sys.modules)\n"
        "atexit.register(lambda: heavy() and os._exit(9))"
    )
    answer = finish(in_a_shell(["--help"], tmp_path, watch))
    assert answer.code == 0, answer.err
    for command in COMMANDS:
        assert command in answer.out
    assert answer.err == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, selftaught: Command) -> None:
    answer = selftaught(command, "--help")
    assert answer.code == 0
    assert "Usage" in answer.out


MISTAKES = {
    "comapre simclr": "'compare'",
    "train simclrr": "did you mean 'simclr'?",
    "train simclr temprature=0.1": "did you mean 'temperature'?",
    "train simclr optimiser.rte=0.1": "did you mean 'optimiser.rate'?",
    "train simclr temperature=-1": "temperature=-1 cannot be used",
    "train simclr epochs=none": "epochs='none' cannot be used",
    "train simclr epochs": "'epochs' is not an override",
    "train simclr out=x": "'out' is no key of the configuration; where it is an option, give it as --out",
    "compare simclr --set jobs=2": "give it as --jobs",
    "compare simclr --set to_label=60": "give it as --to-label",
    "bench simclr --set repeats=2": "give it as --repeats",
    "doctor digits seconds=0": "give it as --seconds",
    "evaluate nowhere split=test": "give it as --split",
    "bench simclr --set data=shapez": "did you mean 'shapes'?",
    "train simclr --log tensorbord": "did you mean 'tensorboard'?",
    "compare simclr --log tensorbord": "did you mean 'tensorboard'?",
    "log nowhere --to ,": "Nobody to tell; give one or more of tensorboard, wandb, mlflow.",
    "watch nowhere": "nowhere does not exist; give the directory that train or compare says",
    "watch .": "holds no run and no comparison",
    "train simclr --epochs 0": "epochs=0 cannot be used",
    "train simclr --seed -1": "seed=-1 cannot be used",
    "train simclr --device gpu": "device='gpu' cannot be used",
    "train simclr --data shapez": "did you mean 'shapes'?",
    "train simclr --data ./nowhere": "no folder './nowhere'",
    "train simclr --data digits encoder=resnet81": "did you mean 'resnet18'?",
    "train simclr --data digits views.preset=symetric": "did you mean 'symmetric'?",
    "train simclr --data digits data.take=40 batch=64": "batch=64 is larger than the 36 pictures",
    "train simclr --data digits batch=1": "give batch=2 or more",
    "train wmse --data digits batch=64": "give batch=128 or more",
    "train simclr --data digits views.small=2": "does not take small crops",
    "train simclr --data digits views.count=1": "views.count=1 does not suit simclr",
    "train mae --data digits --encoder resnet18": "give encoder=vit_tiny",
    "train moco --data digits queue=4096": "more than half of the",
    "train simclr --data digits data.take=1": "both are needed",
    "compare simclr byoll": "did you mean 'byol'?",
    "compare simclr byol:momentun=0,0": "did you mean 'momentum'?",
    "compare simclr --protocols knm": "did you mean 'knn'?",
    "compare simclr --split tset": "did you mean 'test'?",
    "compare simclr --baselines pixel": "did you mean 'pixels'?",
    "compare simclr:seed=3": "'seed' is the comparison's own; give --seeds N",
    "compare simclr --set final=true": "'final' is the comparison's own; give --split",
    "compare simclr --seeds 0": "--seeds 0 runs nothing",
    "compare simclr --data shapez": "did you mean 'shapes'?",
    "compare simclr --set bach=3": "did you mean 'batch'?",
    "evaluate nowhere": "nowhere is not a run folder",
    "evaluate nowhere --protocols linaer": "did you mean 'linear'?",
    "evaluate nowhere knn.kk=3": "did you mean 'knn.k'?",
    "evaluate nowhere k=3": "did you mean 'knn.k'?",
    "evaluate nowhere knn.k=none": "knn.k='none' cannot be used",
    "evaluate nowhere knn.k=3 --protocols linear": "give --protocols linear,knn",
    "compare simclr --set knn.kk=3": "did you mean 'knn.k'?",
    "compare simclr --set knm.k=3": "did you mean 'knn'?",
    "compare simclr:knn.k=3": "give it for all of them",
    "protocols linaer": "did you mean 'linear'?",
    "evaluate nowhere --split tset": "did you mean 'test'?",
    "embed nowhere here --out x.csv": "should end in .npy",
    "embed nowhere here --out x.npy": "nowhere",
    "methods simclrr": "did you mean 'simclr'?",
    "bench simclrr": "did you mean 'simclr'?",
    "bench untrained": "no step to measure",
    "bench simclr --against lightyl": "did you mean 'lightly'?",
    "bench simclr --repeats 0": "--repeats 0 measures nothing",
    "bench simclr --batch 4096 --set data.take=100 --data digits": "batch=4096 is larger",
    "bench simclr --data shapez": "did you mean 'shapes'?",
    "report nowhere": "nowhere",
    "doctor ./nowhere": "no folder './nowhere'",
    "doctor shapez": "did you mean 'shapes'?",
    "doctor shapes --method simclrr": "did you mean 'simclr'?",
    "doctor shapes --method pixels": "pixels is a baseline",
    "doctor shapes bach=3": "did you mean 'batch'?",
    "doctor shapes --seconds -1": "--seconds",
    "train simclr --epoch 3": "--epochs",
    "train": "method",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_gets_a_sentence_and_exit_code_2_and_writes_nothing(
    line: str, selftaught: Command, tmp_path: Path
) -> None:
    answer = selftaught(*line.split())
    assert answer.code == 2
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert MISTAKES[line] in " ".join(answer.err.split())
    assert list(tmp_path.iterdir()) == []


def test_the_first_line_is_said_before_torch_is_imported(unlabelled: Path, tmp_path: Path) -> None:
    """A torch that ends the process when it is imported: what was said before stands alone."""
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "torch.py").write_text("import os; os._exit(77)")
    for line in (["train", "simclr"], ["compare", "simclr", "byol"]):
        place = tmp_path / line[0]
        place.mkdir()
        process = in_a_shell(
            [*line, "--data", unlabelled], place, f"sys.path.insert(0, {str(blocked)!r})"
        )
        answer = finish(process)
        assert answer.code == 77, answer.err
        (said,) = answer.err.splitlines()
        assert "loose" in said
        assert "writes runs/" in said
        assert list(place.iterdir()) == []


# Runs ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(
    labelled: Path, quick: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A finished run folder."""
    import selftaught as package

    folder = tmp_path_factory.mktemp("cli") / "run"
    yield package.train("simclr", data=str(labelled), out=folder, projector=[16, 8], **quick)


def test_train_prints_its_result_and_again_at_once(
    labelled: Path, quick: dict[str, Any], selftaught: Command, tmp_path: Path
) -> None:
    call = ["train", "simclr", HEAD, *words(quick), "--data", labelled]
    first = selftaught(*call)
    assert first.code == 0, first.err
    assert "knn" in first.out
    assert "linear" in first.out
    assert "encoder.safetensors" in first.out
    (folder,) = tmp_path.glob("runs/stripes/simclr-*/seed-0")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert {"run.yaml", "results.json", "metrics.jsonl", "views.webp"} <= set(before)

    second = selftaught(*call, "--json")
    assert second.code == 0
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert second.json["folder"] == str(folder.relative_to(tmp_path))
    assert set(second.json["validation"]) == {"knn", "linear"}

    named = folder.relative_to(tmp_path)
    differs = selftaught(*call, "temperature=0.9", "--out", named)
    assert differs.code == 2
    assert "method.temperature" in one_sentence(differs)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    other = selftaught(
        "train", "simclr", "temperature=0.9", HEAD, *words(quick), "--data", labelled
    )
    assert other.code == 0
    assert len(list(tmp_path.glob("runs/stripes/simclr-*/seed-0"))) == 2


def test_train_on_shapes_with_json(quick: dict[str, Any], selftaught: Command) -> None:
    answer = selftaught("train", "vicreg", HEAD, "data.take=120", *words(quick), "--json")
    assert answer.code == 0, answer.err
    assert answer.json["verdict"] in ("learning", "stalled", "collapsed")
    assert " on shapes " in answer.err.splitlines()[0]


def test_evaluate_reads_validation_unless_told_and_counts_readings_of_test(
    run: Path, selftaught: Command
) -> None:
    plain = selftaught("evaluate", run)
    assert plain.code == 0, plain.err
    assert "on validation" in plain.out
    assert "; chosen k " in plain.out and re.search(r"\.\d{5}", plain.out) is None
    assert RunFolder(run).results.get("test_readings") is None
    for number, protocol in enumerate(("knn", "linear"), start=1):
        answer = selftaught("evaluate", run, "--split", "test", "--protocols", protocol, "--json")
        assert answer.code == 0, answer.err
        assert answer.json["test_readings"] == number
        assert answer.json["split"] == "test"
        assert 0 <= answer.json["results"][protocol]["accuracy"] <= 1
        assert answer.json["results"][protocol]["split"] == "test"
    wrong = selftaught("evaluate", run, "--split", "test", "--protocols", "knm")
    assert wrong.code == 2
    assert len((run / "readings.jsonl").read_text().splitlines()) == 2


def test_a_changed_parameter_is_another_number_and_the_same_one_is_not_read_again(
    run: Path, selftaught: Command
) -> None:
    call = ["evaluate", run, "--protocols", "knn", "--json"]
    changed = selftaught(*call, "knn.k=1")
    assert changed.code == 0, changed.err
    found = changed.json["results"]["knn"]
    assert (found["k"], found["changed"]) == (1, {"k": 1})
    before = (run / "results.json").stat().st_mtime_ns
    again = selftaught(*call, "knn.k=1")
    assert again.json["results"]["knn"] == found
    assert (run / "results.json").stat().st_mtime_ns == before
    published = selftaught(*call).json["results"]["knn"]
    assert published["parameters"]["k"] == 20
    assert "changed" not in published


def test_results_of_a_version_that_named_no_measure_are_still_read(
    run: Path, selftaught: Command, tmp_path: Path
) -> None:
    shutil.copytree(run, tmp_path / "old")
    folder = RunFolder(tmp_path / "old")
    old = {"accuracy": 0.125, "k": 20, "temperature": 0.1}
    folder.record(validation={"knn": old})
    answer = selftaught("evaluate", "old", "--protocols", "knn")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("knn 12.50% on validation")
    assert folder.results["validation"]["knn"] == old


def test_all_protocols_at_once(run: Path, selftaught: Command) -> None:
    short = ["linear_sgd.epochs=1", "linear_sgd.fewest=0", "finetune.epochs=1", "finetune.fewest=0"]
    short += ["spectrum.views=2", "transfer.data=digits", "ood.data=digits", f"cka.other={run}"]
    answer = selftaught("evaluate", run, "--protocols", "all", "--json", *short)
    assert answer.code == 0, answer.err
    judged = set(answer.json["results"])
    left_out = {name for name in catalogue.protocols() if f"{name} is left out: " in answer.err}
    assert judged | left_out == set(catalogue.protocols())
    assert not judged & left_out
    for name, result in answer.json["results"].items():
        assert result["measure"] == catalogue.protocol(name).measure.name
        assert isinstance(result[result["measure"]], float)


def test_an_unfinished_run_is_not_judged(run: Path, selftaught: Command, tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "run.yaml").write_bytes((run / "run.yaml").read_bytes())
    answer = selftaught("evaluate", "half")
    assert answer.code == 2
    assert "has not finished" in one_sentence(answer)


def test_embed_writes_features_and_names(
    run: Path, unlabelled: Path, selftaught: Command, tmp_path: Path
) -> None:
    answer = selftaught("embed", run, unlabelled, "--out", "new/x.npy", "--json")
    assert answer.code == 0, answer.err
    assert answer.json == {"out": "new/x.npy", "pictures": 80, "dim": 128}
    features = np.load(tmp_path / "new" / "x.npy")
    names = (tmp_path / "new" / "x.txt").read_text().splitlines()
    assert features.shape == (80, 128)
    assert features.dtype == np.float32
    assert names == sorted(str(path) for path in unlabelled.iterdir())
    one = selftaught("embed", run / "encoder.safetensors", names[7], "--out", "one.npy")
    assert one.code == 0
    np.testing.assert_allclose(np.load(tmp_path / "one.npy")[0], features[7], rtol=1e-4, atol=1e-5)
    elsewhere = selftaught("embed", run, unlabelled, "--out", "two.npy", "--device", "gpu")
    assert elsewhere.code == 2
    assert "There is no device 'gpu'; give auto, cuda, mps, cpu." in elsewhere.err
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    Image.new("RGB", (8, 8)).save(mixed / "good\n.png")
    (mixed / "bad.png").write_text("no picture")
    some = selftaught("embed", run, mixed, "--out", "some.npy")
    assert some.code == 0
    assert "1 of 2 files cannot be read and are left out: " in some.err
    assert "mixed/bad.png cannot be read as a picture" in some.err
    assert np.load(tmp_path / "some.npy").shape == (1, 128)
    assert (tmp_path / "some.txt").read_text() == f"{mixed}/good\\n.png\n"
    (mixed / "good\n.png").unlink()
    none = selftaught("embed", run, mixed, "--out", "none.npy")
    assert none.code == 2
    assert "None of the 1 files" in one_sentence(none)
    (tmp_path / "mine.txt").write_text("my notes")
    taken = selftaught("embed", run, unlabelled, "--out", "mine.npy")
    assert taken.code == 2
    assert "mine.txt is there already" in one_sentence(taken)
    assert (tmp_path / "mine.txt").read_text() == "my notes"
    empty = tmp_path / "empty"
    empty.mkdir()
    nothing = selftaught("embed", run, empty, "--out", "two.npy")
    assert nothing.code == 2
    assert "no picture" in one_sentence(nothing)
    assert not (tmp_path / "two.npy").exists()


def test_version_is_the_package_s(selftaught: Command) -> None:
    answer = selftaught("--version")
    assert answer.code == 0
    assert answer.out.strip() == metadata.version("selftaught")


def test_names_between_commas_may_have_blanks() -> None:
    assert listed(" pixels, untrained,") == ["pixels", "untrained"]
    assert listed("") == []


def test_bench_prints_its_tables_or_json_alone_and_writes_nothing(
    quick: dict[str, Any], selftaught: Command, tmp_path: Path
) -> None:
    call = [
        "bench",
        f"simclr:{HEAD}",
        "--repeats",
        "1",
        *words({**quick, "data.take": 120}, "--set"),
    ]
    answer = selftaught(*call, "--json")
    assert answer.code == 0, answer.err
    (row,) = answer.json["rows"]
    assert (row["method"], row["encoder"], row["batch"]) == ("simclr", "resnet_tiny", 16)
    assert row["share_of_floor"] == row["floor_seconds_per_step"][0] / row["seconds_per_step"][0]
    tables = selftaught(*call)
    assert tables.code == 0, tables.err
    for word in ("SimCLR", "resnet_tiny", "share, %", "Where a step's time goes", "views"):
        assert word in tables.out
    assert "writes nothing" in tables.err.splitlines()[0]
    assert list(tmp_path.iterdir()) == []


def test_compare_with_json_prints_json_alone(
    quick: dict[str, Any], selftaught: Command, tmp_path: Path
) -> None:
    settings = words({**quick, "data.take": 120}, "--set")
    call = ["compare", f"simclr:{HEAD}", *settings, "--baselines", "none", "--out", "made"]
    answer = selftaught(*call, "--protocols", "knn", "--json")
    assert answer.code == 0, answer.err
    assert answer.json == json.loads((tmp_path / "made" / "comparison.json").read_text())
    assert answer.json["data"]["name"] == "shapes"
    assert [row["method"] for row in answer.json["rows"]] == ["simclr"]
    assert "made/report.html" in answer.err


def test_compare_prints_a_table_and_writes_a_page_that_can_be_written_again(
    labelled: Path, quick: dict[str, Any], selftaught: Command, tmp_path: Path
) -> None:
    settings = [*words(quick, "--set"), "--data", labelled]
    answer = selftaught(
        "compare", f"simclr:{HEAD}", *settings, "--baselines", "pixels", "--out", "made"
    )
    assert answer.code == 0, answer.err
    assert "SimCLR" in answer.out
    assert "Raw pixels" in answer.out
    assert "no claim is made" in answer.out
    (tmp_path / "made" / "report.html").unlink()
    page = selftaught("report", "made")
    assert page.code == 0
    assert (tmp_path / page.out.strip()).is_file()


def test_a_studys_answers_are_printed_with_what_they_rest_on(
    selftaught: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = {"answers": [{"sentence": "Are they? No."}], "note": "Over seeds alone."}
    content = {"rows": [], "summary": [], "claims": ["A beats B."], "seeds": [0], "study": study}
    monkeypatch.setattr("selftaught.interface.compare", lambda *names, **given: content)
    said = selftaught("compare", "simclr", "--study", "robustness").out.splitlines()
    assert said[-3:] == ["Are they? No.", "Over seeds alone.", "A beats B."]


def test_a_contestant_that_fails_gives_exit_code_1(
    labelled: Path, quick: dict[str, Any], selftaught: Command
) -> None:
    settings = words(quick, "--set")
    answer = selftaught(
        *["compare", f"simclr:{HEAD};optimiser.rate=1e30", "pixels", "--data", labelled],
        *[*settings, "--baselines", "none", "--protocols", "knn", "--out", "out", "--json"],
    )
    assert answer.code == 1
    broken, fine = answer.json["rows"]
    assert broken["verdict"] == "diverged"
    assert fine["error"] is None


def test_a_run_that_diverges_gives_exit_code_1_and_names_the_term(
    labelled: Path, quick: dict[str, Any], selftaught: Command
) -> None:
    overrides = words(quick | {"optimiser.rate": 1e30})
    answer = selftaught("train", "simclr", HEAD, *overrides, "--data", labelled)
    assert answer.code == 1
    assert "nt_xent" in one_sentence(answer)


def test_doctor_prints_json_alone_and_writes_nothing_unless_told(
    labelled: Path, quick: dict[str, Any], selftaught: Command, tmp_path: Path
) -> None:
    answer = selftaught("doctor", labelled, *words(quick), HEAD, "--seconds", "0", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["counts"]["pictures"] == 80
    assert "fewer than 1,000" in answer.json["advice"][0]["text"]
    assert answer.err.startswith(f"examining {labelled} for simclr")
    assert list(tmp_path.iterdir()) == []


def test_doctor_prints_a_report_and_writes_a_page(
    labelled: Path, quick: dict[str, Any], selftaught: Command, tmp_path: Path
) -> None:
    call = ["doctor", labelled, *words(quick), "projector=16,8", "--method", "simclr,vicreg"]
    answer = selftaught(*call, "--seconds", "1", "--out", "found")
    assert answer.code == 0, answer.err
    for word in ("80 pictures", "across", "SimCLR", "VICReg", "2 × 32 px", "measured on"):
        assert word in answer.out
    assert "<h1>" in (tmp_path / "found" / "doctor.html").read_text()


def test_doctor_ends_with_exit_code_2_where_training_would_refuse(
    selftaught: Command, tmp_path: Path
) -> None:
    for number in range(4):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / f"{number}.png")
        Image.new("I;16", (8, 8), number).save(tmp_path / f"deep-{number}.png")
    answer = selftaught("doctor", ".", "--seconds", "0")
    assert answer.code == 2
    assert "Training would refuse these pictures" in " ".join(answer.out.split())


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_ends_the_doctor_with_a_sentence(tmp_path: Path) -> None:
    for number in range(40):
        noise = np.random.default_rng(number).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
        if number < 4:
            Image.fromarray(noise).save(tmp_path / f"{number}.png", compress_level=1)
        else:
            (tmp_path / f"{number}.png").symlink_to(tmp_path / f"{number % 4}.png")
    slow = "import selftaught.doctor.counting as c; c.QUIET_SECONDS = 0.0"
    process = in_a_shell(["doctor", ".", "data.workers=1", "--seconds", "0"], tmp_path, slow)
    assert process.stderr is not None
    for line in process.stderr:
        if "reading:" in line:
            break
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    assert finish(process).code == 130
    assert "of 40 files; nothing was written." in said
    assert "Traceback" not in said


def test_methods_are_listed_and_described(selftaught: Command) -> None:
    answer = selftaught("methods", "--json")
    assert [each["name"] for each in answer.json] == catalogue.names()
    assert selftaught("methods", "byol", "--json").json["parameters"]["momentum"] == [0.996, 1.0]
    assert "Grill" in selftaught("methods", "byol").out
    assert "copies the student" in " ".join(selftaught("methods", "byol").out.split())
    listed = selftaught("methods").out
    assert all(name in listed for name in catalogue.built_in())
    table = selftaught("protocols").out
    assert all(name in table for name in catalogue.protocols())
    assert "knn.temperature=0.1" in selftaught("protocols", "knn").out
    assert selftaught("protocols", "linear", "--json").json["higher_is_better"] is True
    assert len(selftaught("protocols", "--json").json) == len(catalogue.protocols())


def test_methods_as_json_say_state_encoders_meanings_recipes_and_measurements(
    selftaught: Command,
) -> None:
    byol = selftaught("methods", "byol", "--json").json
    assert (byol["state"], byol["encoders"]) == (["teacher"], "any")
    assert "copies the student" in byol["meanings"]["momentum"]
    assert byol["recipes"]["imagenet"]["optimiser"]["name"] == "lars"
    assert "measured" not in byol["recipes"]["imagenet"]
    assert 0 < byol["recipes"]["shapes"]["measured"]["linear"] < 1
    every = {each["name"]: each for each in selftaught("methods", "--json").json}
    assert every["byol"] == byol
    assert every["mae"]["encoders"] == "ViT"
    assert every["supcon"]["sees_labels"] is True


# Signals ------------------------------------------------------------------------------------------


SLOW = """
import time
from selftaught.training.ledger import Ledger
note = Ledger.note
Ledger.note = lambda *given: (time.sleep(0.3), note(*given))
"""
"""Leaves time for a signal between the first step and the last."""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_the_same_command_finishes(
    number: signal.Signals,
    code: int,
    labelled: Path,
    quick: dict[str, Any],
    selftaught: Command,
    tmp_path: Path,
) -> None:
    overrides = words(quick | {"epochs": 10, "monitor.every": 10})
    call = ["train", "simclr", HEAD, *overrides, "--data", labelled, "--out", "run"]
    process = in_a_shell(call, tmp_path, SLOW)
    try:
        metrics = tmp_path / "run" / "metrics.jsonl"
        while not (metrics.is_file() and '"kind": "step"' in metrics.read_text()):
            assert process.poll() is None, finish(process).err
            time.sleep(0.05)
        process.send_signal(number)
    finally:
        stopped = finish(process)
    assert stopped.code == code, stopped.err
    assert "Saved at step" in one_sentence(stopped)
    assert "same command" in one_sentence(stopped)
    assert (tmp_path / "run" / "checkpoint.safetensors").is_file()
    assert "verdict" not in RunFolder(tmp_path / "run").results

    again = selftaught(*call, "--json")
    assert again.code == 0, again.err
    assert again.json["verdict"] in ("learning", "stalled", "collapsed")
    steps = [line["step"] for line in RunFolder(tmp_path / "run").metrics("step")]
    assert steps == list(range(1, len(steps) + 1))
    assert again.json["pictures_seen"] == len(steps) * 16


# Pictures -----------------------------------------------------------------------------------------


def bad_folders(place: Path) -> dict[str, str]:
    """Folders that hold too little, and what is said of them."""
    (place / "empty").mkdir()
    (place / "one").mkdir()
    Image.new("RGB", (32, 32)).save(place / "one" / "a.png")
    (place / "words").mkdir()
    (place / "words" / "a.txt").write_text("no picture")
    (place / "broken").mkdir()
    for number in range(4):
        (place / "broken" / f"{number}.png").write_bytes(b"no picture")
    (place / "file.png").write_bytes((place / "one" / "a.png").read_bytes())
    return {
        "missing": "no folder",
        "empty": "no pictures",
        "one": "one picture",
        "words": "no pictures and 1 other",
        "broken": "4 of 4 picture files cannot be read",
        "file.png": "is a file",
    }


def test_a_folder_without_enough_pictures_is_refused(selftaught: Command, tmp_path: Path) -> None:
    folders = bad_folders(tmp_path)
    before = set(tmp_path.rglob("*"))
    for name, sentence in folders.items():
        for command in ("train", "compare"):
            answer = selftaught(command, "simclr", "--data", f"./{name}")
            assert answer.code == 2, name
            assert sentence in one_sentence(answer)
    assert set(tmp_path.rglob("*")) == before


def test_pictures_without_labels_train_and_are_not_probed(
    unlabelled: Path, quick: dict[str, Any], selftaught: Command
) -> None:
    call = ["train", "byol", HEAD, "predictor=16,8", *words(quick), "--data", unlabelled]
    answer = selftaught(*call, "--out", "run")
    assert answer.code == 0, answer.err
    assert "effective rank" in answer.out
    assert "knn" not in answer.out
    probed = selftaught("evaluate", "run")
    assert probed.code == 2
    assert "A probe needs labels" in one_sentence(probed)
    read = selftaught("evaluate", "run", "--protocols", "all", "--json", "spectrum.views=2")
    assert read.code == 0, read.err
    assert "knn is left out: it needs labels" in read.err
    assert list(read.json["results"]) == ["spectrum"]
    assert read.json["results"]["spectrum"]["lidar"] > 0
    taught = selftaught("train", "supervised", *words(quick), "--data", unlabelled)
    assert taught.code == 2
    assert "learns from labels" in one_sentence(taught)


def test_a_class_too_small_for_a_probe_still_trains(
    labelled: Path, quick: dict[str, Any], selftaught: Command, tmp_path: Path
) -> None:
    for name, count in (("across", 40), ("down", 1)):
        (tmp_path / "uneven" / name).mkdir(parents=True)
        for path in sorted((labelled / name).iterdir())[:count]:
            (tmp_path / "uneven" / name / path.name).write_bytes(path.read_bytes())
    call = ["train", "simclr", HEAD, *words(quick), "--data", "./uneven", "--out", "run"]
    answer = selftaught(*call)
    assert answer.code == 0, answer.err
    assert "trained all the same" in answer.err
    assert (tmp_path / "run" / "encoder.safetensors").is_file()


def test_files_that_cannot_be_read_are_set_aside(
    labelled: Path, quick: dict[str, Any], selftaught: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    for path in labelled.glob("*/*.png"):
        (folder / f"{path.parent.name}{path.name}").write_bytes(path.read_bytes())
    whole = next(labelled.glob("*/*.png")).read_bytes()
    (folder / "zero.png").write_bytes(b"")
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("no picture")
    call = ["train", "simclr", HEAD, *words(quick), "--data", "./mixed", "--out", "run"]
    answer = selftaught(*call)
    assert answer.code == 0, answer.err
    assert "3 files cannot be read and are set aside" in answer.err
    refused = selftaught(*call[:-1], "other", "data.max_bad=0.01")
    assert refused.code == 2
    assert "3 of 83 picture files cannot be read" in one_sentence(refused)
    assert not (tmp_path / "other").exists()
