# rule: catalogue
# says: toy: it is of type microservice, but has no port named http; add Port(name="http", number=...)
# says: toy: the liveness probe asks port 'http'
# says: toy: the readiness probe asks port 'http'
# says: toy: the startup probe asks port 'http'
# says: toy: metrics are on port http, which it has not; name its port
# says: toy: it has a route, but no port http
CATALOGUE = added(CATALOGUE, toy(ports=(Port(name="grpc", number=8099),), probes=service_probes(), route=Route(path="/toy", strip="/toy"), metrics="http"))
