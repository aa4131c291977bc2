"""Least privilege: what each key and each role may do, tried on real servers."""
