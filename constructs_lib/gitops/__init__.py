"""What is around the manifests: kustomizations, Argo CD objects, publishing."""
