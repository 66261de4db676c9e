"""Pretext tasks: do something to a picture, and ask the network what was done.

What prevents a trivial solution: the question. It must not be answered by edges, colours or corners alone, so
gaps, jitter and dropped colours close the shortcuts; there is no pair of views whose features could collapse.
Lineage: relative position (Doersch et al., 2015), jigsaw puzzles (Noroozi and Favaro, 2016), colourisation
(Zhang et al., 2016), rotation (Gidaris et al., 2018). The last layers specialise in the question.
"""
