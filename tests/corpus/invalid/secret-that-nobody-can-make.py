# rule: catalogue
# says: grafana: secret GF_SECURITY_ADMIN_PASSWORD is to be 'hunter2', which nobody can make; write password or user
CATALOGUE = changed(CATALOGUE, "grafana", generated_secrets=env(GF_SECURITY_ADMIN_PASSWORD="hunter2"))
