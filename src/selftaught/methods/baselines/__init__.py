"""Baselines: what a self-supervised encoder is measured against.

Below stand encoders that learnt nothing (raw pixels, an untrained network) or that were solved or looked up
instead of trained (PCA, linear CCA, random patches); above stand the same network taught with labels, and
models that others trained on more.
"""
