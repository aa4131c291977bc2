# rule: catalogue
# says: query-parser: it has an edge to itself; remove it
CATALOGUE = changed(CATALOGUE, "query-parser", talks_to=(TELEMETRY, Dependency("query-parser", "http")))
