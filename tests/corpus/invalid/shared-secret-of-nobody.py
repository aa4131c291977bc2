# rule: catalogue
# says: toy: secret PGPASSWORD repeats kafka/PASSWORD, which nobody generates; write <component>/<key
CATALOGUE = added(CATALOGUE, toy(shared_secrets=env(PGPASSWORD="kafka/PASSWORD")))
