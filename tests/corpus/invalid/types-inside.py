# rule: catalogue
# says: toy: needs[0] is ('kafka', 'kafka'); write Dependency(...)
# says: toy: settings['LEVEL'] is 3; write a text
# says: toy: a key of settings is 4; write a text
# says: toy: after[1] is None; write a text
# says: toy: resources.cpu is 1; write a text
# says: toy: resources.cpu_limit is True; write a text
CATALOGUE = added(CATALOGUE, toy(needs=(("kafka", "kafka"),), settings={"LEVEL": 3, 4: "x"}, after=("object-store-buckets", None), resources=Resources(cpu=1, memory="8Mi", cpu_limit=True, memory_limit="1Gi")))
