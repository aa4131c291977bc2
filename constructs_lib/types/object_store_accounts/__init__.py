"""The Job that creates buckets, and accounts that may use them."""
