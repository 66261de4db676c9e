#!/bin/sh
# The GPU's tables, in under ten minutes on one large GPU, compilation counted.
# UNRUN: no machine with CUDA was at hand when this was written; that ten minutes suffice is an estimate.
#
#   sh benchmarks/gpu.sh              # needs Python 3.11 and a driver; makes .venv if there is none
#   SELFTAUGHT_DATA=/data sh benchmarks/gpu.sh      # where CIFAR-10 lies, for the run of 200 epochs
#
# Steps are measured on noise in the shape of CIFAR-10, which says the same about speed and needs no download.
# Each part has its share of the time and leaves what it has measured when that is over:
#   benchmarks/results/speed-gpu.json       steps beside their floor and Lightly (190 s)
#   benchmarks/results/speed-views-gpu.json   views alone (40 s)
#   benchmarks/results/speed-judging-gpu.json   kNN and the linear probe (60 s)
#   runs/gpu-200-epochs                     SimCLR, ResNet-18, CIFAR-10, from the command to its result (300 s)
set -u
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || make setup || exit 2
"$python" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' ||
    { echo "torch finds no CUDA device here"; exit 2; }

against=
if "$python" -m pip install --quiet '.[peers]'; then
    against=lightly
else
    echo "Lightly does not install: ours is measured alone"
fi

timeout 190 "$python" benchmarks/speed.py gpu --repeats 5 ${against:+--against "$against"} ||
    echo "not all rows were measured: benchmarks/results/speed-gpu.json holds those that were"
timeout 40 "$python" benchmarks/speed.py views --device cuda --name views-gpu || echo "views were not measured"
timeout 60 "$python" benchmarks/speed.py judging --device cuda --name judging-gpu || echo "judging was not measured"

# A run that is stopped by the clock is saved, and goes on when its line is given again.
time timeout --signal=INT 300 "$python" -m selftaught train simclr --data cifar10 --recipe cifar10 \
    --epochs 200 batch=512 precision=bfloat16 --out runs/gpu-200-epochs
