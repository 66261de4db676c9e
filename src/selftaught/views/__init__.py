"""Pictures to views: ``plan`` draws what happens to each picture, ``apply`` does it to a batch."""
