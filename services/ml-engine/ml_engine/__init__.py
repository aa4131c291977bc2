"""Trains models from data sets in S3, registers them, and predicts with them."""
