# rule: catalogue
# says: toy: the liveness probe asks port 'metrics', which is not there; it has: http
# says: toy: the readiness probe asks port 'metrics', which is not there; it has: http
# says: toy: the startup probe asks port 'metrics', which is not there; it has: http
from constructs_lib.probe import Probe, Probes

PROBE = Probe(port="metrics", path="/health")
CATALOGUE = added(CATALOGUE, toy(probes=Probes(liveness=PROBE, readiness=PROBE, startup=PROBE)))
