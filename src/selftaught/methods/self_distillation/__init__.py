"""Self-distillation: a student predicts what a slower or stopped copy of itself says of another view.

There are no negatives, so a constant would satisfy every prediction. What prevents it is an asymmetry. BYOL
and SimSiam have a predictor on one side and stop the gradient on the other; BYOL's other side is also slow,
SimSiam's is the student itself. DINO and iBOT have no predictor: their slow teacher says which of many
prototypes a picture is like, its answers centred, so that no prototype wins every picture, and sharpened,
so that the answer is not all prototypes alike. Parameters take these parts away, to see what each is for.

Lineage: Mean Teacher (Tarvainen and Valpola, 2017) averages the student into a teacher; BYOL (Grill et al.,
2020) leaves the labels out; SimSiam (Chen and He, 2021) leaves the average out; DINO (Caron et al., 2021)
puts prototypes and small crops in; iBOT (Zhou et al., 2022) asks the same of hidden patches. SwAV, which
has prototypes and small crops but balances the answers of a batch, stands with canonical correlation.
"""
