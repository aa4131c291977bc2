"""The Job that creates buckets."""
