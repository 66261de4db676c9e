"""Self-distillation: a student predicts what a slower copy of itself says of another view.

What prevents collapse: the asymmetry (a predictor, a stopped gradient, a slow teacher); there are no
negatives. Lineage: Mean Teacher (Tarvainen and Valpola, 2017), BYOL (Grill et al., 2020), SimSiam, DINO.
"""
