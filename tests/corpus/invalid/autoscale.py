# rule: catalogue
# says: training-orchestrator: autoscale.max is 4, and topic training_events has 3 partitions; choose at most 3, or give the topic more partitions
# says: model-registry: autoscale.min is 0; ask for 1 at least: from 0 no use of CPU leads back
# says: model-registry: autoscale.cpu_percent is 0; write percent of the requested CPU, such as 70
# says: test-service: autoscale.max 1 is below min 2; raise it to 2 or more
# says: toy: it is autoscaled, and does not say how; add autoscale=Autoscale(...)
# says: grafana: it is of type grafana, but has autoscale, which this type does not take; remove it, or use another type; grafana takes
CATALOGUE = changed(CATALOGUE, "training-orchestrator", autoscale=Autoscale(min=2, max=4, cpu_percent=70))
CATALOGUE = changed(CATALOGUE, "model-registry", autoscale=Autoscale(min=0, max=4, cpu_percent=0))
CATALOGUE = changed(CATALOGUE, "test-service", autoscale=Autoscale(min=2, max=1, cpu_percent=70))
CATALOGUE = changed(CATALOGUE, "grafana", autoscale=Autoscale(min=1, max=2, cpu_percent=70))
CATALOGUE = added(CATALOGUE, toy(autoscaled=True))
