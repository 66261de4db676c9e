"""The page of runs that go on, served on loopback: it reads run folders, and writes nothing.

Nothing here imports torch, and what says the address imports nothing but the standard library.
"""
