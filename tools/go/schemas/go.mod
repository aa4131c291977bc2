module chatdb.local/tools/schemas

go 1.27.0

require (
	github.com/argoproj/argo-cd/v3 v3.6.1
	sigs.k8s.io/gateway-api v1.7.0
)
