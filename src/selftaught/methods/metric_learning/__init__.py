"""Deep metric learning: pull the views of one picture together, push other pictures apart.

What prevents collapse: the negatives. Lineage: contrastive loss (Hadsell et al., 2006), instance
discrimination (Wu et al., 2018), CPC (van den Oord et al., 2018), SimCLR (Chen et al., 2020).
"""
