"""Readers of files that other programs wrote: what they say, turned into the engine's values, or a refusal."""
