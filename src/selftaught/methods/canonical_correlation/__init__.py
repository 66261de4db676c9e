"""Canonical correlation analysis: views agree, and the dimensions of the embedding decorrelate.

What prevents collapse: statistics of the batch instead of negatives: correlation (Barlow Twins), whitening
(W-MSE), variance and covariance (VICReg), a memory of the covariance (TiCo), the whole distribution (LeJEPA).
SwAV stands here because its assignments are balanced over the batch: its prototypes are used alike, as the
others' dimensions are. TiCo borrows a slow teacher from self-distillation, which it could do without.
Lineage: CCA (Hotelling, 1936; here a baseline), deep CCA (Andrew et al., 2013), SwAV (2020), Barlow Twins and
W-MSE (2021), VICReg and TiCo (2022), LeJEPA (2025).
"""
