# rule: catalogue
# says: query-parser: it depends on itself; remove it
CATALOGUE = changed(CATALOGUE, "query-parser", talks_to=(TELEMETRY, Dependency("query-parser", "http")))
