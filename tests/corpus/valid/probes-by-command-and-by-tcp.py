# rule: catalogue
# no path
from constructs_lib.probe import Probe, Probes

PROBES = Probes(liveness=Probe(command=("true",)), readiness=Probe(), startup=Probe())
CATALOGUE = added(CATALOGUE, toy(probes=PROBES))
