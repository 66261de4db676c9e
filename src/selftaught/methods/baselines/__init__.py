"""Baselines: what a self-supervised encoder is measured against.

Below stand encoders that learnt nothing (raw pixels, an untrained network) or no gradient touched (random
patches); above stands the same network taught with labels.
"""
