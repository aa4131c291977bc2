# rule: catalogue
# says: toy: comes after credentials anyway: that is derived; remove it from after
# says: toy: comes after kafka anyway: that is derived; remove it from after
# says: toy: comes after kafka-topics anyway: that is derived; remove it from after
CATALOGUE = added(CATALOGUE, toy(after=("kafka", "credentials", "kafka-topics"), generated_secrets=env(OWN="password")))
