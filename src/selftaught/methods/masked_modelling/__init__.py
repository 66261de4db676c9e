"""Masked modelling: hide a part of a picture, and fill it in from the rest.

What prevents a trivial solution: so much is hidden that copying neighbours does not do. Pixels cannot
collapse, because nobody learns them; where the targets are features (I-JEPA), a slow teacher with stopped
gradient and a predictor prevent it, as in self-distillation. Lineage: denoising autoencoders (Vincent et al.,
2008), context encoders (Pathak et al., 2016), BERT (Devlin et al., 2019), BEiT (Bao et al., 2022), MAE and
SimMIM (2022), I-JEPA (2023).
"""
