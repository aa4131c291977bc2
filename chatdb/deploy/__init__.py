"""The platform on a cluster: deployed tier by tier, looked at, and taken away again."""
