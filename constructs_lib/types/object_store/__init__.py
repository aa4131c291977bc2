"""An S3 object store."""
