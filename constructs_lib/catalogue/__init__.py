"""Pure data about the platform. Nothing in here imports cdk8s, so that it can be read without Node."""
