# rule: catalogue
# says: toy: API_TOKEN looks like a secret, and would be in git; make it one of generated_secrets
# says: toy: DB_PASSWORD looks like a secret
CATALOGUE = added(CATALOGUE, toy(settings=env(API_TOKEN="abc", DB_PASSWORD="hunter2", LEVEL="info")))
