# rule: catalogue
# says: toy: initial_delay of the liveness probe is -1; write 0 or more
# says: toy: period of the liveness probe is 0; write 1 or more
# says: toy: the readiness probe asks path 'ready'; begin it with a slash
# says: toy: timeout of the readiness probe is 0; write 1 or more
# says: toy: the startup probe has a path and a command; keep one
# says: toy: failures of the startup probe is -3; write 1 or more
from constructs_lib.probe import Probe, Probes

PROBES = Probes(
    liveness=Probe(path="/health", initial_delay=-1, period=0),
    readiness=Probe(path="ready", timeout=0),
    startup=Probe(path="/health", command=("true",), failures=-3),
)
CATALOGUE = added(CATALOGUE, toy(probes=PROBES))
