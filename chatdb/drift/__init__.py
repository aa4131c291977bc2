"""What a cluster has that git does not say, and what git says that the cluster does not have."""
