"""ChatDB's GitOps repository generator: catalogue -> constructs -> dist/, overlays/ and argocd/."""
