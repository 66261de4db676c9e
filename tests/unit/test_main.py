"""The first third of a second, while Python imports."""

import subprocess
import sys

INTERRUPTED = """
import sys
class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name == "selftaught.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Impatient())
from selftaught.__main__ import main
main()
"""


def test_ctrl_c_before_anything_is_imported_ends_in_a_sentence() -> None:
    found = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False
    )
    assert found.returncode == 130
    assert found.stderr == "selftaught: stopped before anything was begun.\n"


def test_the_console_script_is_the_same_command() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "selftaught", "--help"], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0
    assert "compare" in found.stdout
