module chatdb.local/tools/schemas

go 1.27.0

require (
	github.com/argoproj/argo-cd/v3 v3.6.1
	github.com/cloudnative-pg/cloudnative-pg v1.30.1
	github.com/cloudnative-pg/plugin-barman-cloud v0.15.0
	sigs.k8s.io/gateway-api v1.7.0
)
