"""Canonical correlation analysis: views agree, and the dimensions of the embedding decorrelate.

What prevents collapse: statistics of the batch (variance, covariance, whitening) instead of negatives.
Lineage: CCA (Hotelling, 1936), deep CCA (Andrew et al., 2013), Barlow Twins (2021), VICReg (2022).
"""
