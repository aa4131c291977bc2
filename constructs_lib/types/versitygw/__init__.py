"""An S3 object store whose users have accounts of their own."""
