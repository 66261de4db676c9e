#!/bin/sh
# The GPU's table of speed, in under ten minutes on one large GPU, compilation counted.
# UNRUN: no machine with CUDA was at hand when this was written; that ten minutes suffice is an estimate.
#
#   sh benchmarks/gpu.sh              # needs Python 3.11 and a driver; makes .venv if there is none
#
# It measures on noise in the shape of CIFAR-10, which says the same about speed and needs no download. What it
# leaves behind: benchmarks/results/speed-gpu.json and .md, written row by row, and runs/speed-gpu, a short run
# from its command to its result.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || make setup
"$python" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' ||
    { echo "torch finds no CUDA device here"; exit 2; }

against=
if "$python" -m pip install --quiet '.[peers]'; then
    against=lightly
else
    echo "Lightly does not install: ours is measured alone"
fi

timeout 480 "$python" benchmarks/speed.py gpu --repeats 5 ${against:+--against "$against"} ||
    echo "not all rows were measured: benchmarks/results/speed-gpu.json holds those that were"

time "$python" -m selftaught train simclr --data shapes --epochs 20 encoder=resnet18 batch=512 \
    precision=bfloat16 --out runs/speed-gpu --fresh
