"""The arithmetic of whatfits: memory, fit and cost of a language model on a set of GPUs.

Standard library (and annotated-types) only: no file, clock, network or terminal. The one way in is
`engine.report.evaluate`.
"""
