"""The buckets of the object store, and the sample data sets in them."""

from constructs_lib.model import Bucket

BUCKETS = (
    Bucket(name="datasets"),
    Bucket(name="model-artifacts"),
    Bucket(name="test", samples=("data.csv", "load-data.csv")),
)
