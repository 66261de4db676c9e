"""Deep metric learning: pull the views of one picture together, push other pictures apart.

What prevents collapse: the negatives, which are the rest of the batch (SimCLR, DCL, spectral, NNCLR, MoCo v3),
a queue of past keys (MoCo v2) or other classes (SupCon). Mean shift has none: it stands here because it pulls
different pictures together, and a predictor and a slow teacher keep it from collapsing, as they do BYOL.
Lineage: contrastive loss (Hadsell et al., 2006), instance discrimination (Wu et al., 2018), CPC (van den Oord
et al., 2018); a slow encoder and a queue (MoCo, 2020), a large batch instead (SimCLR, 2020), labels (SupCon,
2020), neighbours as positives (NNCLR and mean shift, 2021), no queue any more (MoCo v3, 2021), a square
instead of the logarithm (spectral, 2021), no positive below the line (DCL, 2022).
"""
